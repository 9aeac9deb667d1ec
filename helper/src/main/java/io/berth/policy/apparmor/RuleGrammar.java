package io.berth.policy.apparmor;

import java.util.List;

/** How one dialect writes a rule. */
interface RuleGrammar {
    Dialect dialect();

    /**
     * Reads a rule from behind its word {@code dbus} to behind its comma.
     *
     * @return one draft or more that together say the same
     */
    List<RuleDraft> parse(PolicyScanner scanner, RulePrefix prefix);
}
