package io.berth.policy.apparmor;

/**
 * The lines that dbus-daemon writes about its AppArmor verdicts, byte for byte (dbus, bus/apparmor.c; it puts two spaces
 * behind the operation). Whether one is due is the verdict's, {@link RuleVerdict#audit}; where it goes is the caller's.
 *
 * <p>One thing differs: a quote, a backslash or a control character in a value is written as {@code \xHH}, because here
 * nobody has checked before what an app wrote. What a bus lets through has none of them.
 */
public final class AuditLine {
    private static final String[] OPERATIONS = {"invalid", "method_call", "method_return", "error", "signal"};

    /**
     * What a line says of a message. Texts that are absent are null or empty.
     *
     * @param type 1 to 4, as in the message
     * @param bus  the type of the bus, {@code session} or {@code system}
     */
    public record Message(int type, String bus, String path, String interfaceName, String member, String errorName) {
    }

    /**
     * One end of a message.
     *
     * @param processId 0 when unknown
     * @param label     its security label
     * @param info      why its policy could not be asked; empty when it could
     */
    public record Side(int processId, String label, String info) {
    }

    private final StringBuilder line = new StringBuilder(256);

    private AuditLine(boolean allowed, String operation, String bus) {
        line.append("apparmor=\"").append(allowed ? "ALLOWED" : "DENIED").append("\" operation=\"dbus_").append(operation).append("\" ");
        text("bus", bus == null || bus.isEmpty() ? "unknown" : bus);
    }

    /**
     * The verdict of the sender's policy.
     *
     * @param destination the header field; empty for a broadcast without it
     */
    public static String send(boolean allowed, Message message, String destination, Side sender, Side recipient) {
        AuditLine audit = of(allowed, message).text("mask", "send").text("name", destination);
        return audit.sides(sender, recipient);
    }

    /**
     * The verdict of the recipient's policy.
     *
     * @param senderName its unique name
     */
    public static String receive(boolean allowed, Message message, String senderName, Side sender, Side recipient) {
        AuditLine audit = of(allowed, message).text("name", senderName).text("mask", "receive");
        return audit.sides(recipient, sender);
    }

    /** The verdict about owning a name. */
    public static String bind(boolean allowed, String bus, String name, Side owner) {
        return new AuditLine(allowed, "bind", bus).text("name", name).text("info", owner.info()).text("mask", "bind")
                .number("pid", owner.processId()).text("label", owner.label()).line.toString();
    }

    /** The verdict about listening to the messages of others. */
    public static String eavesdrop(boolean allowed, String bus, Side listener) {
        return new AuditLine(allowed, "eavesdrop", bus).text("info", listener.info()).text("mask", "eavesdrop")
                .number("pid", listener.processId()).text("label", listener.label()).line.toString();
    }

    private static AuditLine of(boolean allowed, Message message) {
        int type = message.type();
        return new AuditLine(allowed, OPERATIONS[type > 0 && type < OPERATIONS.length ? type : 0], message.bus())
                .text("path", message.path()).text("interface", message.interfaceName()).text("member", message.member())
                .text("error_name", message.errorName());
    }

    private String sides(Side ruled, Side peer) {
        return number("pid", ruled.processId()).text("label", ruled.label())
                .number("peer_pid", peer.processId()).text("peer_label", peer.label())
                .text("info", ruled.info()).text("peer_info", peer.info()).line.toString();
    }

    private AuditLine number(String key, int value) {
        if (value != 0) {
            line.append(' ').append(key).append('=').append(value);
        }
        return this;
    }

    private AuditLine text(String key, String value) {
        if (value == null || value.isEmpty()) {
            return this;
        }
        line.append(' ').append(key).append("=\"");
        value.codePoints().forEach(c -> {
            if (Character.isISOControl(c) || c == '"' || c == '\\' || Character.getType(c) == Character.LINE_SEPARATOR
                    || Character.getType(c) == Character.PARAGRAPH_SEPARATOR || Character.getType(c) == Character.FORMAT) {
                line.append(String.format("\\x%02x", c));
            } else {
                line.appendCodePoint(c);
            }
        });
        line.append('"');
        return this;
    }
}
