package io.berth.policy.apparmor;

import java.util.Map;

/**
 * One rule, read and checked. Immutable.
 *
 * @param priority    -1000 to 1000
 * @param permissions bits of {@link Permission}
 * @param conditions  what the rule says of the fields; one that is not there narrows nothing, an absent header field
 *                    included
 */
record DbusRule(SourcePosition position, int priority, RuleMode mode, boolean audit, int permissions, Map<Field, Condition> conditions) {
    /**
     * What a rule says of one field.
     *
     * @param text     the pattern as a byte string, variables expanded
     * @param position of the value
     */
    record Condition(String text, Pattern pattern, SourcePosition position) {
    }

    boolean has(Permission permission) {
        return (permissions & permission.bit()) != 0;
    }

    /** The pattern of a field; null when the rule does not speak of it. */
    Pattern pattern(Field field) {
        Condition condition = conditions.get(field);
        return condition == null ? null : condition.pattern();
    }
}
