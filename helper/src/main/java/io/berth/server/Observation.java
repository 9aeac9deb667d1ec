package io.berth.server;

import java.util.HashSet;
import java.util.Set;

/**
 * Somebody who wants to know what the clients of one server do, each kind of message once. Kinds are remembered by their numbers, and
 * are bounded. Loop thread.
 */
final class Observation {
    /** Of one observation. */
    static final int KINDS = 2048;

    private final AuditMemory memory;
    private final boolean complain;
    private final Set<Long> kinds = new HashSet<>();
    private long leftOut;

    /** @param complain whether the server lets pass what its rules do not allow meanwhile */
    Observation(AuditMemory memory, boolean complain) {
        this.memory = memory;
        this.complain = complain;
    }

    boolean complains() {
        return complain;
    }

    /** Whether it is new, and there is room for it. */
    boolean isNew(long kind) {
        if (kinds.contains(kind)) {
            return false;
        }
        if (kinds.size() >= KINDS || !memory.takeKind()) {
            leftOut++;
            return false;
        }
        return kinds.add(kind);
    }

    /** A new one could not be told; it is new again when it comes again. */
    void leaveOut(long kind) {
        if (kinds.remove(kind)) {
            memory.giveKinds(1);
            leftOut++;
        }
    }

    /** Forgets everything. */
    void end() {
        memory.giveKinds(kinds.size());
        kinds.clear();
    }

    /** Messages of kinds for which there was no room. */
    long leftOut() {
        return leftOut;
    }
}
