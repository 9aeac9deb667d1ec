package io.berth.server;

import io.berth.api.AuditRecord;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The last distinct denials of one server, for who asks later why something did not work. Bounded by their number, as
 * records are by their length. Loop thread.
 */
final class DenialLog {
    static final int KEPT = 64;

    private final Map<AuditRecord, Denial> bySubject = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<AuditRecord, Denial> eldest) {
            return size() > KEPT;
        }
    };

    void add(AuditRecord record, long nowUs) {
        bySubject.compute(record.subject(), (subject, known) -> known == null ? new Denial(record, nowUs, nowUs, 1) : known.again(record, nowUs));
    }

    /** The latest last. */
    List<Denial> list() {
        return List.copyOf(bySubject.values());
    }
}
