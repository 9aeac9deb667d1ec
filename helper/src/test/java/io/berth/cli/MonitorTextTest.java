package io.berth.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MonitorTextTest {
    @Test
    void describe_deniedCall_saysWhatWhereWhoAndWhy() {
        Map<String, Object> call = Map.of("Verdict", "denied", "Operation", "method_call", "Direction", "outgoing",
                "Name", "org.foo", "Path", "/a", "Interface", "org.foo.Iface", "Member", "Do", "Connection", ":1.7",
                "ProcessID", 12L, "Rule", "no rule gives CALL");
        assertEquals("method call to org.foo org.foo.Iface.Do at /a, :1.7 pid 12: no rule gives CALL", MonitorText.describe("denied", call));
        Map<String, Object> often = new java.util.HashMap<>(call);
        often.put("Suppressed", 3L);
        assertEquals("method call to org.foo org.foo.Iface.Do at /a, :1.7 pid 12: no rule gives CALL (and 3 of the kind before)",
                MonitorText.describe("denied", often));
    }

    @Test
    void describe_signalWithoutDetails_leavesThemOut() {
        Map<String, Object> signal = Map.of("Operation", "signal", "Direction", "incoming", "Name", "", "Path", "", "Interface", "",
                "Member", "S", "Connection", ":1.7", "ProcessID", 0L, "Rule", "");
        assertEquals("signal from anybody S, :1.7", MonitorText.describe("denied", signal));
        assertEquals("(creator-gone)", MonitorText.describe("removed", Map.of("reason", "creator-gone")));
        assertEquals("", MonitorText.describe("added", Map.of()));
    }

    @Test
    void advice_isACommandOrNothing() {
        assertEquals(Optional.of("to allow it: berth access 3 --add --talk=org.foo"),
                MonitorText.advice("3", Map.of("Suggestion", "--talk=org.foo")));
        assertEquals(Optional.empty(), MonitorText.advice("3", Map.of("Suggestion", "")));
    }

    @Test
    void jsonName_isSnakeCase() {
        assertEquals("process_id", MonitorText.jsonName("ProcessID"));
        assertEquals("verdict", MonitorText.jsonName("Verdict"));
        assertEquals("process_idunverified", MonitorText.jsonName("ProcessIDUnverified"));
    }
}
