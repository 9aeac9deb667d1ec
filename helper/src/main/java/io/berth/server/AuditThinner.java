package io.berth.server;

import io.berth.api.AuditRecord;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Lets the first record of a subject through at once and those that follow at most once a second, with the number of
 * those left out. An app that is refused a million times costs a bounded number of records and bounded memory. Loop thread.
 */
final class AuditThinner {
    private static final long INTERVAL_NS = 1_000_000_000L;
    private static final int SUBJECTS = 256;
    private static final int RECORDS_PER_INTERVAL = 64;

    /** One thing that an app tries. */
    private static final class Subject {
        long lastNs;
        long leftOut;
    }

    private final Map<AuditRecord, Subject> subjects = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<AuditRecord, Subject> eldest) {
            return size() > SUBJECTS;
        }
    };
    private long intervalStartNs;
    private int inInterval;

    /**
     * @param record with no {@code suppressed} count
     * @return the record to tell, with the count; empty when it is left out
     */
    Optional<AuditRecord> admit(AuditRecord record, long nowNs) {
        Subject subject = subjects.get(record);
        boolean first = subject == null;
        if (first) {
            subject = new Subject();
            subjects.put(record, subject);
        }
        if (nowNs - intervalStartNs >= INTERVAL_NS) {
            intervalStartNs = nowNs;
            inInterval = 0;
        }
        if (!first && nowNs - subject.lastNs < INTERVAL_NS || inInterval >= RECORDS_PER_INTERVAL) {
            subject.leftOut++;
            return Optional.empty();
        }
        inInterval++;
        AuditRecord told = record.withSuppressed(subject.leftOut);
        subject.lastNs = nowNs;
        subject.leftOut = 0;
        return Optional.of(told);
    }
}
