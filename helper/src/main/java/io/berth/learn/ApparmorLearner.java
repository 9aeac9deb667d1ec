package io.berth.learn;

import io.berth.api.AuditRecord;
import io.berth.policy.apparmor.PolicySyntaxException;
import io.berth.policy.apparmor.PolicyText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Learns dbus rules in today's AppArmor language, with all that AppArmor asks about: what is said, to the name in the header;
 * what is heard, from whoever says it, since senders have unique names; and what the bus itself is asked. For one thread.
 */
public final class ApparmorLearner {
    private static final String DRIVER = "org.freedesktop.DBus";
    /** What can stand in a rule without a quote and means itself. */
    private static final String PLAIN = "[A-Za-z0-9_./:-]+";

    /** All that a rule says but the path and the member. */
    private record Subject(String permission, String peer, String interfaceName) {
    }

    private final Granularity granularity;
    private final String bus;
    private final Map<Subject, Map<Paths.Place, Set<String>>> subjects = new LinkedHashMap<>();
    private final Map<Subject, Map<String, Paths>> paths = new LinkedHashMap<>();
    private final Set<String> names = new LinkedHashSet<>();
    private final Set<String> notes = new LinkedHashSet<>();

    private ApparmorLearner(Granularity granularity, String bus) {
        this.granularity = granularity;
        this.bus = bus;
    }

    /**
     * @param bus     the type of the bus
     * @param present rules that are there and stay; only what they refuse is learnt
     */
    public static LearntPolicy learn(List<AuditRecord> messages, Granularity granularity, String bus, RecordJudge present) {
        return new ApparmorLearner(granularity, bus).learn(messages, present);
    }

    /** Nothing is there. */
    public static LearntPolicy learn(List<AuditRecord> messages, Granularity granularity, String bus) {
        return learn(messages, granularity, bus, message -> false);
    }

    private LearntPolicy learn(List<AuditRecord> messages, RecordJudge present) {
        List<AuditRecord> needed = new ArrayList<>(List.of(hello()));
        needed.addAll(messages);
        needed.removeIf(present::allows);
        needed.forEach(this::add);
        List<String> lines = lines();
        RecordJudge judge = judge(lines);
        for (AuditRecord message : needed) {
            if (!judge.allows(message)) {
                notes.add(LearntPolicy.describe(message) + " is left out: " + (message.rule().isEmpty() ? "it cannot be written" : message.rule()));
            }
        }
        return new LearntPolicy(lines, List.copyOf(notes));
    }

    /** Every client says it, but mostly before somebody looks. */
    private AuditRecord hello() {
        return new AuditRecord("allowed", "method_call", bus, "outgoing", AuditRecord.Peer.of(DRIVER), "/org/freedesktop/DBus", DRIVER, "Hello",
                false, "", 0, "", "", "", 0);
    }

    private void add(AuditRecord message) {
        if (message.isRefusedForGood()) {
            return;
        }
        switch (message.operation()) {
            case "own" -> {
                if (message.name().matches(PLAIN)) {
                    names.add(message.name());
                }
            }
            case "method_call", "signal", "broadcast" -> addMessage(message);
            default -> {
                // the call of the bus beside it is what is asked about; replies are let through
            }
        }
    }

    private void addMessage(AuditRecord message) {
        boolean incoming = message.direction().equals("incoming");
        String peer = "";
        if (!incoming) {
            peer = message.name().isEmpty() ? DRIVER : message.name();
            if (peer.startsWith(":")) {
                peer = "";
                notes.add(LearntPolicy.describe(message) + ": AppArmor compares the name in the header, and this one is another in the next run;"
                        + " the rule is about every peer");
            }
        }
        boolean hasInterface = granularity != Granularity.NAME && !message.interfaceName().isEmpty();
        boolean isMethod = granularity == Granularity.METHOD;
        if (!List.of(peer, message.interfaceName(), message.member(), message.path()).stream().allMatch(text -> text.isEmpty() || text.matches(PLAIN))) {
            return;
        }
        paths.computeIfAbsent(new Subject(incoming ? "receive" : "send", peer, hasInterface ? message.interfaceName() : ""), s -> new LinkedHashMap<>())
                .computeIfAbsent(isMethod ? message.member() : "", member -> new Paths()).add(isMethod ? message.path() : "");
    }

    /** Members with the same path are one rule. */
    private List<String> lines() {
        paths.forEach((subject, members) -> members.forEach((member, where) -> where.places().forEach(place ->
                subjects.computeIfAbsent(subject, s -> new LinkedHashMap<>()).computeIfAbsent(place, p -> new TreeSet<>()).add(member))));
        List<String> lines = new ArrayList<>();
        subjects.forEach((subject, places) -> places.forEach((place, members) -> lines.add("dbus " + subject.permission + " bus=" + bus
                + path(place) + (subject.interfaceName.isEmpty() ? "" : " interface=" + subject.interfaceName) + member(members)
                + (subject.peer.isEmpty() ? "" : " peer=(name=" + subject.peer + ")") + ",")));
        names.forEach(name -> lines.add("dbus bind bus=" + bus + " name=" + name + ","));
        return lines;
    }

    private static String path(Paths.Place place) {
        if (place.path().isEmpty()) {
            return "";
        }
        return !place.subtree() ? " path=" + place.path() : place.path().equals("/") ? " path=\"/{,**}\"" : " path=\"" + place.path() + "{,/**}\"";
    }

    private static String member(Set<String> members) {
        if (members.size() > 1) {
            return " member=\"{" + String.join(",", members) + "}\"";
        }
        String one = members.iterator().next();
        return one.isEmpty() ? "" : " member=" + one;
    }

    private static RecordJudge judge(List<String> lines) {
        try {
            return new ApparmorRecordJudge(PolicyText.parse(String.join("\n", lines), "berth").compile());
        } catch (PolicySyntaxException unreadable) {
            throw new IllegalStateException("a policy of its own that cannot be read: " + String.join("\n", lines), unreadable);
        }
    }
}
