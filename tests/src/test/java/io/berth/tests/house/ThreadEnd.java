package io.berth.tests.house;

import io.berth.tests.raw.RawClient;

/** Waits for threads that were told to end. Stateless. */
final class ThreadEnd {
    private ThreadEnd() {
    }

    /** @throws AssertionError it still runs after the usual patience; {@code otherwise} says what that means */
    static void await(Thread thread, String otherwise) {
        try {
            thread.join(RawClient.PATIENCE.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            throw new AssertionError(otherwise);
        }
    }
}
