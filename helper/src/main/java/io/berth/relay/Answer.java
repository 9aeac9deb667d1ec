package io.berth.relay;

import io.berth.wire.MessageWriter;

/**
 * What the app gets instead of a reply that the bus would have sent. It waits for its place among the replies: a Ping of
 * ours stands for the refused call on the way to the bus. Immutable.
 *
 * @param errorName null for a reply of one boolean
 * @param text      of the error; cut, because what the app wrote may be in it
 * @param value     the boolean
 */
record Answer(String errorName, String text, boolean value) {
    private static final String ERROR = "org.freedesktop.DBus.Error.";
    private static final int LONGEST = 1024;
    /** What it takes in memory beside the text. */
    private static final int OBJECT_BYTES = 128;

    Answer {
        if (text != null && text.length() > LONGEST) {
            int end = Character.isHighSurrogate(text.charAt(LONGEST - 2)) ? LONGEST - 2 : LONGEST - 1;
            text = text.substring(0, end) + "\u2026";
        }
    }

    static Answer accessDenied(String text) {
        return new Answer(ERROR + "AccessDenied", text, false);
    }

    static Answer limitsExceeded(String text) {
        return new Answer(ERROR + "LimitsExceeded", text, false);
    }

    static Answer of(boolean value) {
        return new Answer(null, null, value);
    }

    static Answer error(String shortName, String text) {
        return new Answer(ERROR + shortName, text, false);
    }

    /** As dbus-daemon answers a message to a name that nobody owns and nothing starts. */
    static Answer noSuchDestination(String name, boolean mayStart) {
        return mayStart
                ? error("ServiceUnknown", "The name " + name + " was not provided by any .service files")
                : error("NameHasNoOwner", "Name \"" + name + "\" does not exist");
    }

    /** That it takes in memory while it waits. */
    int bytes() {
        return OBJECT_BYTES + (text == null ? 0 : 2 * text.length());
    }

    /** @param sender the bus driver, or the peer that would have replied; null to leave it to the bus */
    byte[] toBytes(int serial, int replySerial, String sender, String destination) {
        MessageWriter message = errorName == null
                ? MessageWriter.methodReturn(serial, replySerial, destination).bool(value)
                : MessageWriter.error(serial, replySerial, destination, errorName).string(text);
        return (sender == null ? message : message.sender(sender)).toBytes();
    }
}
