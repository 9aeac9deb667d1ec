package io.berth.kernel;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/**
 * One thread that waits for fds, timers and tasks, and runs what they are for. Everything that a watch or timer touches
 * is touched by this thread only; other threads hand over with {@link #execute}.
 */
public interface EventLoop {
    /** Told on the loop thread. */
    interface Handler {
        /** @param events bits of {@link Poller} */
        void onReady(int events);
    }

    /** One fd being watched; borrowed, not owned. */
    interface Watch {
        /** Bits of {@link Poller} to wait for; errors and hang-ups always come. Cheap when nothing changes. */
        void interest(int interest);

        /** No event of this watch is delivered any more, not even one that is already waiting. Call before closing the fd. */
        void cancel();
    }

    /** A task that has not run yet. */
    interface Timer {
        void cancel();
    }

    /** On the loop thread only. */
    Watch watch(int fd, int interest, Handler handler);

    /** On the loop thread only. @param delayNs nanoseconds, 0 or more */
    Timer schedule(long delayNs, Runnable task);

    /** From any thread; runs in order. When the loop was stopped the process ends, and the task is dropped. */
    void execute(Runnable task);

    /**
     * From any thread: the result of a task that the loop thread ran. It fails with an {@link OutcomeException}; what else the task
     * throws is a {@link Fault} and ends the loop.
     */
    default <T> CompletableFuture<T> submit(Callable<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        execute(() -> {
            try {
                result.complete(task.call());
            } catch (OutcomeException outcome) {
                result.completeExceptionally(outcome);
            } catch (RuntimeException fault) {
                throw fault;
            } catch (Exception fault) {
                throw new IllegalStateException(fault);
            }
        });
        return result;
    }

    /** Nanoseconds of System.nanoTime(), read once per turn of the loop. */
    long nowNs();
}
