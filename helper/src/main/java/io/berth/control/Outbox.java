package io.berth.control;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is to be sent to the bus, in order. Adding never waits, so that the loop thread may do it; a thread of its own
 * makes the messages and waits for the bus. Who could add without end asks for room first ({@link #awaitRoom}) or bounds
 * what it has in here. When the bus has gone, everything is dropped. Any thread may call.
 */
final class Outbox implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);
    /** Entries from which on callers wait. */
    private static final int FULL = 1024;

    /** Something to send, made when its turn comes. */
    @FunctionalInterface
    interface Entry {
        void send() throws IOException;
    }

    private final ArrayDeque<Entry> queue = new ArrayDeque<>();
    private final UnaryOperator<Logger> log;
    private final Thread thread;
    private boolean closed;
    private boolean idle = true;

    /** @param log for one line; may swallow it */
    Outbox(String threadName, UnaryOperator<Logger> log) {
        this.log = log;
        thread = new Thread(this::run, threadName);
        thread.setDaemon(true);
        thread.start();
    }

    synchronized void add(Entry entry) {
        queue.add(entry);
        notifyAll();
    }

    /** For one line about what is sent. */
    Logger log(Logger logger) {
        return log.apply(logger);
    }

    /** Waits while very much is still to be sent. */
    synchronized void awaitRoom() {
        awaitQuietly(() -> queue.size() < FULL, 0);
    }

    /** Waits until everything added so far has been handed to the bus. @param patienceMs milliseconds to wait at most */
    synchronized void flush(long patienceMs) {
        awaitQuietly(() -> queue.isEmpty() && idle, patienceMs);
    }

    /** @param patienceMs 0 for no end */
    private void awaitQuietly(BooleanSupplier condition, long patienceMs) {
        long end = System.nanoTime() + patienceMs * 1_000_000;
        try {
            while (!condition.getAsBoolean() && !closed) {
                long leftMs = patienceMs == 0 ? 0 : Math.max(1, (end - System.nanoTime()) / 1_000_000);
                if (patienceMs != 0 && System.nanoTime() >= end) {
                    return;
                }
                wait(leftMs);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        boolean busGone = false;
        for (Entry entry = next(); entry != null; entry = next()) {
            if (busGone) {
                continue;
            }
            try {
                entry.send();
            } catch (IOException gone) {
                busGone = true;
                LOG.debug("nothing more can be sent: {}", gone.getMessage());
            }
        }
    }

    private synchronized Entry next() {
        try {
            idle = true;
            notifyAll();
            while (queue.isEmpty()) {
                if (closed) {
                    return null;
                }
                wait();
            }
            idle = false;
            return queue.poll();
        } catch (InterruptedException interrupted) {
            return null;
        }
    }

    /** Sends what is there, then ends the thread. */
    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
