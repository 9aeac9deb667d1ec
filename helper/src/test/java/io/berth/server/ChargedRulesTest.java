package io.berth.server;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AccessRule;
import io.berth.api.RuleText;
import io.berth.policy.AccessPolicy;
import io.berth.policy.LabelPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is charged for rules is what they take with their compiled form, or more: measured in the heap of this JVM. */
class ChargedRulesTest {
    private static final int MANY = 20_000;

    private static long used() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            least = Math.min(least, Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }

    private static long taken(List<Object> held, Supplier<Object> making) {
        long before = used();
        held.add(making.get());
        return used() - before;
    }

    @ParameterizedTest
    @ValueSource(strings = {"--talk=org.test.N%d", "--talk=org.test.N%d.*", "--call=org.test.Name=org.test.Interface%d.Member@/org/test/Object%d",
        "--own=org.test.N%d", "--talk=org.test.Box/org.test.App%d"})
    void accessRules(String text) {
        List<Object> held = new ArrayList<>();
        List<AccessRule> rules = new ArrayList<>();
        long taken = taken(held, () -> {
            for (int i = 0; i < MANY; i++) {
                rules.add(RuleText.parse(text.replace("%d", Integer.toString(i))));
            }
            AccessPolicy policy = new AccessPolicy(rules, false, false, null);
            policy.broadcastNames();
            return policy;
        });
        long charged = rules.stream().mapToLong(AccessTable::bytesOf).sum();
        System.out.printf("%s: %d bytes each, %d charged%n", text, taken / MANY, charged / MANY);
        assertTrue(charged >= taken, text + " takes " + taken + " bytes, of which " + charged + " are charged");
    }

    @Test
    void labelPolicy() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 3_000; i++) {
            text.append("dbus send path=/org/test/Object").append(i).append("/** interface=org.test.Interface").append(i)
                    .append(" member={Get,Set,Do}* peer=(name=org.test.Name").append(i).append(", label=unconfined),\n");
        }
        List<Object> held = new ArrayList<>();
        LabelPolicy[] made = new LabelPolicy[1];
        long taken = taken(held, () -> made[0] = LabelPolicy.compile(text.toString(), "berth//a.B//c"));
        long charged = AccessTable.bytesOf(made[0]);
        System.out.printf("label policy of %d steps: %d bytes, %d charged%n", made[0].steps(), taken, charged);
        assertTrue(charged >= taken, "a policy takes " + taken + " bytes, of which " + charged + " are charged");
    }
}
