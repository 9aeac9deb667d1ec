package io.berth.server;

import io.berth.api.AuditRecord;
import java.util.HashSet;
import java.util.Set;

/**
 * Somebody who wants to know what the clients of one server do, each kind of message once. Bounded in the number of kinds and
 * in the length of their texts. Loop thread.
 */
final class Observation {
    private static final int KINDS = 2048;
    private static final int TEXT = 1 << 20;

    private final boolean complain;
    private final Set<AuditRecord> kinds = new HashSet<>();
    private int text;
    private long leftOut;

    /** @param complain whether the server lets pass what its rules do not allow meanwhile */
    Observation(boolean complain) {
        this.complain = complain;
    }

    boolean complains() {
        return complain;
    }

    /** Whether its kind is new, and there is room for it. */
    boolean isNew(AuditRecord record) {
        AuditRecord kind = record.subject();
        if (kinds.contains(kind)) {
            return false;
        }
        if (kinds.size() >= KINDS || text >= TEXT) {
            leftOut++;
            return false;
        }
        text += kind.length();
        return kinds.add(kind);
    }

    /** Messages of kinds for which there was no room. */
    long leftOut() {
        return leftOut;
    }
}
