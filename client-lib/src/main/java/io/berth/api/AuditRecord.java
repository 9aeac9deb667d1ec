package io.berth.api;

/**
 * One decision that somebody may want to read. Texts are as they were on the wire, empty when absent.
 *
 * @param verdict    {@code denied} or {@code allowed} (complain mode)
 * @param operation  {@code method_call}, {@code signal}, {@code method_return}, {@code error}, {@code own}, {@code match}, {@code start}
 * @param direction  {@code outgoing} (said by the app) or {@code incoming}
 * @param name       the other side, as the message names it
 * @param connection unique name of the app's connection
 * @param processId  of the app's process, 0 when unknown
 * @param rule       what decided, for a person
 * @param suggestion an access rule in the command line's words that would allow it; empty when nothing can
 * @param suppressed how many records of the same subject were left out before this one
 */
public record AuditRecord(String verdict, String operation, String bus, String direction, String name, String path,
        String interfaceName, String member, String connection, int processId, String rule, String suggestion,
        long suppressed) {

    /** One line for a log; what an app wrote cannot begin another one. */
    @Override
    public String toString() {
        String message = (interfaceName.isEmpty() ? "" : interfaceName + ".") + member + (path.isEmpty() ? "" : " at " + path);
        String line = verdict + ": " + direction + " " + operation + " " + (direction.equals("incoming") ? "from " : "to ")
                + (name.isEmpty() ? "everybody" : name) + (message.isEmpty() ? "" : " " + message)
                + " (" + bus + " bus, " + connection + ", process " + processId + "): " + rule
                + (suggestion.isEmpty() ? "" : "; allow with " + suggestion)
                + (suppressed == 0 ? "" : "; " + suppressed + " more left out");
        StringBuilder safe = new StringBuilder(line.length());
        line.codePoints().forEach(c -> {
            if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT || Character.getType(c) == Character.LINE_SEPARATOR
                    || Character.getType(c) == Character.PARAGRAPH_SEPARATOR) {
                safe.append(String.format("\\u%04x", c));
            } else {
                safe.appendCodePoint(c);
            }
        });
        return safe.toString();
    }

    /** The same with another count. */
    public AuditRecord withSuppressed(long count) {
        return new AuditRecord(verdict, operation, bus, direction, name, path, interfaceName, member, connection, processId,
                rule, suggestion, count);
    }
}
