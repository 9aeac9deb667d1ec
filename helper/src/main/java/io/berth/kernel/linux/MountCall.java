package io.berth.kernel.linux;

import java.util.List;

/** A way to run berth-mount: by a program of its own, or on a thread of this process. Thread-safe. */
interface MountCall {
    /** RESULTS of berth-mount.c. */
    int RESULTS = 8;
    /** FLAGS of berth-mount.c. */
    int AS_OWNER = 1;
    int HIDE_DIRECTORY = 2;
    /** Milliseconds until it is given up: a file system that never answers may be part of the app. */
    int PATIENCE_MS = 5_000;

    /**
     * What is asked of it.
     *
     * @param isMount whether to mount; else to unmount
     * @param fds     borrowed; the namespace first
     * @param flags   FLAGS
     * @param numbers those after the fds
     * @param words   those after the numbers
     */
    record Request(boolean isMount, int[] fds, int flags, long[] numbers, List<String> words) {
        /** The numbers in, with these for the fds. */
        long[] numbersIn(int[] actualFds) {
            long[] in = new long[actualFds.length + 1 + numbers.length];
            in[0] = actualFds[0];
            in[1] = flags;
            for (int i = 1; i < actualFds.length; i++) {
                in[i + 1] = actualFds[i];
            }
            System.arraycopy(numbers, 0, in, actualFds.length + 1, numbers.length);
            return in;
        }
    }

    /** What has come of it is not known, and perhaps something is still under way. */
    abstract class UnansweredException extends Exception {
        UnansweredException(String message) {
            super(message, null, false, false);
        }

        /** When it has been waited for long enough. */
        UnansweredException() {
            this("no answer within " + PATIENCE_MS / 1000 + " s; a file system there does not answer");
        }

        /** Whether something is still under way. */
        abstract boolean isUnderWay();

        /** Waits until nothing is under way any more; perhaps for ever. */
        abstract void awaitEnd();
    }

    /** The bits of FLAGS that this way always needs. */
    int ownFlags();

    /**
     * @return the numbers out
     * @throws io.berth.kernel.MountException when it could not be run
     */
    long[] run(Request request) throws UnansweredException;
}
