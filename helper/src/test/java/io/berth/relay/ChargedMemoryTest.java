package io.berth.relay;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.wire.MatchRule;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is charged for what apps make the helper keep is what it takes, or more: measured in the heap of this JVM. */
class ChargedMemoryTest {
    private static final int MANY = 20_000;
    private static final Limits LIMITS = Limits.defaults().with(java.util.Map.of("memoryBytes", 1 << 30, "matchRules", 1 << 20, "pendingReplies", 1 << 20));

    private final Accounts accounts = new Accounts(null, Budgets.of(LIMITS, 1024));

    private static long used() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            least = Math.min(least, Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }

    /** @param making what is measured; it must be held by what it returns */
    private void check(String what, Supplier<Object> making) {
        long before = used();
        long charged = accounts.bytes().used();
        Object made = making.get();
        long taken = used() - before;
        charged = accounts.bytes().used() - charged;
        System.out.printf("%s: %d bytes each, %d charged%n", what, taken / MANY, charged / MANY);
        assertTrue(charged >= taken, what + " take " + taken + " bytes, of which " + charged + " were charged");
        assertTrue(made != null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"member='M%d'", "type='signal',sender='org.test.A',path='/a/b/c',interface='org.test.I',member='M%d'",
        "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.test.N%d'",
        "arg0='%d xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'",
        "arg0='%d \u4e16\u4e16\u4e16\u4e16\u4e16\u4e16\u4e16\u4e16\u4e16\u4e16\u4e16\u4e16\u4e16\u4e16\u4e16\u4e16\u4e16\u4e16\u4e16\u4e16\u4e16'"})
    void matchRules(String rule) {
        check("match rules like " + rule, () -> {
            OwnMatches matches = new OwnMatches(accounts);
            for (int i = 0; i < MANY; i++) {
                matches.add(MatchRule.parse(rule.replace("%d", Integer.toString(i))));
            }
            return matches;
        });
    }

    @Test
    void pendingReplies() {
        check("pending replies", () -> {
            PendingReplies replies = new PendingReplies(1 << 20, accounts.calls(), accounts);
            for (int i = 1; i <= MANY; i++) {
                replies.add(i, "the same for all", false);
            }
            return replies;
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 220})
    void namesOfPeers(int length) {
        check("names of " + length + " characters and more", () -> {
            OwnerTable table = new OwnerTable(accounts.bytes());
            for (int i = 0; i < MANY; i++) {
                table.setOwner("n" + i + "x".repeat(length), ":1." + i / 256);
            }
            return table;
        });
    }

    @Test
    void peers() {
        check("peers", () -> {
            OwnerTable table = new OwnerTable(accounts.bytes());
            for (int i = 0; i < MANY; i++) {
                table.peer(":1." + i).announce();
            }
            return table;
        });
    }

    @Test
    void formerNamesOfPeers() {
        check("names given back", () -> {
            List<Peer> peers = new ArrayList<>();
            for (int i = 0; i < MANY / 100; i++) {
                Peer peer = new Peer(":1." + i, accounts.bytes());
                for (int n = 0; n < 100; n++) {
                    peer.acquire("org.test.Former" + n + "." + i);
                    peer.release("org.test.Former" + n + "." + i);
                }
                peers.add(peer);
            }
            return peers;
        });
    }
}
