package io.berth.cli;

import io.berth.api.AccessRule;
import io.berth.api.AuditRecord;
import io.berth.api.RuleText;
import io.berth.learn.AccessRecordJudge;
import io.berth.learn.ApparmorRecordJudge;
import io.berth.learn.RecordJudge;
import io.berth.policy.apparmor.PolicyText;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A policy in any of the languages that Berth reads, as what decides about recorded messages. */
final class PolicySource {
    private PolicySource() {
    }

    /** Recognised by what its lines begin with, when nobody says it. */
    static LearntText.Form recognise(String text) {
        List<String> lines = text.lines().map(String::strip).filter(line -> !line.isEmpty() && !line.startsWith("#")).toList();
        if (lines.stream().anyMatch(line -> line.matches("\\[.*\\]|[\"'-]*.*--[a-z-]+-name=.*"))) {
            return LearntText.Form.flatpak;
        }
        return lines.stream().allMatch(line -> line.startsWith("--")) ? LearntText.Form.rules : LearntText.Form.apparmor;
    }

    /**
     * @throws IllegalArgumentException naming the line, what was found and what was expected
     * @throws io.berth.policy.apparmor.PolicySyntaxException the same of an AppArmor policy
     */
    static RecordJudge judge(String text, LearntText.Form form, String profile) {
        return switch (form) {
            case apparmor -> new ApparmorRecordJudge(PolicyText.parse(text, profile).compile());
            case flatpak -> byBus(new PolicyFlatpakParser().parse(text).rules());
            case rules -> byBus(rules(text));
        };
    }

    /** One option a line, for the system bus with {@code --system-} before it. */
    private static Map<String, List<AccessRule>> rules(String text) {
        Map<String, List<AccessRule>> rules = new HashMap<>();
        int number = 0;
        for (String line : text.lines().map(String::strip).toList()) {
            number++;
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            boolean system = line.startsWith("--system-");
            try {
                rules.computeIfAbsent(system ? "system" : "", bus -> new ArrayList<>())
                        .add(RuleText.parse(system ? "--" + line.substring("--system-".length()) : line));
            } catch (IllegalArgumentException malformed) {
                throw new IllegalArgumentException("line " + number + ": " + malformed.getMessage());
            }
        }
        return rules;
    }

    /** Rules of the name "" are for the buses of which nothing is said. */
    private static RecordJudge byBus(Map<String, List<AccessRule>> rules) {
        Map<String, RecordJudge> judges = new HashMap<>();
        rules.forEach((bus, some) -> judges.put(bus, new AccessRecordJudge(some)));
        RecordJudge nothing = new AccessRecordJudge(List.of());
        return (AuditRecord message) -> judges.getOrDefault(message.bus(), judges.getOrDefault("", nothing)).allows(message);
    }
}
