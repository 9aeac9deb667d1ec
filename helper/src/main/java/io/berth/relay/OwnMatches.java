package io.berth.relay;

import io.berth.wire.MatchRule;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The match rules that one connection of an app has added itself, each as often as it did. What is kept of a rule is its text, and of
 * those about owners of names, of which the bus tells us more than the app has asked for, what it means. Loop thread.
 */
final class OwnMatches {
    /** What a rule takes in memory beside its text; and what it takes more if it is about owners. */
    private static final int RULE_BYTES = 160;
    private static final int OWNER_RULE_BYTES = 900;

    private final Accounts accounts;
    private final Map<String, Integer> counts = new HashMap<>();
    private final Map<String, MatchRule> ofOwners = new HashMap<>();
    private long keptBytes;

    OwnMatches(Accounts accounts) {
        this.accounts = accounts;
    }

    /** Whether the server may have this one too. */
    boolean hasRoomFor(MatchRule rule) {
        return accounts.matchRules().hasRoom(1) && (counts.containsKey(rule.canonical()) || accounts.hasRoom(bytesOf(rule)));
    }

    private static long bytesOf(MatchRule rule) {
        return RULE_BYTES + 2L * rule.canonical().length() + (isOfOwners(rule) ? OWNER_RULE_BYTES + 4L * rule.canonical().length() : 0);
    }

    private static boolean isOfOwners(MatchRule rule) {
        return rule.mayMatchSignal(Bus.NAME, Bus.PATH, Bus.NAME, Bus.OWNER_CHANGED);
    }

    void add(MatchRule rule) {
        accounts.matchRules().charge(1);
        if (counts.merge(rule.canonical(), 1, Integer::sum) == 1) {
            keep(bytesOf(rule));
            if (isOfOwners(rule)) {
                ofOwners.put(rule.canonical(), rule);
            }
        }
    }

    private void keep(long change) {
        keptBytes += change;
        accounts.bytes().charge(change);
    }

    /** @return whether it was there */
    boolean remove(MatchRule rule) {
        Integer count = counts.get(rule.canonical());
        if (count == null) {
            return false;
        }
        accounts.matchRules().release(1);
        if (count == 1) {
            counts.remove(rule.canonical());
            ofOwners.remove(rule.canonical());
            keep(-bytesOf(rule));
        } else {
            counts.put(rule.canonical(), count - 1);
        }
        return true;
    }

    /** Whether the app asks for this NameOwnerChanged. */
    boolean wantOwnerChanged(String name, String before, String now) {
        for (MatchRule rule : ofOwners.values()) {
            if (rule.matchesSignal(Bus.NAME, Bus.PATH, Bus.NAME, Bus.OWNER_CHANGED, List.of(name, before, now))) {
                return true;
            }
        }
        return false;
    }

    /** Whether some rule could bring in broadcasts of somebody else than the bus driver. */
    static boolean isForPeers(MatchRule rule) {
        return !Bus.NAME.equals(rule.sender()) && !Bus.NAME.equals(rule.interfaceName());
    }

    /** The bus forgets them too. */
    void close() {
        accounts.matchRules().release(counts.values().stream().mapToInt(Integer::intValue).sum());
        accounts.bytes().release(keptBytes);
        counts.clear();
        ofOwners.clear();
        keptBytes = 0;
    }
}
