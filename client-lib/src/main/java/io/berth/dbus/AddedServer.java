package io.berth.dbus;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.Tuple;
import org.freedesktop.dbus.annotations.Position;

/** What {@link Helper1#AddContainerServer} returns: {@code (o server, ay socket_path, s address)}. */
public final class AddedServer extends Tuple {
    @Position(0)
    private final DBusPath server;
    @Position(1)
    private final List<Byte> socketPath;
    @Position(2)
    private final String address;

    public AddedServer(DBusPath server, List<Byte> socketPath, String address) {
        this.server = server;
        this.socketPath = socketPath;
        this.address = address;
    }

    /** The server's object. */
    public DBusPath server() {
        return server;
    }

    /** The path of its socket, without a trailing NUL. */
    public String socketPath() {
        byte[] bytes = new byte[socketPath.size()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = socketPath.get(i);
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** What to put into {@code DBUS_SESSION_BUS_ADDRESS} or {@code DBUS_SYSTEM_BUS_ADDRESS}. */
    public String address() {
        return address;
    }
}
