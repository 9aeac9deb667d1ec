package io.berth.policy.apparmor;

import io.berth.api.AccessRule;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The result of writing a policy in another form. What the other form cannot say is left out and told, rule by rule; never
 * is anything allowed that was not, without being told.
 */
public final class PolicyConversion {
    private final Set<String> lines = new LinkedHashSet<>();
    private final List<String> losses = new ArrayList<>();
    private final Set<String> notes = new LinkedHashSet<>();

    PolicyConversion() {
    }

    /** As access rules in the words of {@code berth run}: {@code --talk=…} for the session bus, {@code --system-talk=…}. */
    public static PolicyConversion toAccessRules(ParsedPolicy policy) {
        return new AccessRuleConverter(policy).convert();
    }

    /** As rules of today's language. */
    public static PolicyConversion toApparmor(ParsedPolicy policy) {
        PolicyConversion result = new PolicyConversion();
        for (DbusRule rule : policy.rules()) {
            if (policy.dialect() == Dialect.PROPOSED_2011 && rule.conditions().containsKey(Field.NAME)) {
                LoweredRule.lower(rule).forEach(lowered -> result.line(RuleWriter.print(lowered)));
                LoweredRule.findLoss(rule).ifPresent(loss -> result.lose(rule, loss));
            } else {
                result.line(RuleWriter.print(rule));
            }
        }
        return result;
    }

    /**
     * Access rules, as xdg-dbus-proxy means them, in today's language.
     *
     * @param rules by the type of the bus, {@code session} or {@code system}
     */
    public static PolicyConversion toApparmor(Map<String, List<AccessRule>> rules) {
        PolicyConversion result = new PolicyConversion();
        rules.forEach((bus, ofBus) -> new ApparmorConverter(bus, result).convert(ofBus));
        return result;
    }

    void line(String line) {
        lines.add(line);
    }

    void lose(DbusRule rule, String what) {
        lose("line " + rule.position().line(), what);
    }

    void lose(String where, String what) {
        losses.add(where + ": " + what);
    }

    void note(String note) {
        notes.add(note);
    }

    /** The policy in its new form. */
    public List<String> lines() {
        return List.copyOf(lines);
    }

    /** What was left out or is not the same, each beginning with the rule it is about. */
    public List<String> losses() {
        return List.copyOf(losses);
    }

    /** How the two forms differ, whatever the rules are. */
    public List<String> notes() {
        return List.copyOf(notes);
    }
}
