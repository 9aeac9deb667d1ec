package io.berth.policy.apparmor;

/**
 * What stands before the word {@code dbus}.
 *
 * @param position of the rule
 * @param priority -1000 to 1000; 0 when none is given
 * @param mode     null when none is given, which allows
 */
record RulePrefix(SourcePosition position, int priority, boolean audit, RuleMode mode) {
    static final int LOWEST = -1000;
    static final int HIGHEST = 1000;
}
