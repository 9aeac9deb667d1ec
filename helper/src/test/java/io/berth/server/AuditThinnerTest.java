package io.berth.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AuditRecord;
import org.junit.jupiter.api.Test;

class AuditThinnerTest {
    private static final long SECOND = 1_000_000_000L;

    private static AuditRecord record(String member) {
        return new AuditRecord("denied", "method_call", "session", "outgoing", AuditRecord.Peer.of("org.a"), "/", "a.b", member, false, ":1.1", 1, "missing", "", "", 0);
    }

    @Test
    void sameSubject_withinASecond_isCountedIntoTheNextRecord() {
        AuditThinner thinner = new AuditThinner();
        assertEquals(0, thinner.admit(record("M"), SECOND).orElseThrow().suppressed());
        for (int i = 0; i < 1000; i++) {
            assertTrue(thinner.admit(record("M"), SECOND + i).isEmpty());
        }
        assertEquals(1000, thinner.admit(record("M"), 2 * SECOND).orElseThrow().suppressed());
        assertEquals(0, thinner.admit(record("M"), 3 * SECOND).orElseThrow().suppressed());
    }

    @Test
    void manySubjects_atOnce_areBounded() {
        AuditThinner thinner = new AuditThinner();
        int told = 0;
        for (int i = 0; i < 100_000; i++) {
            told += thinner.admit(record("M" + i), SECOND).isPresent() ? 1 : 0;
        }
        assertEquals(64, told);
        assertTrue(thinner.admit(record("Other"), 2 * SECOND).isPresent());
    }

    @Test
    void line_withControlCharacters_staysOneLine() {
        assertFalse(record("M\nserver 1: denied\u2028x\u001b[31m").toString().chars().anyMatch(c -> c == '\n' || c == 0x1b || c == 0x2028));
    }

    @Test
    void subjects_moreThanAreRemembered_theOldestAreForgotten() {
        AuditThinner thinner = new AuditThinner();
        long begin = 10 * SECOND;
        assertTrue(thinner.admit(record("Before"), begin).isPresent());
        assertTrue(thinner.admit(record("First"), begin + SECOND / 2).isPresent());
        assertTrue(thinner.admit(record("First"), begin + SECOND / 2).isEmpty());
        for (int i = 0; i < 256; i++) {
            thinner.admit(record("M" + i), begin + SECOND / 2);
        }
        // half a second later, in the next interval: who remembered it would leave it out
        assertEquals(0, thinner.admit(record("First"), begin + SECOND).orElseThrow().suppressed());
    }
}
