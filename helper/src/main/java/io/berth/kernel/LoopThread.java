package io.berth.kernel;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * The event loop on a {@link Poller}. The thread that calls {@link #run} is the loop thread until it returns; before that,
 * the thread that sets things up may watch and schedule. Without a timer it sleeps until something happens; it allocates
 * nothing per event. Closes its poller and its wake-up fd when {@code run} ends; watched fds belong to whoever watches.
 * What a handler, timer or task lets out is a {@link Fault}: {@code run} throws it.
 */
public final class LoopThread implements EventLoop, Runnable, AutoCloseable {
    private static final long NS_PER_MS = TimeUnit.MILLISECONDS.toNanos(1);

    private final Kernel kernel;
    private final Poller poller;
    private final int wakeFd;
    private final TimerHeap timers = new TimerHeap();
    private Thread thread;
    private volatile long nowNs = System.nanoTime();

    private FdWatch[] watches = new FdWatch[16];
    private int watchCount;
    /** Slots below {@link #slotsUsed} that are free again. */
    private int[] freeSlots = new int[16];
    private int freeCount;
    private int slotsUsed;
    /** The watches of the events being delivered. */
    private FdWatch[] ready = new FdWatch[64];

    private final Object lock = new Object();
    /** What other threads hand over; guarded by lock, like the three flags. */
    private ArrayDeque<Runnable> handedOver = new ArrayDeque<>();
    private boolean sleeping;
    private boolean stopped;
    private boolean closed;
    private ArrayDeque<Runnable> running = new ArrayDeque<>();

    public LoopThread(Kernel kernel) {
        this.kernel = kernel;
        poller = kernel.openPoller();
        wakeFd = kernel.openEvent();
        watch(wakeFd, Poller.READ, events -> kernel.clearEvent(wakeFd));
    }

    /**
     * Runs on the calling thread until {@link #stop}.
     *
     * @throws IllegalStateException when it was run before
     */
    @Override
    public void run() {
        if (thread != null || closed) {
            throw new IllegalStateException("a loop runs once");
        }
        thread = Thread.currentThread();
        nowNs = System.nanoTime();
        try {
            while (runTasks()) {
                runTimers();
                int count = poller.await(timeoutMs());
                nowNs = System.nanoTime();
                deliver(count);
            }
        } finally {
            close();
        }
    }

    /** From any thread: lets the loop end after all tasks that were handed over before; later ones are dropped. */
    public void stop() {
        synchronized (lock) {
            stopped = true;
            wakeUp();
        }
    }

    /** Frees what the loop holds. {@link #run} does it at its end; to be called only where it is never run. */
    @Override
    public void close() {
        synchronized (lock) {
            if (!closed) {
                stopped = true;
                closed = true;
                poller.close();
                kernel.close(wakeFd);
            }
        }
    }

    /** @return whether to go on */
    private boolean runTasks() {
        boolean last;
        synchronized (lock) {
            sleeping = false;
            ArrayDeque<Runnable> empty = running;
            running = handedOver;
            handedOver = empty;
            last = stopped;
        }
        Runnable task;
        while ((task = running.poll()) != null) {
            task.run();
        }
        return !last;
    }

    private void runTimers() {
        long mark = timers.mark();
        Runnable task;
        while ((task = timers.takeDue(nowNs, mark)) != null) {
            task.run();
        }
    }

    /** How long to wait; from here on, other threads wake the loop up. */
    private int timeoutMs() {
        synchronized (lock) {
            if (stopped || !handedOver.isEmpty()) {
                return 0;
            }
            sleeping = true;
        }
        if (timers.isEmpty()) {
            return -1;
        }
        long waitNs = timers.untilFirstNs(System.nanoTime());
        if (waitNs <= 0) {
            return 0;
        }
        return (int) Math.min(Integer.MAX_VALUE, (waitNs - 1) / NS_PER_MS + 1);
    }

    /** Finds all watches before it calls the first handler, so that a slot that a handler reuses gets no event of before. */
    private void deliver(int count) {
        if (count > ready.length) {
            ready = new FdWatch[count];
        }
        for (int i = 0; i < count; i++) {
            ready[i] = watches[poller.token(i)];
        }
        for (int i = 0; i < count; i++) {
            FdWatch watch = ready[i];
            ready[i] = null;
            int events = poller.events(i) & (watch.interest | Poller.ERROR | Poller.HANGUP);
            if (watch.slot >= 0 && events != 0) {
                watch.handler.onReady(events);
            }
        }
    }

    @Override
    public void execute(Runnable task) {
        synchronized (lock) {
            if (!stopped) {
                handedOver.add(task);
                wakeUp();
            }
        }
    }

    /** Holding the lock: the wake-up fd is open. One system call for each sleep. */
    private void wakeUp() {
        if (sleeping && !closed) {
            sleeping = false;
            kernel.signalEvent(wakeFd);
        }
    }

    @Override
    public Watch watch(int fd, int interest, Handler handler) {
        checkThread();
        int slot = freeCount > 0 ? freeSlots[freeCount - 1] : slotsUsed;
        poller.add(fd, interest, slot);
        if (freeCount > 0) {
            freeCount--;
        } else {
            slotsUsed++;
        }
        if (slot == watches.length) {
            watches = Arrays.copyOf(watches, slot * 2);
        }
        watchCount++;
        FdWatch watch = new FdWatch(fd, interest, handler, slot);
        watches[slot] = watch;
        return watch;
    }

    @Override
    public Timer schedule(long delayNs, Runnable task) {
        checkThread();
        if (delayNs < 0) {
            throw new IllegalArgumentException("delay of " + delayNs + " ns: expected 0 or more");
        }
        return timers.add(System.nanoTime(), delayNs, task);
    }

    @Override
    public long nowNs() {
        return nowNs;
    }

    /** How many fds are watched, the loop's own not counted. On the loop thread only. */
    public int watchCount() {
        return watchCount - 1;
    }

    private void checkThread() {
        if (thread != null && thread != Thread.currentThread()) {
            throw new IllegalStateException("called from " + Thread.currentThread().getName() + ", not from the loop thread "
                    + thread.getName());
        }
    }

    /** A watch; its slot in {@link #watches} is its token, and -1 once it is cancelled. */
    private final class FdWatch implements Watch {
        private final int fd;
        private final Handler handler;
        private int interest;
        private int slot;

        private FdWatch(int fd, int interest, Handler handler, int slot) {
            this.fd = fd;
            this.interest = interest;
            this.handler = handler;
            this.slot = slot;
        }

        @Override
        public void interest(int wanted) {
            checkThread();
            if (wanted != interest && slot >= 0) {
                poller.modify(fd, wanted, slot);
                interest = wanted;
            }
        }

        @Override
        public void cancel() {
            checkThread();
            if (slot < 0) {
                return;
            }
            poller.remove(fd);
            watches[slot] = null;
            watchCount--;
            if (freeCount == freeSlots.length) {
                freeSlots = Arrays.copyOf(freeSlots, freeCount * 2);
            }
            freeSlots[freeCount++] = slot;
            slot = -1;
        }
    }
}
