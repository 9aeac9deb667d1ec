package io.berth.kernel;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * What is no {@link OutcomeException}: any Error, and any exception that nobody expects. What this process keeps may be changed by
 * half then, so it has to end. A fault that leaves its thread comes to the thread's handler of uncaught exceptions by itself; one
 * that is found in a future is given to it here. In the daemon that handler ends the process, at once.
 */
public final class Fault {
    private Fault() {
    }

    /** Ends the process where it is the daemon; elsewhere it returns when the handler has been told. */
    public static void report(Throwable fault) {
        Thread here = Thread.currentThread();
        here.getUncaughtExceptionHandler().uncaughtException(here, fault);
    }

    /**
     * Why a future has failed, when that is an outcome; a fault is reported.
     *
     * @throws IllegalStateException for a fault, where that does not end the process
     */
    public static OutcomeException outcome(Throwable failure) {
        Throwable cause = cause(failure);
        if (cause instanceof OutcomeException outcome) {
            return outcome;
        }
        report(cause);
        throw new IllegalStateException(cause);
    }

    /** Reports a fault of a future whose end nobody else waits for. */
    public static void reportOf(CompletableFuture<?> unattended) {
        unattended.exceptionally(failure -> {
            outcome(failure);
            return null;
        });
    }

    /** What is behind the wrapping that futures add. */
    public static Throwable cause(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }
}
