package io.berth.relay;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;

/**
 * Hello calls that the bus has not answered yet. Whoever asks about a unique name that is not known must wait for them:
 * it may be the name that one of them is getting. Loop thread.
 */
final class HelloQueue {
    private record Waiter(long newest, Runnable task) {
    }

    private static final int MOST_WAITERS = 1024;

    private final TreeSet<Long> outstanding = new TreeSet<>();
    private final List<Waiter> waiters = new ArrayList<>();
    private long last;

    /** @return a ticket for {@link #end} */
    long begin() {
        outstanding.add(++last);
        return last;
    }

    /** Answered or given up; does nothing the second time. */
    void end(long ticket) {
        if (outstanding.remove(ticket)) {
            wake();
        }
    }

    boolean hasOutstanding() {
        return !outstanding.isEmpty();
    }

    /** So much waits that nobody else should: what waits is a question of somebody's, in memory. */
    boolean isCrowded() {
        return waiters.size() >= MOST_WAITERS;
    }

    /** Runs a task when those that are outstanding now have been answered: at once when there is none. */
    void whenAnswered(Runnable task) {
        waiters.add(new Waiter(last, task));
        wake();
    }

    void giveUp() {
        outstanding.clear();
        wake();
    }

    private void wake() {
        List<Runnable> due = new ArrayList<>();
        for (Iterator<Waiter> i = waiters.iterator(); i.hasNext(); ) {
            Waiter waiter = i.next();
            if (outstanding.isEmpty() || outstanding.first() > waiter.newest) {
                i.remove();
                due.add(waiter.task);
            }
        }
        due.forEach(Runnable::run);
    }
}
