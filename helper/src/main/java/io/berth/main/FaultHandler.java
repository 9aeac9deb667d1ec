package io.berth.main;

import io.berth.kernel.Fault;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;

/**
 * Ends the process at a {@link Fault}, whatever thread it comes from: says what it was, then halts. All that it needs is there
 * beforehand, and where memory is what lacks nothing is allocated. A thread of its own halts in any case, also when nobody
 * takes what standard error is told.
 */
final class FaultHandler implements Thread.UncaughtExceptionHandler {
    /** Milliseconds for saying what it was. */
    private static final long PATIENCE_MS = 1_000;
    private static final byte[] NO_MEMORY = "ERROR no memory is left: the helper ends\n".getBytes(StandardCharsets.US_ASCII);

    private final FileOutputStream errors = new FileOutputStream(FileDescriptor.err);
    private final CountDownLatch faulty = new CountDownLatch(1);

    /** For all threads of this process that have no handler of their own; it stays until the end. */
    static void install() {
        FaultHandler handler = new FaultHandler();
        Thread end = new Thread(handler::endInTime, "berth-fault");
        end.setDaemon(true);
        end.start();
        Fault.cause(null); // its class is there when the files of the program are not any more
        Thread.setDefaultUncaughtExceptionHandler(handler);
    }

    private void endInTime() {
        try {
            faulty.await();
            Thread.sleep(PATIENCE_MS);
        } catch (InterruptedException neverAsked) {
            // then it ends at once
        }
        Runtime.getRuntime().halt(DaemonStatus.FAULT);
    }

    @Override
    public void uncaughtException(Thread thread, Throwable fault) {
        faulty.countDown();
        try {
            if (fault instanceof OutOfMemoryError) {
                errors.write(NO_MEMORY);
            }
            // not by the logger, whose classes may be what is missing
            System.err.println("ERROR a fault in the thread " + thread.getName() + ": the helper ends");
            fault.printStackTrace();
        } catch (IOException unsaid) {
            // it ends without a word
        } finally {
            Runtime.getRuntime().halt(DaemonStatus.FAULT);
        }
    }
}
