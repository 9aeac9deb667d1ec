package io.berth.transport;

import java.io.IOException;

/**
 * Two connected unix stream sockets, close-on-exec: one end for the helper, which asks there for connections to a bus, the
 * other for the process in the sandbox that makes them. Owns both ends. Thread-safe.
 */
public final class SocketPair implements AutoCloseable {
    private final int[] ends;

    private SocketPair(int[] ends) {
        this.ends = ends;
    }

    /** @throws IOException when no more files can be opened */
    public static SocketPair open() throws IOException {
        return new SocketPair(NativeSockets.socketPair());
    }

    /** The fd to send; it stays this pair's. */
    public synchronized int helperEnd() {
        return ends[0];
    }

    /** The fd to give; it stays this pair's. */
    public synchronized int sandboxEnd() {
        return ends[1];
    }

    /** When it has another owner too, whose end is to be noticed at the other one. */
    public synchronized void closeSandboxEnd() {
        close(1);
    }

    /** When each end has another owner too, or none. */
    @Override
    public synchronized void close() {
        close(0);
        close(1);
    }

    private void close(int end) {
        if (ends[end] >= 0) {
            NativeSockets.close(ends[end]);
            ends[end] = -1;
        }
    }
}
