package io.berth.policy.apparmor;

import java.util.List;
import java.util.Optional;

/** Rules of 2011 about a name, as far as today's language can say them: there a name is a message's header, not what a peer owns. */
final class LoweredRule {
    private LoweredRule() {
    }

    /** The part of the rule that today's language has. */
    static List<DbusRule> lower(DbusRule rule) {
        int permissions = rule.permissions() & ~Permission.RECEIVE.bit();
        return permissions == 0 ? List.of()
                : List.of(new DbusRule(rule.position(), rule.priority(), rule.mode(), rule.audit(), permissions, rule.conditions()));
    }

    /** What that part lacks. */
    static Optional<String> findLoss(DbusRule rule) {
        boolean deny = rule.mode() == RuleMode.DENY;
        if (rule.permissions() == Permission.BIND.bit()) {
            return Optional.empty();
        }
        String receive = !rule.has(Permission.RECEIVE) ? ""
                : "receive is left out, since today's language compares the sender's unique name and not the names it owns";
        String send = !rule.has(Permission.SEND) ? ""
                : "send is only about messages addressed to the name itself, not to the unique name of its owner";
        return Optional.of(receive + (receive.isEmpty() || send.isEmpty() ? "" : "; ") + send + (deny ? "; so less is denied" : ""));
    }
}
