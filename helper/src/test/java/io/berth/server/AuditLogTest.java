package io.berth.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AuditRecord;
import io.berth.kernel.LogBudget;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AuditLogTest {
    private static final long SECOND = 1_000_000_000L;

    private long nowNs = SECOND;
    private final LogBudget budget = new LogBudget(() -> nowNs);
    private final AuditMemory memory = new AuditMemory();
    private final AuditLog log = new AuditLog(budget.open("server 1"), memory);

    private static AuditRecord record(String member) {
        return new AuditRecord("denied", "method_call", "session", "outgoing", AuditRecord.Peer.of("org.a"), "/", "a.b", member, false, ":1.1", 1, "missing", "", "", 0);
    }

    /** Every text as long as it can be, of two bytes each in memory. */
    private static AuditRecord largest() {
        String text = "\u0436".repeat(100_000);
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            names.add(text);
        }
        return new AuditRecord("denied", "method_call", text, "outgoing", new AuditRecord.Peer(text, names, text), text, text, text, true, text, 1,
                text, text.substring(0, AuditRecord.LONGEST), text, 0);
    }

    private boolean add(AuditLog to, long kind, AuditRecord record) {
        return to.add(kind, () -> record, nowNs / 1000, nowNs).isPresent();
    }

    @Test
    void sameKind_withinASecond_isCountedIntoTheNextRecord_andNotMade() {
        assertTrue(add(log, 1, record("M")));
        for (int i = 0; i < 1000; i++) {
            nowNs++;
            assertTrue(log.add(1, () -> {
                throw new IllegalStateException("made for nobody");
            }, 0, nowNs).isEmpty());
        }
        nowNs = 3 * SECOND;
        assertEquals(1000, log.add(1, () -> record("M"), 0, nowNs).orElseThrow().suppressed());
        nowNs = 5 * SECOND;
        assertEquals(0, log.add(1, () -> record("M"), 0, nowNs).orElseThrow().suppressed());
        assertEquals(1003, log.list().get(0).count());
    }

    @Test
    void manyKinds_areBoundedInNumber_andOnlyAFewOfThemMadeInASecond() {
        int[] made = {0};
        for (int i = 0; i < 100_000; i++) {
            log.add(i, () -> {
                made[0]++;
                return record("M");
            }, 0, nowNs);
        }
        assertEquals(AuditLog.NEW_PER_SECOND, made[0]);
        nowNs += SECOND;
        add(log, -1, record("Last"));
        assertEquals(AuditLog.KINDS, log.list().size());
        assertEquals("Last", log.list().get(AuditLog.KINDS - 1).record().member());
    }

    @Test
    void largestRecord_isNotLargerThanDocumented_andFourOfThemAreKept() {
        AuditRecord largest = largest();
        assertTrue(largest.bytes() <= AuditRecord.MOST_BYTES - 1024, largest.bytes() + " bytes");
        for (int i = 0; i < 10; i++) {
            add(log, i, largest);
            assertTrue(log.bytes() <= AuditLog.BYTES, log.bytes() + " bytes");
        }
        assertEquals(4, log.list().size());
    }

    @Test
    void allServersTogether_areBounded_andWhoHasLittleLosesNothing() {
        AuditLog honest = log;
        add(honest, 1, record("First"));
        List<AuditLog> others = new ArrayList<>();
        for (int i = 0; i < 2047; i++) {
            others.add(new AuditLog(budget.open("server"), memory));
        }
        AuditRecord largest = largest();
        for (int kind = 0; kind < 30; kind++) {
            for (AuditLog other : others.subList(0, 200)) {
                add(other, kind, largest);
            }
            assertTrue(memory.bytes() <= AuditMemory.MOST, memory.bytes() + " bytes");
        }
        add(honest, 2, record("Second"));
        // an equal share of each is a kilobyte
        for (AuditLog other : others) {
            add(other, 99, record("Other"));
            add(other, 100, record("Other"));
        }
        assertTrue(memory.bytes() <= AuditMemory.MOST, memory.bytes() + " bytes");
        assertEquals(1, honest.list().stream().filter(denial -> denial.record().member().equals("Second")).count());
        others.forEach(AuditLog::close);
        honest.close();
        assertEquals(0, memory.bytes());
    }

    @Test
    void observations_rememberABoundedNumberOfKinds_eachAndInAll() {
        List<Observation> observations = new ArrayList<>();
        int told = 0;
        for (int n = 0; n < 20; n++) {
            Observation observation = new Observation(memory, false);
            observations.add(observation);
            for (int kind = 0; kind < 3000; kind++) {
                told += observation.isNew(kind) ? 1 : 0;
            }
        }
        assertEquals(AuditMemory.MOST_KINDS, told);
        assertEquals(3000 - Observation.KINDS, observations.get(0).leftOut());
        assertEquals(3000, observations.get(19).leftOut());
        observations.forEach(Observation::end);
        assertEquals(0, memory.bytes());
    }

    @Test
    void line_withControlCharacters_staysOneLine() {
        assertFalse(record("M\nserver 1: denied\u2028x\u001b[31m").toString().chars().anyMatch(c -> c == '\n' || c == 0x1b || c == 0x2028));
    }
}
