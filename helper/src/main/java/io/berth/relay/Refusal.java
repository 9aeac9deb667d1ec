package io.berth.relay;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import io.berth.api.AuditRecord;
import io.berth.api.RuleText;
import io.berth.policy.NeverAllowed;
import io.berth.policy.Verdict;
import io.berth.wire.MessageHeader;
import java.util.StringJoiner;
import java.util.function.Supplier;

/**
 * Why something does not pass, for the app (the error), for the audit record, and for whoever wants to allow it.
 * Immutable.
 *
 * @param operation  as in an audit record
 * @param incoming   whether it was said to the app
 * @param name       the other side, as the message names it
 * @param rule       what decided, for a person
 * @param suggestion a rule that would allow it, empty when none can; to be asked while the message is judged, if somebody wants it
 * @param answer     what the caller gets
 */
record Refusal(String operation, boolean incoming, String name, String rule, Supplier<String> suggestion, Answer answer) {
    static final Supplier<String> NOTHING = () -> "";
    private static final String[] OPERATIONS = {"", "method_call", "method_return", "error", "signal"};

    /** An outgoing message that the rules do not cover. @param hidden whether for the app nobody has the name */
    static Refusal of(Verdict verdict, boolean hidden, int permission, int needed, MessageHeader header, Route route) {
        String name = header.text(MessageHeader.DESTINATION);
        boolean mayStart = (header.flags() & MessageHeader.NO_AUTO_START) == 0;
        int missing = verdict == Verdict.HOST_ESCAPE ? 0 : needed & ~route.flags(header);
        String lacking = "missing permission " + words(missing) + " on " + name + inVain(route);
        Answer answer = hidden ? Answer.noSuchDestination(name, mayStart)
                : Answer.accessDenied("the app may not " + (permission == AccessFlags.CALL ? "call " : "signal ") + name
                        + (header.has(MessageHeader.INTERFACE) ? " " + header.text(MessageHeader.INTERFACE) + "." : " ")
                        + header.text(MessageHeader.MEMBER) + " at " + header.text(MessageHeader.PATH) + " (" + lacking + ")");
        return verdict == Verdict.HOST_ESCAPE ? hostEscape(operation(header), hidden, name, answer)
                : new Refusal(operation(header), false, name, lacking, () -> suggest(missing, header, route), answer);
    }

    /** A name or a method of the bus driver. */
    static Refusal driver(String operation, String name, String rule, Supplier<String> suggestion, Answer answer) {
        return new Refusal(operation, false, name, rule, suggestion, answer);
    }

    /** @param unseen the answer where for the app nobody has the name */
    private static Refusal hostEscape(String operation, boolean hidden, String name, Answer unseen) {
        return new Refusal(operation, false, name, AuditRecord.HOST_ESCAPE, NOTHING, hidden ? unseen : Answer.accessDenied(
                name + " hands out the host; the container server was made without AllowHostEscape"));
    }

    /** RequestName and ReleaseName. */
    static Refusal own(Verdict verdict, String name) {
        if (NeverAllowed.isHelperName(name)) {
            return driver("own", name, AuditRecord.NEVER + "the helper's own names", NOTHING,
                    Answer.accessDenied("the app may not own " + name + " (the name is the helper's)"));
        }
        if (verdict == Verdict.HOST_ESCAPE) {
            return hostEscape("own", false, name, null);
        }
        String lacking = "missing permission OWN on " + name;
        // the bus gives its own name to nobody
        Supplier<String> suggestion = name.equals(Bus.NAME) ? NOTHING : () -> suggest(AccessFlags.TALK | AccessFlags.OWN | AccessFlags.FDS, name);
        return driver("own", name, lacking, suggestion,
                Answer.accessDenied("the app may not own " + name + " (" + lacking + ")"));
    }

    /** StartServiceByName. @param hidden whether for the app nobody has the name */
    static Refusal start(Verdict verdict, boolean hidden, String name) {
        String lacking = "missing permission CALL on " + name;
        Answer answer = hidden ? Answer.noSuchDestination(name, true)
                : Answer.accessDenied("the app may not start " + name + " (" + lacking + ")");
        return verdict == Verdict.HOST_ESCAPE ? hostEscape("start", hidden, name, answer)
                : driver("start", name, lacking, () -> suggest(AccessFlags.SEE | AccessFlags.CALL, name), answer);
    }

    /** A question about a name that the app does not see. @param peer who has it, null for nobody */
    static Refusal unseen(String name, Peer peer) {
        return driver("see", name, "missing permission SEE on " + name, () -> suggest(AccessFlags.SEE, name, peer), null);
    }

    static Refusal appRegistration(MessageHeader header) {
        return never(header, "an app may not choose its own identity (org.freedesktop.host.portal.Registry)");
    }

    static Refusal helperCall(MessageHeader header) {
        return never(header, "a confined connection may only ask io.berth.Helper1 about itself (Get… methods)");
    }

    /** What a label policy decides; the answer is made apart. @param incoming whether it was said to the app */
    static Refusal labelled(MessageHeader header, boolean incoming, String name, String rule, Supplier<String> suggestion) {
        return new Refusal(operation(header), incoming, name, rule, suggestion, null);
    }

    static Refusal never(MessageHeader header, String why) {
        return new Refusal(operation(header), false, header.text(MessageHeader.DESTINATION), AuditRecord.NEVER + why, NOTHING,
                Answer.accessDenied(why));
    }

    static Refusal broadcastFds(MessageHeader header) {
        return new Refusal("broadcast", false, "", "missing permission SEND_FDS on every name",
                () -> suggest(AccessFlags.SEND_FDS, ""), null);
    }

    /** @param field SENDER or DESTINATION: where the other side stands */
    static Refusal replyFds(MessageHeader header, int permission, int field, Peer peer) {
        String name = header.text(field);
        return new Refusal(operation(header), field == MessageHeader.SENDER, name, "missing permission " + words(permission) + " on " + name,
                () -> suggest(permission, name, peer), null);
    }

    static Refusal unrequestedReply(MessageHeader header, int field) {
        return new Refusal(operation(header), field == MessageHeader.SENDER, header.text(field), AuditRecord.UNREQUESTED, NOTHING, null);
    }

    /** A message to the app. @param sender who said it, null when it has gone */
    static Refusal incoming(MessageHeader header, int permission, Peer sender) {
        String name = header.text(MessageHeader.SENDER);
        return new Refusal(operation(header), true, name, "missing permission " + words(permission) + " on " + name,
                () -> suggest(permission | AccessFlags.SEE, name, sender, header), null);
    }

    /** What a record calls it: the type of the message, or {@code broadcast}. */
    static String operation(MessageHeader header) {
        if (header.type() == MessageHeader.SIGNAL && !header.has(MessageHeader.DESTINATION)) {
            return "broadcast";
        }
        return header.type() < OPERATIONS.length ? OPERATIONS[header.type()] : "unknown";
    }

    static String words(int permissions) {
        StringJoiner words = new StringJoiner("|");
        String[] names = {"SEE", "CALL", "SIGNAL", "BROADCAST", "OWN", "SEND_FDS", "RECEIVE_FDS"};
        for (int bit = 0; bit < names.length; bit++) {
            if ((permissions & 1 << bit) != 0) {
                words.add(names[bit]);
            }
        }
        return words.toString();
    }

    /** Where a rule about the peer's app has no effect, because that app's rules do not speak of this one. */
    private static String inVain(Route route) {
        return route.isInVain() ? "; rules of both apps decide, and none of " + route.peer().app() + " makes this app seen" : "";
    }

    private static String suggest(int missing, MessageHeader header, Route route) {
        if (route.isInVain()) {
            return "";
        }
        String name = header.text(MessageHeader.DESTINATION);
        return suggest(missing | AccessFlags.SEE, name, route.peer(), header);
    }

    /** A rule for just this message. */
    private static String suggest(int flags, String name, Peer peer, MessageHeader header) {
        if (!header.has(MessageHeader.INTERFACE)) {
            return suggest(flags, name, peer);
        }
        return print(flags | AccessFlags.INTERFACE_HAS_MEMBER, name, peer, header.text(MessageHeader.PATH),
                header.text(MessageHeader.INTERFACE) + "." + header.text(MessageHeader.MEMBER));
    }

    private static String suggest(int flags, String name) {
        return suggest(flags, name, null);
    }

    private static String suggest(int flags, String name, Peer peer) {
        return print(flags | AccessFlags.PATH_IS_SUBTREE, name, peer, "/", "");
    }

    /** @param peer who has the name, null for nobody: the rule is to speak of it by a name that lasts, or by its app */
    private static String print(int flags, String name, Peer peer, String path, String interfaceName) {
        String lasting = peer == null ? name : peer.told(name).lasting();
        boolean isApp = !lasting.equals(name) && lasting.equals(peer.app());
        try {
            return RuleText.print(new AccessRule(isApp ? flags | AccessFlags.NAME_IS_APP : flags, lasting, path, interfaceName));
        } catch (IllegalArgumentException notARule) {
            // the app wrote a name or path that the bus would have refused too
            return "";
        }
    }
}
