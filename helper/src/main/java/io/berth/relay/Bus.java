package io.berth.relay;

import java.nio.charset.StandardCharsets;
import io.berth.wire.MessageHeader;
import io.berth.wire.MessageWriter;

/** The names of the bus driver (specification, "Message Bus Messages") and the calls that we make to it ourselves. */
final class Bus {
    static final String NAME = "org.freedesktop.DBus";
    static final String PATH = "/org/freedesktop/DBus";
    static final String PEER = "org.freedesktop.DBus.Peer";
    static final String INTROSPECTABLE = "org.freedesktop.DBus.Introspectable";
    static final String PROPERTIES = "org.freedesktop.DBus.Properties";
    static final String OWNER_CHANGED = "NameOwnerChanged";
    static final byte[] NAME_BYTES = NAME.getBytes(StandardCharsets.US_ASCII);
    static final byte[] OWNER_CHANGED_BYTES = OWNER_CHANGED.getBytes(StandardCharsets.US_ASCII);
    /** From here up serials are ours, on every connection that we relay. */
    static final int FIRST_OWN_SERIAL = 0xFFFF0000;

    private static final String OWNER_CHANGES =
            "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
            + "interface='org.freedesktop.DBus',member='NameOwnerChanged'";

    private Bus() {
    }

    static MessageWriter call(int serial, String member) {
        return MessageWriter.methodCall(serial, NAME, PATH, NAME, member);
    }

    static byte[] ping(int serial) {
        return MessageWriter.methodCall(serial, NAME, PATH, PEER, "Ping").toBytes();
    }

    /**
     * A match rule for changes of owners.
     *
     * @param name a name; with {@code .*} behind, also all below it; null for every name
     */
    static String ownerChanges(String name) {
        if (name == null) {
            return OWNER_CHANGES;
        }
        return name.endsWith(".*")
                ? OWNER_CHANGES + ",arg0namespace='" + name.substring(0, name.length() - 2) + "'"
                : OWNER_CHANGES + ",arg0='" + name + "'";
    }

    static byte[] ownerChanged(int serial, String destination, String name, String before, String now) {
        MessageWriter message = MessageWriter.signal(serial, PATH, NAME, OWNER_CHANGED).sender(NAME);
        return (destination == null ? message : message.destination(destination))
                .string(name).string(before).string(now).toBytes();
    }

    static boolean isFrom(MessageHeader header) {
        return header.is(MessageHeader.SENDER, NAME_BYTES);
    }

    static boolean isOwnerChanged(MessageHeader header) {
        return header.type() == MessageHeader.SIGNAL && header.is(MessageHeader.MEMBER, OWNER_CHANGED_BYTES)
                && header.is(MessageHeader.INTERFACE, NAME_BYTES);
    }

    static boolean isOwnSerial(int serial) {
        return Integer.compareUnsigned(serial, FIRST_OWN_SERIAL) >= 0;
    }
}
