package io.berth.cli;

import io.berth.api.AccessRule;
import io.berth.api.AuditRecord;
import io.berth.client.ServerStatus;
import io.berth.learn.AccessLearner;
import io.berth.learn.AccessRecordJudge;
import io.berth.learn.ApparmorLearner;
import io.berth.learn.ApparmorRecordJudge;
import io.berth.learn.FlatpakLearner;
import io.berth.learn.Granularity;
import io.berth.learn.LearntPolicy;
import io.berth.learn.RecordJudge;
import io.berth.policy.apparmor.PolicyText;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A learnt policy beside the present one of a server.
 *
 * @param policy     all of it
 * @param kept       what is there and needed
 * @param added      what is needed and not there
 * @param removed    what is there and not needed as it stands
 * @param commands   what to do with it, for a person
 * @param notes      what could not be said, for a person
 * @param isComplete whether everything that was seen is allowed by it
 */
record LearntText(List<String> policy, List<String> kept, List<String> added, List<String> removed, List<String> commands,
        List<String> notes, boolean isComplete) {
    /** In which language. */
    enum Form { rules, apparmor, flatpak }

    static LearntText of(List<AuditRecord> messages, Form form, Granularity granularity, ServerStatus server) {
        return switch (form) {
            case rules -> rules(messages, granularity, server);
            case flatpak -> flatpak(messages, server);
            case apparmor -> apparmor(messages, granularity, server);
        };
    }

    private static LearntText rules(List<AuditRecord> messages, Granularity granularity, ServerStatus server) {
        AccessLearner.Learnt learnt = AccessLearner.learn(messages, granularity);
        List<String> lines = words(learnt.rules());
        List<AccessRule> present = server.allow();
        RecordJudge now = new AccessRecordJudge(present);
        List<AuditRecord> missing = messages.stream().filter(message -> !now.allows(message)).toList();
        List<String> commands = new ArrayList<>();
        if (server.policy().isEmpty()) {
            List<String> needed = words(AccessLearner.learn(missing, granularity).rules());
            if (!needed.isEmpty()) {
                commands.add("to add what is missing: berth access " + server.id() + " --add " + quoted(needed));
            }
        }
        if (!lines.equals(words(present))) {
            commands.add("to allow just this: berth access " + server.id() + " --set " + quoted(lines));
        }
        return compare(lines, server.policy().isEmpty() ? words(present) : server.policy().lines().toList(), commands, learnt.notes(),
                allows(new AccessRecordJudge(learnt.rules()), messages));
    }

    private static LearntText flatpak(List<AuditRecord> messages, ServerStatus server) {
        LearntPolicy learnt = FlatpakLearner.learn(messages, server.bus());
        List<AccessRule> meant = new PolicyFlatpakParser().parse(String.join("\n", learnt.lines())).rules().values().stream().flatMap(List::stream).toList();
        List<String> present = server.allow().stream().map(rule -> option(rule, server.bus())).toList();
        List<AuditRecord> said = messages.stream().filter(message -> !message.operation().equals("see")).toList();
        return compare(learnt.lines(), present, List.of(), learnt.notes(), allows(new AccessRecordJudge(meant), said));
    }

    /** Flatpak's option where it says the same, else ours. */
    private static String option(AccessRule rule, String bus) {
        String word = rule.toString();
        String prefix = bus.equals("system") ? "--system-" : "--";
        return word.matches("--(talk|own)=[^*/]+(\\.\\*)?") ? prefix + word.substring(2).replaceFirst("=", "-name=") : word;
    }

    private static LearntText apparmor(List<AuditRecord> messages, Granularity granularity, ServerStatus server) {
        String bus = server.bus();
        List<String> present = server.policy().isEmpty() ? List.of() : server.policy().lines().toList();
        LearntPolicy learnt = server.policy().isEmpty() ? ApparmorLearner.learn(messages, granularity, bus)
                : ApparmorLearner.learn(messages, granularity, bus, judge(server.policy(), server));
        List<String> whole = new ArrayList<>(present);
        whole.addAll(learnt.lines());
        List<String> notes = new ArrayList<>(learnt.notes());
        if (server.policy().isEmpty()) {
            notes.add("the present rules are access rules, which cannot be compared with these: this is a whole policy");
        }
        return new LearntText(whole, present, learnt.lines(), List.of(), List.of(), notes, allows(judge(String.join("\n", whole), server), messages));
    }

    private static RecordJudge judge(String policy, ServerStatus server) {
        return new ApparmorRecordJudge(PolicyText.parse(policy, server.app().label()).compile());
    }

    private static LearntText compare(List<String> lines, List<String> present, List<String> commands, List<String> notes, boolean complete) {
        LinkedHashSet<String> kept = new LinkedHashSet<>(lines);
        kept.retainAll(present);
        return new LearntText(lines, List.copyOf(kept), lines.stream().filter(line -> !kept.contains(line)).toList(),
                present.stream().filter(line -> !kept.contains(line)).toList(), commands, notes, complete);
    }

    private static boolean allows(RecordJudge judge, List<AuditRecord> messages) {
        return messages.stream().allMatch(judge::allows);
    }

    private static List<String> words(List<AccessRule> rules) {
        return rules.stream().map(AccessRule::toString).toList();
    }

    private static String quoted(List<String> words) {
        return words.stream().map(ShellWord::quote).collect(Collectors.joining(" "));
    }
}
