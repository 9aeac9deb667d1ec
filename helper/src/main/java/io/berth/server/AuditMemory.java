package io.berth.server;

import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What the audit records that all servers keep take in memory, and what observers have been told of. When the records are more than
 * the helper's memory bears, the server that has most loses its oldest, down to an equal share of all: whoever has less than that
 * loses nothing, whatever others do. Loop thread.
 */
final class AuditMemory {
    /** Bytes: a sixteenth of the memory that the start script gives the daemon. */
    static final long MOST = 2 << 20;
    /** So much is freed at a time that looking for who has most is rare. */
    private static final long FREED_AT_ONCE = MOST / 16;
    /** Of all observations together. */
    static final int MOST_KINDS = 32 << 10;
    /** An entry of a set of numbers. */
    private static final int KIND_BYTES = 64;

    private final Set<AuditLog> logs = new LinkedHashSet<>();
    private long bytes;
    private int kinds;

    /** The one place by which the sum changes. @param more bytes that this one has now, or less than 0 for fewer */
    void charge(AuditLog log, int more) {
        bytes += more;
        if (log.bytes() == 0) {
            logs.remove(log);
        } else {
            logs.add(log);
        }
    }

    /** Something has been added. */
    void relieve() {
        if (bytes <= MOST) {
            return;
        }
        while (bytes > MOST - FREED_AT_ONCE) {
            AuditLog most = logs.stream().max(Comparator.comparingLong(AuditLog::bytes)).orElseThrow();
            long share = (MOST - FREED_AT_ONCE) / logs.size();
            do {
                most.forgetOldest();
            } while (bytes > MOST - FREED_AT_ONCE && most.bytes() > share);
        }
    }

    /** Of memory, for all servers. */
    long bytes() {
        return bytes + (long) KIND_BYTES * kinds;
    }

    /** One more kind of message that somebody who observes has been told of. @return false when there is no room */
    boolean takeKind() {
        if (kinds >= MOST_KINDS) {
            return false;
        }
        kinds++;
        return true;
    }

    void giveKinds(int forgotten) {
        kinds -= forgotten;
    }
}
