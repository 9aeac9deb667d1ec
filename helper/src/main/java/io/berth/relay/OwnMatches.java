package io.berth.relay;

import io.berth.wire.MatchRule;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The match rules that an app has added itself, each as often as it did. Loop thread. */
final class OwnMatches {
    private final Map<MatchRule, Integer> counts = new HashMap<>();
    private int size;

    int size() {
        return size;
    }

    void add(MatchRule rule) {
        counts.merge(rule, 1, Integer::sum);
        size++;
    }

    /** @return whether it was there */
    boolean remove(MatchRule rule) {
        Integer count = counts.get(rule);
        if (count == null) {
            return false;
        }
        size--;
        if (count == 1) {
            counts.remove(rule);
        } else {
            counts.put(rule, count - 1);
        }
        return true;
    }

    boolean contains(MatchRule rule) {
        return counts.containsKey(rule);
    }

    /** Whether the app asks for this NameOwnerChanged. */
    boolean wantOwnerChanged(String name, String before, String now) {
        for (MatchRule rule : counts.keySet()) {
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
}
