package io.berth.transport;

import java.io.FileOutputStream;
import java.io.IOException;

/**
 * A pipe that says nothing but that its writer is gone: the read end is handed to another process, the write end is kept
 * and closed when it is over, by {@link #close} or by the end of this process. Both ends are close-on-exec, so that no
 * child keeps the pipe alive. Thread-safe; owns both ends.
 */
public final class NotificationPipe implements AutoCloseable {
    private int readEnd;
    private int writeEnd;

    private NotificationPipe(int readEnd, int writeEnd) {
        this.readEnd = readEnd;
        this.writeEnd = writeEnd;
    }

    /** @throws IOException when no more files can be opened */
    public static NotificationPipe open() throws IOException {
        int[] ends = NativeSockets.pipe();
        return new NotificationPipe(ends[0], ends[1]);
    }

    /** The fd to send; it stays this pipe's. @throws IllegalStateException when it is closed */
    public synchronized int readFd() {
        if (readEnd < 0) {
            throw new IllegalStateException("the read end is closed");
        }
        return readEnd;
    }

    /** Makes the read end readable: one newline. @throws IOException when nobody has the read end any more */
    public synchronized void notifyReader() throws IOException {
        if (writeEnd < 0) {
            throw new IOException("the pipe is closed");
        }
        try (FileOutputStream pipe = new FileOutputStream("/proc/self/fd/" + writeEnd)) {
            pipe.write('\n');
        }
    }

    /** Once the other process has its own copy. */
    public synchronized void closeReadEnd() {
        if (readEnd >= 0) {
            NativeSockets.close(readEnd);
            readEnd = -1;
        }
    }

    @Override
    public synchronized void close() {
        closeReadEnd();
        if (writeEnd >= 0) {
            NativeSockets.close(writeEnd);
            writeEnd = -1;
        }
    }
}
