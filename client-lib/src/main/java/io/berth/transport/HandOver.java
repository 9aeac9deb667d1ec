package io.berth.transport;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Gives file descriptors to a process that is being started, because the JDK's ProcessBuilder passes none but the standard
 * streams: its standard input is one end of a pair of sockets, on which the real standard input and the others follow. Nobody
 * else can come for them. Owns the pair. For one thread.
 */
public final class HandOver implements AutoCloseable {
    private final SocketPair pair;

    private HandOver(SocketPair pair) {
        this.pair = pair;
    }

    /** @throws IOException when no more files can be opened */
    public static HandOver open() throws IOException {
        return new HandOver(SocketPair.open());
    }

    /**
     * Starts the process that will be given something; meanwhile no other thread may start one or read the standard input.
     *
     * @param builder whose program receives at its standard input before it reads it
     */
    public Process start(ProcessBuilder builder) throws IOException {
        int input = NativeSockets.duplicate(NativeSockets.STANDARD_INPUT);
        try {
            NativeSockets.duplicateTo(pair.sandboxEnd(), NativeSockets.STANDARD_INPUT);
            try {
                return builder.redirectInput(ProcessBuilder.Redirect.INHERIT).start();
            } finally {
                NativeSockets.duplicateTo(input, NativeSockets.STANDARD_INPUT);
                pair.closeSandboxEnd();
            }
        } finally {
            NativeSockets.close(input);
        }
    }

    /**
     * Gives it one byte with the standard input of this process and these.
     *
     * @param fds borrowed
     * @throws IOException when the process is gone
     */
    public void give(int[] fds) throws IOException {
        int[] all = new int[1 + fds.length];
        all[0] = NativeSockets.STANDARD_INPUT;
        System.arraycopy(fds, 0, all, 1, fds.length);
        Envelope envelope = new Envelope();
        envelope.put(new byte[1], 0, 1, all);
        NativeSockets.send(pair.helperEnd(), envelope.address(), NativeSockets.NO_SIGNAL);
    }

    /** Opens a file only to be referred to (open(2), O_PATH). @return a close-on-exec fd that the caller owns */
    public static int refer(Path file) throws IOException {
        return NativeSockets.openPath(file);
    }

    /** Closes an fd of {@link #refer}. */
    public static void forget(int fd) {
        NativeSockets.close(fd);
    }

    /** Who waits to be given something finds the end of its input. */
    @Override
    public void close() {
        pair.close();
    }
}
