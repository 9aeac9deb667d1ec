package io.berth.relay;

import io.berth.budget.Account;
import java.util.function.Predicate;

/**
 * Calls that wait for their reply, by serial. Several may have the same serial: callers count each for themselves.
 * A slot is valid until the next change. Adding and removing makes no object once the table has its size. Not thread-safe.
 */
final class PendingReplies {
    private static final int FEWEST_SLOTS = 16;
    /** A table of more slots is given up when nothing waits any more. */
    private static final int LASTING_SLOTS = 1024;
    /** What a slot takes in memory, while the table grows. */
    private static final int SLOT_BYTES = 16;

    private final int limit;
    private final Account calls;
    private final Accounts accounts;
    private int[] serials;
    private Object[] awaited;
    private boolean[] fds;
    private int size;

    /**
     * @param limit the most that may wait
     * @param calls    charged for each; null when they are not this side's to make
     * @param accounts charged for the table
     */
    PendingReplies(int limit, Account calls, Accounts accounts) {
        this.limit = limit;
        this.calls = calls;
        this.accounts = accounts;
        allocate(FEWEST_SLOTS);
    }

    private void allocate(int slots) {
        serials = new int[slots];
        awaited = new Object[slots];
        fds = new boolean[slots];
        accounts.bytes().charge((long) slots * SLOT_BYTES);
    }

    private void free() {
        accounts.bytes().release((long) serials.length * SLOT_BYTES);
    }

    /** Nothing may be added now. */
    boolean isFull() {
        return size >= limit || calls != null && !calls.hasRoom(1) || mustGrow() && !accounts.hasRoom((long) serials.length * SLOT_BYTES);
    }

    private boolean mustGrow() {
        return size * 3 >= serials.length * 2;
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
        if (mustGrow()) {
            grow();
        }
        if (calls != null) {
            calls.charge(1);
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
        if (calls != null) {
            calls.release(1);
        }
        if (size == 0 && serials.length > LASTING_SLOTS) {
            free();
            allocate(FEWEST_SLOTS);
        }
    }

    /** Forgets everything; for the last time. */
    void close() {
        if (calls != null) {
            calls.release(size);
        }
        free();
        size = 0;
    }

    /** Forgets all whose answer nobody will send any more. */
    void removeIf(Predicate<Object> isGone) {
        move(serials.length, isGone);
    }

    private void grow() {
        move(serials.length * 2, what -> false);
    }

    private void move(int slots, Predicate<Object> isGone) {
        int[] oldSerials = serials;
        Object[] old = awaited;
        boolean[] oldFds = fds;
        free();
        allocate(slots);
        if (calls != null) {
            calls.release(size);
        }
        size = 0;
        for (int i = 0; i < old.length; i++) {
            if (old[i] != null && !isGone.test(old[i])) {
                add(oldSerials[i], old[i], oldFds[i]);
            }
        }
    }

    private int home(int serial) {
        return serial & serials.length - 1;
    }
}
