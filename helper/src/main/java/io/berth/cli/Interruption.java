package io.berth.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * SIGINT, SIGTERM and SIGHUP as the end of a wait, after which a command prints what it has found. While one of these is
 * there the process ends with {@link #finish}, not before.
 */
final class Interruption {
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile int status;
    private final Thread hook = new Thread(() -> {
        asked.countDown();
        try {
            finished.await();
            Runtime.getRuntime().halt(status);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }, "berth-interruption");

    Interruption() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** @return whether somebody wants the end */
    boolean await(long patienceMs) throws InterruptedException {
        return asked.await(patienceMs, TimeUnit.MILLISECONDS);
    }

    /** @param exitStatus of the process, when it was asked to end. @return the same */
    int finish(int exitStatus) {
        status = exitStatus;
        finished.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException ending) {
            // the hook does it
        }
        return exitStatus;
    }
}
