package io.berth.relay;

import io.berth.api.AuditRecord;
import io.berth.policy.Verdict;
import io.berth.wire.BodyReader;
import io.berth.wire.MalformedException;
import io.berth.wire.MatchRule;
import io.berth.wire.MessageHeader;
import io.berth.wire.MessageWriter;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * Decides about an app's calls to the bus driver (specification, "Message Bus Messages"). A method that is not named here
 * is refused: it may be new, or privileged. Methods are told by member, and by interface where there is one. Loop thread.
 */
final class DriverCalls {
    /** What dbus-daemon says it could not get when a name has no owner, by method. */
    private static final Map<String, String> OF_NOBODY = Map.of(
            "GetNameOwner", "owner",
            "ListQueuedOwners", "owners",
            "GetConnectionUnixUser", "UID",
            "GetConnectionUnixProcessID", "PID",
            "GetConnectionCredentials", "credentials",
            "GetConnectionSELinuxSecurityContext", "security context",
            "GetConnectionAppArmorSecurityContext", "AppArmor security context",
            "GetAdtAuditSessionData", "audit session data");
    /** Interfaces of the driver that have no properties but harmless ones. */
    private static final Set<String> PUBLIC_INTERFACES = Set.of(Bus.NAME, Bus.PEER, Bus.INTROSPECTABLE, Bus.PROPERTIES);
    private static final Set<String> PEER_METHODS = Set.of("Ping", "GetMachineId");
    private static final int NAME_BYTES = 120;

    private final ConfinedConnection connection;
    private final RelayServer server;
    private final OutgoingJudge outgoing;
    private final Accounts accounts;
    private final OwnMatches matches;
    private final Set<String> requested = new LinkedHashSet<>();

    DriverCalls(ConfinedConnection connection, OutgoingJudge outgoing) {
        this.connection = connection;
        this.server = connection.server();
        this.outgoing = outgoing;
        this.accounts = server.accounts();
        this.matches = new OwnMatches(accounts);
    }

    OwnMatches matches() {
        return matches;
    }

    /** A call without DESTINATION is the bus's own, peer to peer. */
    Flow.Decision judgeUnaddressed(MessageHeader header) {
        boolean harmless = PEER_METHODS.contains(header.text(MessageHeader.MEMBER))
                && (!header.has(MessageHeader.INTERFACE) || header.text(MessageHeader.INTERFACE).equals(Bus.PEER));
        if (!harmless) {
            return refuse(header, "a call without destination");
        }
        if (!header.expectsReply()) {
            return Flow.Decision.DROP;
        }
        expect(header, DriverReply.PLAIN);
        server.countForwarded();
        // as a call of the driver: to the other one the bus replies without SENDER, as if it were a peer
        return connection.outgoing().replace(MessageWriter.methodCall(header.serial(), Bus.NAME, Bus.PATH, Bus.PEER,
                header.text(MessageHeader.MEMBER)).toBytes());
    }

    Flow.Decision judge(MessageHeader header, ByteBuffer buffer, int body) {
        String member = header.text(MessageHeader.MEMBER);
        BodyReader arguments = new BodyReader(buffer, body, header.bodyLength(), header.isBigEndian());
        try {
            return switch (header.text(MessageHeader.INTERFACE)) {
                case Bus.NAME -> bus(header, member, arguments);
                case Bus.PEER -> PEER_METHODS.contains(member) ? forward(header, DriverReply.PLAIN) : unknown(header);
                case Bus.INTROSPECTABLE -> member.equals("Introspect") ? forward(header, DriverReply.PLAIN) : unknown(header);
                case Bus.PROPERTIES -> properties(header, member, arguments);
                case "" -> anyInterface(header, member, arguments);
                default -> unknown(header);
            };
        } catch (WrongArguments e) {
            return outgoing.answer(header, Answer.error("InvalidArgs", e.getMessage()));
        }
    }

    private Flow.Decision anyInterface(MessageHeader header, String member, BodyReader arguments) {
        return switch (member) {
            case "Ping", "GetMachineId", "Introspect" -> forward(header, DriverReply.PLAIN);
            case "Get", "GetAll", "Set" -> properties(header, member, arguments);
            default -> bus(header, member, arguments);
        };
    }

    private Flow.Decision bus(MessageHeader header, String member, BodyReader arguments) {
        return switch (member) {
            case "Hello", "GetId" -> forward(header, DriverReply.PLAIN);
            case "ListNames", "ListActivatableNames" -> forward(header, DriverReply.NAMES);
            case "NameHasOwner" -> connection.sees(text(header, arguments)) ? forward(header, DriverReply.PLAIN)
                    : outgoing.answer(header, Answer.of(false));
            case "AddMatch" -> addMatch(header, text(header, arguments));
            case "RemoveMatch" -> removeMatch(header, text(header, arguments));
            case "RequestName" -> requestName(header, nameAndFlags(header, arguments));
            case "ReleaseName" -> releaseName(header, text(header, arguments));
            case "StartServiceByName" -> start(header, nameAndFlags(header, arguments));
            default -> OF_NOBODY.containsKey(member) ? question(header, member, text(header, arguments)) : unknown(header);
        };
    }

    /** A question about one name: what is not seen has no owner. */
    private Flow.Decision question(MessageHeader header, String member, String name) {
        if (connection.sees(name)) {
            return forward(header, member.equals("ListQueuedOwners") ? DriverReply.NAMES : DriverReply.PLAIN);
        }
        return outgoing.answer(header, Answer.error("NameHasNoOwner",
                "Could not get " + OF_NOBODY.get(member) + " of name '" + name + "': no such name"));
    }

    private Flow.Decision properties(MessageHeader header, String member, BodyReader arguments) {
        if (!member.equals("Get") && !member.equals("GetAll")) {
            return unknown(header);
        }
        check(header, member.equals("Get") ? "ss" : "s");
        String interfaceName = arguments.string();
        return PUBLIC_INTERFACES.contains(interfaceName) ? forward(header, DriverReply.PLAIN)
                : refuse(header, "properties of the interface «" + interfaceName + "» of the bus driver");
    }

    private Flow.Decision addMatch(MessageHeader header, String text) {
        MatchRule rule;
        try {
            rule = MatchRule.parse(text);
        } catch (MalformedException e) {
            return outgoing.answer(header, Answer.error("MatchRuleInvalid", e.getMessage()));
        }
        if (rule.eavesdrop()) {
            return outgoing.refuse(header, Refusal.driver("match", "", AuditRecord.NEVER + "eavesdropping", Refusal.NOTHING,
                    Answer.accessDenied("eavesdropping is never allowed")));
        }
        if (!matches.hasRoomFor(rule)) {
            return outgoing.answer(header, Answer.limitsExceeded("the app may have no more match rules: at most "
                    + accounts.matchRules().share() + " now, and memory for them"));
        }
        if (OwnMatches.isForPeers(rule) && !connection.broadcastOwners().start()) {
            return Flow.Decision.HOLD;
        }
        matches.add(rule);
        expect(header, DriverReply.match(matches, rule.canonical()));
        return rewritten(header, "AddMatch", rule);
    }

    private Flow.Decision removeMatch(MessageHeader header, String text) {
        MatchRule rule;
        try {
            rule = MatchRule.parse(text);
        } catch (MalformedException e) {
            return outgoing.answer(header, Answer.error("MatchRuleInvalid", e.getMessage()));
        }
        if (!matches.remove(rule)) {
            // the bus might find one of ours
            return outgoing.answer(header, Answer.error("MatchRuleNotFound", "The given match rule wasn't found and can't be removed"));
        }
        expect(header, DriverReply.PLAIN);
        return rewritten(header, "RemoveMatch", rule);
    }

    /** The rule in our own spelling, so that the bus cannot read it differently. */
    private Flow.Decision rewritten(MessageHeader header, String member, MatchRule rule) {
        server.countForwarded();
        MessageWriter message = Bus.call(header.serial(), member).flags(header.flags());
        return connection.outgoing().replace(message.string(rule.canonical()).toBytes());
    }

    private Flow.Decision requestName(MessageHeader header, String name) {
        Flow.Decision refused = refuseOwning(header, name);
        if (refused == null) {
            refused = outgoing.labels().bind(header, name);
        }
        if (refused != null) {
            return refused;
        }
        if (!requested.contains(name) && !server.takeName(keptBytes(name))) {
            return outgoing.answer(header, Answer.limitsExceeded("the app may own no more names: at most "
                    + connection.relay().limits().ownedNames() + ", and memory for them"));
        }
        requested.add(name);
        return forward(header, DriverReply.PLAIN);
    }

    /** Here and in the owner table; what is longer than a name may be the bus refuses. */
    private static long keptBytes(String name) {
        return NAME_BYTES + 2L * name.length();
    }

    private void forget(String name) {
        if (requested.remove(name)) {
            server.returnName(keptBytes(name));
        }
    }

    private Flow.Decision releaseName(MessageHeader header, String name) {
        Flow.Decision refused = refuseOwning(header, name);
        if (refused != null) {
            return refused;
        }
        forget(name);
        return forward(header, DriverReply.PLAIN);
    }

    /** @return null when it is allowed */
    private Flow.Decision refuseOwning(MessageHeader header, String name) {
        Verdict verdict = server.routes().policy().checkOwn(name);
        if (verdict == Verdict.ALLOWED) {
            return null;
        }
        Refusal refusal = Refusal.own(verdict, name);
        if (verdict.passes()) {
            server.audit(connection, header, refusal, true);
            return null;
        }
        return outgoing.refuse(header, refusal);
    }

    /** The rules have changed: what the app may not own any more is released. */
    void releaseWhatIsNotAllowed() {
        for (String name : Set.copyOf(requested)) {
            if (!server.routes().policy().checkOwn(name).passes() || !outgoing.labels().mayKeep(name)) {
                forget(name);
                connection.call(serial -> Bus.call(serial, "ReleaseName").string(name).toBytes(), null);
            }
        }
    }

    private Flow.Decision start(MessageHeader header, String name) {
        Verdict verdict = server.routes().to(name).checkStart();
        if (verdict == Verdict.ALLOWED) {
            return forward(header, DriverReply.PLAIN);
        }
        Refusal refusal = Refusal.start(verdict, !connection.sees(name), name);
        if (verdict.passes()) {
            server.audit(connection, header, refusal, true);
            return forward(header, DriverReply.PLAIN);
        }
        return outgoing.refuse(header, refusal);
    }

    private Flow.Decision unknown(MessageHeader header) {
        return refuse(header, header.text(MessageHeader.INTERFACE) + "." + header.text(MessageHeader.MEMBER) + " of the bus driver");
    }

    private Flow.Decision refuse(MessageHeader header, String what) {
        return outgoing.refuse(header, Refusal.driver("method_call", Bus.NAME, AuditRecord.NEVER + what, Refusal.NOTHING,
                Answer.accessDenied(what + " is not for confined connections")));
    }

    private Flow.Decision forward(MessageHeader header, DriverReply reply) {
        expect(header, reply);
        server.countForwarded();
        return Flow.Decision.FORWARD;
    }

    private void expect(MessageHeader header, DriverReply reply) {
        if (header.expectsReply()) {
            outgoing.replies().add(header.serial(), reply, false);
        }
    }

    void close() {
        matches.close();
        Set.copyOf(requested).forEach(this::forget);
    }

    private static String text(MessageHeader header, BodyReader arguments) {
        check(header, "s");
        return arguments.string();
    }

    private static String nameAndFlags(MessageHeader header, BodyReader arguments) {
        check(header, "su");
        return arguments.string();
    }

    private static void check(MessageHeader header, String signature) {
        if (!header.text(MessageHeader.SIGNATURE).equals(signature)) {
            throw new WrongArguments("Call to " + header.text(MessageHeader.MEMBER) + " has wrong args ("
                    + header.text(MessageHeader.SIGNATURE) + ", expected " + signature + ")\n");
        }
    }

    /** Arguments of other types than the method has. */
    private static final class WrongArguments extends RuntimeException {
        WrongArguments(String message) {
            super(message, null, false, false);
        }
    }
}
