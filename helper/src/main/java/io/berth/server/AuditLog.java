package io.berth.server;

import io.berth.api.AuditRecord;
import io.berth.kernel.LogBudget;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The last distinct decisions about one server's clients, for who asks later why something did not work, and which of them are told
 * now: the first of a kind at once, those that follow at most once a second, with the number of those left out, and all together
 * as far as the server's part of the log goes. A decision that nobody is told of is counted by its kind, without a text being made.
 * Bounded by their number and their bytes, here and in {@link AuditMemory}. Loop thread.
 */
final class AuditLog {
    /** Kinds at most. */
    static final int KINDS = 64;
    /** Bytes of memory at most: four of the longest records. */
    static final int BYTES = 128 << 10;
    /** Kinds that may be new per second; what comes beyond is only counted. */
    static final int NEW_PER_SECOND = 256;
    /** Messages in the journal that one record costs, at most: an entry, or two lines on standard error. */
    static final int MESSAGES = 2;
    private static final long SECOND_NS = 1_000_000_000;
    /** What a kind takes beside its record. */
    private static final int KIND_BYTES = 160;

    private static final class Kind {
        private AuditRecord record;
        private final long firstUs;
        private long lastUs;
        private long count;
        private boolean told;
        private long toldNs;
        private long leftOut;

        private Kind(AuditRecord record, long firstUs) {
            this.record = record;
            this.firstUs = firstUs;
        }

        private int bytes() {
            return KIND_BYTES + record.bytes();
        }
    }

    private final LogBudget.Account account;
    private final AuditMemory memory;
    private final Map<Long, Kind> kinds = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;
    private long secondNs;
    private int newInSecond;

    AuditLog(LogBudget.Account account, AuditMemory memory) {
        this.account = account;
        this.memory = memory;
    }

    /**
     * @param id     the same for those that say the same thing
     * @param made   with no {@code suppressed} count; asked only when the record is needed
     * @param nowUs  since the epoch
     * @param nowNs  of the loop
     * @return the record to tell, with the count; empty when it is left out
     */
    Optional<AuditRecord> add(long id, Supplier<AuditRecord> made, long nowUs, long nowNs) {
        Kind kind = kinds.get(id);
        if (kind == null) {
            if (!mayBeNew(nowNs)) {
                account.leaveOut(1);
                return Optional.empty();
            }
            kind = new Kind(made.get(), nowUs);
            kinds.put(id, kind);
            charge(kind.bytes());
            while (kinds.size() > KINDS || bytes > BYTES) {
                forgetOldest();
            }
            memory.relieve();
        }
        kind.count++;
        kind.lastUs = nowUs;
        if (kind.told && nowNs - kind.toldNs < SECOND_NS || !account.take(MESSAGES)) {
            kind.leftOut++;
            return Optional.empty();
        }
        AuditRecord told = (kind.told ? made.get() : kind.record).withSuppressed(kind.leftOut);
        kind.told = true;
        kind.toldNs = nowNs;
        kind.leftOut = 0;
        return Optional.of(told);
    }

    private boolean mayBeNew(long nowNs) {
        if (nowNs - secondNs >= SECOND_NS || newInSecond == 0) {
            secondNs = nowNs;
            newInSecond = 0;
        }
        return newInSecond++ < NEW_PER_SECOND;
    }

    /** The one place by which what is kept grows and shrinks. @param more bytes, or less than 0 for fewer */
    private void charge(int more) {
        bytes += more;
        memory.charge(this, more);
    }

    void forgetOldest() {
        Iterator<Kind> oldest = kinds.values().iterator();
        Kind forgotten = oldest.next();
        oldest.remove();
        account.leaveOut(forgotten.leftOut);
        charge(-forgotten.bytes());
    }

    /** Of memory. */
    long bytes() {
        return bytes;
    }

    /** The latest last. */
    List<Denial> list() {
        List<Denial> list = new ArrayList<>(kinds.size());
        kinds.values().forEach(kind -> list.add(new Denial(kind.record, kind.firstUs, kind.lastUs, kind.count)));
        return list;
    }

    /** Forgets everything. */
    void close() {
        while (!kinds.isEmpty()) {
            forgetOldest();
        }
    }
}
