package io.berth.learn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.api.AccessRule;
import io.berth.api.AuditRecord;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AccessLearnerTest {
    private static AuditRecord call(String path, String interfaceName) {
        return new AuditRecord("allowed", "method_call", "session", "outgoing", AuditRecord.Peer.of("org.foo"), path, interfaceName, "Do",
                false, "", 0, "", "", "", 0);
    }

    private static List<String> learn(AuditRecord... messages) {
        return AccessLearner.learn(List.of(messages), Granularity.METHOD).rules().stream().map(AccessRule::toString).toList();
    }

    @Test
    void rules_thatAnotherMakesSuperfluous_areLeftOut() {
        assertEquals(List.of("--rule=see+call:org.foo=org.foo.I.Do@/a/*"), learn(call("/a", "org.foo.I"), call("/a/session7/x", "org.foo.I")));
        assertEquals(List.of("--rule=see+call:org.foo=@/a"), learn(call("/a", "org.foo.I"), call("/a", "")));
    }

    @Test
    void manyPaths_becomeWhatLiesAboveThem() {
        AuditRecord[] calls = IntStream.range(0, 6).mapToObj(i -> call("/a/b/" + (char) ('p' + i), "org.foo.I")).toArray(AuditRecord[]::new);
        assertEquals(List.of("--rule=see+call:org.foo=org.foo.I.Do@/a/b/*"), learn(calls));
    }
}
