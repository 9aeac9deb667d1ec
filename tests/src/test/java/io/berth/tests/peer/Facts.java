package io.berth.tests.peer;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import io.berth.api.RuleText;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What a listed difference may ask about the moment before a step. It looks only at names and kinds of rules; what a rule
 * lets through is for the two mediators to say.
 *
 * @param rules   of the policy, as words
 * @param matches what the app has asked the bus for
 */
record Facts(List<String> rules, Names names, Set<MatchChoice> matches) {
    /** Some rule with one of these permissions speaks of the name. */
    boolean hasRule(String name, int permissions) {
        return hasRule(name, rule -> rule.has(permissions));
    }

    boolean hasRule(String name) {
        return hasRule(name, rule -> true);
    }

    private boolean hasRule(String name, Predicate<AccessRule> wanted) {
        return rules.stream().map(RuleText::parse).filter(wanted).anyMatch(rule -> rule.busName().equals(name)
                || rule.has(AccessFlags.NAME_IS_SUBTREE) && name.startsWith(rule.busName() + "."));
    }

    /** The peer has owned a name that a rule speaks of and does not own it now, or it has spoken to the app and left. */
    boolean hasStaleGrant(String role) {
        return names.everOwned(role).stream().anyMatch(name -> hasRule(name) && !names.owns(role, name))
                || role.endsWith("-") && names.hasHeard(role);
    }

    /** Whoever owns this well-known name is known to the app for another reason than this name. */
    boolean isKnownByOtherName(String name) {
        String role = name.startsWith("@") ? null : names.peer(name);
        return role != null && isKnownPeer(role, name);
    }

    /** The peer has spoken to the app, or owns a name, other than the given one, that a rule speaks of. */
    boolean isKnownPeer(String role, String name) {
        return names.hasHeard(role) || names.everOwned(role).stream()
                .anyMatch(other -> !other.equals(name) && hasRule(other) && names.owns(role, other));
    }

    /** A rule with one of these permissions speaks of the destination, or of a name that its owner has or had. */
    boolean hasRuleForPeer(String destination, int permissions) {
        String role = names.peer(destination);
        return hasRule(destination, permissions)
                || role != null && names.everOwned(role).stream().anyMatch(name -> hasRule(name, permissions));
    }

    boolean asksForOwnerOf(String name) {
        return matches.stream().anyMatch(match -> match.wantsOwnerOf(name));
    }
}
