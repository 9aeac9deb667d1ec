package io.berth.api;

import java.util.List;

/**
 * One decision that somebody may want to read. Texts are as they were on the wire, empty when absent, and cut with an ellipsis, because
 * what an app writes has no other limit than its bus's: names, interfaces and members at {@value #LONGEST_NAME} characters, the line
 * at {@value #LONGEST_LINE}, others at {@value #LONGEST}. So a record takes at most {@value #MOST_BYTES} bytes of memory.
 *
 * <p>That a rule was added which goes by itself, or granted by a service, and that it has gone, is told by a record too: operation
 * {@code access}, verdict {@code added}, {@code expired}, {@code granted} or {@code revoked}, no direction; connection and process
 * are those of who added or granted the rule.
 *
 * @param verdict    {@code denied}, {@code allowed} (complain mode, or observed), or {@link #AUDITED}
 * @param operation  {@code method_call}, {@code signal}, {@code broadcast}, {@code method_return}, {@code error}, {@code own}, {@code see},
 *                   {@code match}, {@code start}
 * @param direction  {@code outgoing} (said by the app) or {@code incoming}
 * @param peer       the other side
 * @param fds        whether file descriptors are with it
 * @param connection unique name of the app's connection
 * @param processId  of the app's process, 0 when unknown
 * @param rule       what decided, for a person
 * @param suggestion an access rule in the command line's words that would allow it, or under a label policy a rule in its
 *                   language; empty when nothing can
 * @param line       the line that dbus-daemon would write about a verdict of an AppArmor policy; empty for others
 * @param suppressed how many records of the same subject were left out before this one
 */
public record AuditRecord(String verdict, String operation, String bus, String direction, Peer peer, String path,
        String interfaceName, String member, boolean fds, String connection, int processId, String rule, String suggestion,
        String line, long suppressed) {
    /** How the rule of what is never allowed begins. */
    public static final String NEVER = "never allowed: ";
    /** The rule of what is refused to servers without AllowHostEscape. */
    public static final String HOST_ESCAPE = "hands out the host";
    /** The rule of replies that nobody asked for. */
    public static final String UNREQUESTED = "nobody waits for this reply";
    /** The rule of what passes because both sides are clients of one container server. */
    public static final String SAME_SERVER = "the same container server";
    /** A rule allows it and asks for the record. */
    public static final String AUDITED = "audited";
    /** Of one text, in UTF-16 units. */
    public static final int LONGEST = 1024;
    /** Of a bus name, an interface or a member (D-Bus Specification, "Valid Names"). */
    public static final int LONGEST_NAME = 255;
    /** Of a line of dbus-daemon's. */
    public static final int LONGEST_LINE = 4 * LONGEST;
    /** Well-known names of the other side. */
    public static final int MOST_NAMES = 16;
    /** What {@link #bytes} never exceeds. */
    public static final int MOST_BYTES = 32 << 10;
    /** Type and identifier of an app, each 255 bytes at most, and what joins them. */
    private static final int LONGEST_APP = 2 * LONGEST_NAME + 1;
    /** The record, its peer, the list of names, and what each text takes beside its characters. */
    private static final int OBJECT_BYTES = 512;
    private static final int TEXT_BYTES = 56;

    /**
     * The other side of a message, or what a question to the bus is about.
     *
     * @param name  as the message says it
     * @param names well-known names that its connection owns, {@value #MOST_NAMES} of them at most
     * @param app   {@code type/app_id} of a confined connection; empty for others
     */
    public record Peer(String name, List<String> names, String app) {
        public Peer {
            name = cut(name, LONGEST_NAME);
            names = names.stream().limit(MOST_NAMES).map(one -> cut(one, LONGEST_NAME)).toList();
            app = cut(app, LONGEST_APP);
        }

        /** Somebody of whom nothing but the name is known. */
        public static Peer of(String name) {
            return new Peer(name, List.of(), "");
        }

        /** How a rule that outlasts the connection can speak of it: by a well-known name, else by its app; else just its name. */
        public String lasting() {
            if (!name.startsWith(":")) {
                return name;
            }
            return !names.isEmpty() ? names.get(0) : app.isEmpty() ? name : app;
        }
    }

    public AuditRecord {
        bus = cut(bus, LONGEST);
        path = cut(path, LONGEST);
        interfaceName = cut(interfaceName, LONGEST_NAME);
        member = cut(member, LONGEST_NAME);
        connection = cut(connection, LONGEST_NAME);
        rule = cut(rule, LONGEST);
        line = cut(line, LONGEST_LINE);
        // half a rule would be another one
        suggestion = suggestion.length() > LONGEST ? "" : suggestion;
    }

    private static String cut(String text, int longest) {
        if (text.length() <= longest) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(longest - 2)) ? longest - 2 : longest - 1;
        return text.substring(0, end) + "\u2026";
    }

    /** As the message names the other side. */
    public String name() {
        return peer.name();
    }

    /** Whether no policy has a say: it was refused, and would be under any. */
    public boolean isRefusedForGood() {
        return rule.startsWith(NEVER) || rule.equals(HOST_ESCAPE) || rule.equals(UNREQUESTED);
    }

    /** Of memory that it takes, at most; in a message or an entry of the journal it takes less than twice as much. */
    public int bytes() {
        int texts = bus.length() + name().length() + peer.app.length() + path.length() + interfaceName.length() + member.length()
                + connection.length() + rule.length() + suggestion.length() + line.length();
        for (String one : peer.names) {
            texts += TEXT_BYTES / 2 + one.length();
        }
        return OBJECT_BYTES + 2 * texts;
    }

    /** One line for a log; what an app wrote cannot begin another one. */
    @Override
    public String toString() {
        String message = (interfaceName.isEmpty() ? "" : interfaceName + ".") + member + (path.isEmpty() ? "" : " at " + path);
        String line = verdict + ": " + (direction.isEmpty() ? "" : direction + " ") + operation + " " + (direction.equals("incoming") ? "from " : "to ")
                + (name().isEmpty() ? "everybody" : name()) + (message.isEmpty() ? "" : " " + message)
                + (fds ? " with file descriptors" : "")
                + " (" + bus + " bus, " + connection + ", process " + processId + "): " + rule
                + (suggestion.isEmpty() ? "" : "; allow with " + suggestion)
                + (suppressed == 0 ? "" : "; " + suppressed + " more left out");
        return PrintableText.of(line);
    }

    /** The same with another count. */
    public AuditRecord withSuppressed(long count) {
        return new AuditRecord(verdict, operation, bus, direction, peer, path, interfaceName, member, fds, connection, processId,
                rule, suggestion, line, count);
    }

    /** The same whoever of the app's processes did it: two records with equal subjects say the same thing. */
    public AuditRecord subject() {
        return new AuditRecord(verdict, operation, bus, direction, peer, path, interfaceName, member, fds, "", 0, rule, suggestion, "", 0);
    }
}
