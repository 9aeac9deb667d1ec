package io.berth.relay;

import java.util.function.Predicate;

/**
 * Calls that wait for their reply, by serial. Several may have the same serial: callers count each for themselves.
 * A slot is valid until the next change. Adding and removing makes no object once the table has its size. Not thread-safe.
 */
final class PendingReplies {
    private final int limit;
    private int[] serials = new int[16];
    private Object[] awaited = new Object[16];
    private boolean[] fds = new boolean[16];
    private int size;

    /** @param limit the most that may wait */
    PendingReplies(int limit) {
        this.limit = limit;
    }

    boolean isFull() {
        return size >= limit;
    }

    int size() {
        return size;
    }

    /**
     * @param serial not 0
     * @param what   whoever is to answer, or what to do then
     * @param mayCarryFds whether the reply may carry file descriptors
     */
    void add(int serial, Object what, boolean mayCarryFds) {
        if (size * 3 >= serials.length * 2) {
            grow();
        }
        int slot = home(serial);
        while (awaited[slot] != null) {
            slot = slot + 1 & serials.length - 1;
        }
        serials[slot] = serial;
        awaited[slot] = what;
        fds[slot] = mayCarryFds;
        size++;
    }

    /** @return a slot, -1 when nothing waits with that serial */
    int find(int serial) {
        return next(home(serial), serial);
    }

    /** The next slot with the same serial. */
    int findAfter(int slot, int serial) {
        return next(slot + 1 & serials.length - 1, serial);
    }

    private int next(int from, int serial) {
        for (int slot = from; awaited[slot] != null; slot = slot + 1 & serials.length - 1) {
            if (serials[slot] == serial) {
                return slot;
            }
        }
        return -1;
    }

    Object awaited(int slot) {
        return awaited[slot];
    }

    boolean mayCarryFds(int slot) {
        return fds[slot];
    }

    void remove(int gap) {
        size--;
        int mask = serials.length - 1;
        int slot = gap;
        for (int next = slot + 1 & mask; awaited[next] != null; next = next + 1 & mask) {
            if ((next - home(serials[next]) & mask) >= (next - slot & mask)) {
                serials[slot] = serials[next];
                awaited[slot] = awaited[next];
                fds[slot] = fds[next];
                slot = next;
            }
        }
        awaited[slot] = null;
    }

    /** Forgets all whose answer nobody will send any more. */
    void removeIf(Predicate<Object> isGone) {
        int[] oldSerials = serials;
        Object[] old = awaited;
        boolean[] oldFds = fds;
        serials = new int[old.length];
        awaited = new Object[old.length];
        fds = new boolean[old.length];
        size = 0;
        for (int i = 0; i < old.length; i++) {
            if (old[i] != null && !isGone.test(old[i])) {
                add(oldSerials[i], old[i], oldFds[i]);
            }
        }
    }

    private void grow() {
        int[] oldSerials = serials;
        Object[] old = awaited;
        boolean[] oldFds = fds;
        serials = new int[old.length * 2];
        awaited = new Object[serials.length];
        fds = new boolean[serials.length];
        size = 0;
        for (int i = 0; i < old.length; i++) {
            if (old[i] != null) {
                add(oldSerials[i], old[i], oldFds[i]);
            }
        }
    }

    private int home(int serial) {
        return serial & serials.length - 1;
    }
}
