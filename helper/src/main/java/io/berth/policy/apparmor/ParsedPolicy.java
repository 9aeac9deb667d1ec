package io.berth.policy.apparmor;

import java.util.List;

/** A policy text that was read without an error. Immutable. */
public final class ParsedPolicy {
    private final String text;
    private final Dialect dialect;
    private final List<DbusRule> rules;

    ParsedPolicy(String text, Dialect dialect, List<DbusRule> rules) {
        this.text = text;
        this.dialect = dialect;
        this.rules = List.copyOf(rules);
    }

    /** Exactly as it was given. */
    public String text() {
        return text;
    }

    public Dialect dialect() {
        return dialect;
    }

    /** How many rules of today's language say it. */
    public int size() {
        return rules.size();
    }

    List<DbusRule> rules() {
        return rules;
    }

    /**
     * Makes what answers queries.
     *
     * @throws PolicySyntaxException naming the rule at which the patterns become too many
     */
    public CompiledPolicy compile() {
        return new CompiledPolicy(dialect, rules);
    }

    /**
     * The same in bounded memory, for a process that has many policies.
     *
     * @param maxSteps      of the patterns of all fields together; one takes some 30 bytes
     * @param maxRemembered what messages may make it remember, in ints for each field, and in longs for sets of rules
     */
    public CompiledPolicy compile(int maxSteps, int maxRemembered) {
        return new CompiledPolicy(dialect, rules, maxSteps, maxRemembered);
    }
}
