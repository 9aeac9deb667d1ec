package io.berth.transport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Gives file descriptors to a process that comes for them, because the JDK's ProcessBuilder passes none: waits at a socket in a
 * directory of its own, which only this user can enter. Owns socket and directory. For one thread.
 */
public final class HandOver implements AutoCloseable {
    /** Milliseconds of one look for whether the process has come. */
    private static final int LOOK_MS = 20;

    private final Path directory;
    private final int listener;

    private HandOver(Path directory, int listener) {
        this.directory = directory;
        this.listener = listener;
    }

    /** @param parent a directory that the process can see too, such as XDG_RUNTIME_DIR */
    public static HandOver open(Path parent) throws IOException {
        Path directory = Files.createTempDirectory(parent, "berth-run");
        try {
            return new HandOver(directory, NativeSockets.listen(directory.resolve("fds"), LOOK_MS));
        } catch (IOException failure) {
            Files.deleteIfExists(directory.resolve("fds"));
            Files.delete(directory);
            throw failure;
        }
    }

    /** Where to come. */
    public Path path() {
        return directory.resolve("fds");
    }

    /**
     * Waits a moment for the process, and gives it one byte with these.
     *
     * @param fds borrowed
     * @return whether it has come
     */
    public boolean tryGive(int[] fds) throws IOException {
        int connection = NativeSockets.accept(listener);
        if (connection < 0) {
            return false;
        }
        try {
            Envelope envelope = new Envelope();
            envelope.put(new byte[1], 0, 1, fds);
            NativeSockets.send(connection, envelope.address(), NativeSockets.NO_SIGNAL);
        } finally {
            NativeSockets.close(connection);
        }
        return true;
    }

    /** Opens a file only to be referred to (open(2), O_PATH). @return a close-on-exec fd that the caller owns */
    public static int refer(Path file) throws IOException {
        return NativeSockets.openPath(file);
    }

    /** Closes an fd of {@link #refer}. */
    public static void forget(int fd) {
        NativeSockets.close(fd);
    }

    @Override
    public void close() throws IOException {
        NativeSockets.close(listener);
        Files.deleteIfExists(path());
        Files.delete(directory);
    }
}
