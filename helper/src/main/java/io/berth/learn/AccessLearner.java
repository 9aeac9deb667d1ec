package io.berth.learn;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import io.berth.api.AuditRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Learns access rules: a rule for each message that those so far do not allow, put together and thinned out. For one thread. */
public final class AccessLearner {
    /** A call that every connection answers by itself: leave to start a service that was not talked to. */
    private static final String PING = "org.freedesktop.DBus.Peer.Ping";

    /** So many rules are compared with each other, which takes time by the cube of their number. */
    private static final int THINNED = 256;

    /** All that a rule says but the path. */
    private record Subject(int flags, String busName, String interfaceName) {
    }

    private final Granularity granularity;
    private final Map<Subject, Paths> subjects = new LinkedHashMap<>();
    private final Set<String> notes = new LinkedHashSet<>();

    private AccessLearner(Granularity granularity) {
        this.granularity = granularity;
    }

    /**
     * @param rules none of which can be left out, unless they are very many
     * @param notes what no rule can allow
     */
    public record Learnt(List<AccessRule> rules, List<String> notes) {
    }

    public static Learnt learn(List<AuditRecord> messages, Granularity granularity) {
        return new AccessLearner(granularity).learn(messages);
    }

    private Learnt learn(List<AuditRecord> messages) {
        RecordJudge nothing = new AccessRecordJudge(List.of());
        List<AuditRecord> needed = messages.stream().filter(message -> !nothing.allows(message))
                .sorted(Comparator.comparingInt(AccessLearner::order)).toList();
        RecordJudge judge = nothing;
        for (AuditRecord message : needed) {
            if (judge.allows(message)) {
                continue;
            }
            try {
                add(message);
                judge = new AccessRecordJudge(rules());
            } catch (IllegalArgumentException malformed) {
                notes.add(LearntPolicy.describe(message) + " is left out: " + malformed.getMessage());
            }
        }
        return new Learnt(thinned(rules(), needed), List.copyOf(notes));
    }

    /** Whoever may call a name sees it too, and may start it: questions come last. */
    private static int order(AuditRecord message) {
        return switch (message.operation()) {
            case "start" -> 1;
            case "see" -> 2;
            default -> 0;
        };
    }

    private void add(AuditRecord message) {
        if (message.isRefusedForGood()) {
            notes.add(LearntPolicy.describe(message) + " is left out: " + message.rule());
            return;
        }
        boolean incoming = message.direction().equals("incoming");
        int fds = !message.fds() ? 0 : incoming ? AccessFlags.RECEIVE_FDS : AccessFlags.SEND_FDS;
        switch (message.operation()) {
            case "own" -> whole(message, AccessFlags.SEE | AccessFlags.OWN);
            case "see" -> whole(message, AccessFlags.SEE);
            case "start" -> put(message, AccessFlags.SEE | AccessFlags.CALL, "org.freedesktop.DBus.Peer", "Ping", "");
            case "broadcast" -> narrow(message, incoming ? AccessFlags.SEE | AccessFlags.BROADCAST | fds : fds);
            case "method_call" -> narrow(message, incoming ? fds : AccessFlags.SEE | AccessFlags.CALL | fds);
            case "signal" -> narrow(message, incoming ? fds : AccessFlags.SEE | AccessFlags.SIGNAL | fds);
            default -> whole(message, fds);
        }
    }

    private void whole(AuditRecord message, int flags) {
        put(message, flags, "", "", "");
    }

    /** A rule about an interface never covers a message without one, and who gets a broadcast is known to nobody. */
    private void narrow(AuditRecord message, int flags) {
        if (message.interfaceName().isEmpty() && granularity != Granularity.NAME) {
            notes.add(LearntPolicy.describe(message) + " names no interface: its rule is about all of them");
        }
        put(message, flags, message.interfaceName(), message.member(), message.path());
    }

    /** @param path empty for any */
    private void put(AuditRecord message, int flags, String interfaceName, String member, String path) {
        AuditRecord.Peer peer = message.peer();
        String name = message.operation().equals("broadcast") && message.direction().equals("outgoing") ? "" : peer.lasting();
        int all = flags;
        if (name.startsWith(":")) {
            if (flags != AccessFlags.SEE) {
                throw new IllegalArgumentException("its peer has no name that lasts; a rule for " + name + " would end with that connection");
            }
            name = AccessRule.UNIQUE_NAMES;
            all |= AccessFlags.NAME_IS_SUBTREE;
        } else if (!name.isEmpty() && !name.equals(peer.name()) && name.equals(peer.app())) {
            all |= AccessFlags.NAME_IS_APP;
        }
        boolean isNarrow = granularity != Granularity.NAME && !interfaceName.isEmpty();
        boolean hasMember = isNarrow && granularity == Granularity.METHOD;
        String narrowing = !isNarrow ? "" : hasMember ? interfaceName + "." + member : interfaceName;
        Subject subject = new Subject(hasMember ? all | AccessFlags.INTERFACE_HAS_MEMBER : all, name, narrowing);
        String place = granularity == Granularity.METHOD && !path.isEmpty() ? path : "";
        rule(subject, new Paths.Place(place.isEmpty() ? "/" : place, place.isEmpty()));
        subjects.computeIfAbsent(subject, s -> new Paths()).add(place);
    }

    private List<AccessRule> rules() {
        List<AccessRule> rules = new ArrayList<>();
        subjects.forEach((subject, paths) -> paths.places().forEach(place -> rules.add(rule(subject, place))));
        return rules;
    }

    private static AccessRule rule(Subject subject, Paths.Place place) {
        boolean any = place.path().isEmpty();
        int flags = any || place.subtree() ? subject.flags | AccessFlags.PATH_IS_SUBTREE : subject.flags;
        return new AccessRule(flags, subject.busName, any ? "/" : place.path(), subject.interfaceName);
    }

    /** What differs in permissions alone is one rule; what the others make superfluous goes. */
    private static List<AccessRule> thinned(List<AccessRule> all, List<AuditRecord> needed) {
        Map<AccessRule, Integer> merged = new LinkedHashMap<>();
        for (AccessRule rule : all) {
            AccessRule key = new AccessRule(rule.flags() & ~AccessFlags.PERMISSIONS | AccessFlags.SEE, rule.busName(), rule.objectPath(), rule.interfaceName());
            merged.merge(key, rule.flags(), (one, other) -> one | other);
        }
        List<AccessRule> rules = new ArrayList<>();
        merged.forEach((key, flags) -> rules.add(new AccessRule(flags, key.busName(), key.objectPath(), key.interfaceName())));
        if (rules.size() > THINNED) {
            return rules;
        }
        RecordJudge whole = new AccessRecordJudge(rules);
        List<AuditRecord> allowed = needed.stream().filter(whole::allows).toList();
        for (AccessRule rule : List.copyOf(rules)) {
            List<AccessRule> without = new ArrayList<>(rules);
            without.remove(rule);
            RecordJudge judge = new AccessRecordJudge(without);
            if (allowed.stream().allMatch(judge::allows)) {
                rules.remove(rule);
            }
        }
        return rules;
    }
}
