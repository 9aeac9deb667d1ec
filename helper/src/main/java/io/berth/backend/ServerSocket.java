package io.berth.backend;

import io.berth.kernel.Kernel;
import io.berth.kernel.KernelException;
import io.berth.kernel.Sockets;
import io.berth.kernel.UnixAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The listening socket of one server: made in the helper's directory, or bound by the creator, who then keeps the file. Whoever
 * serves it takes the fd.
 */
final class ServerSocket {
    /** Clients that may wait to be accepted; listen(2) cuts it to net.core.somaxconn. */
    private static final int BACKLOG = 128;
    /** errno(3) of what Java does not tell. */
    private static final int EIO = 5;

    private final int fd;
    private final UnixAddress address;
    private final boolean isOurs;

    private ServerSocket(int fd, UnixAddress address, boolean isOurs) {
        this.fd = fd;
        this.address = address;
        this.isOurs = isOurs;
    }

    /** @throws io.berth.kernel.KernelException when it cannot be made; nothing is left behind then */
    static ServerSocket make(Sockets sockets, Path path) {
        return new ServerSocket(sockets.listen(path, BACKLOG), new UnixAddress(path.toString(), false), true);
    }

    /**
     * @param given borrowed: the fd is a duplicate of it
     * @throws IllegalArgumentException naming what it is instead of a bound stream socket
     */
    static ServerSocket adopt(Kernel kernel, Sockets sockets, int given) {
        UnixAddress address = sockets.adopt(given, BACKLOG);
        return new ServerSocket(kernel.duplicate(given), address, false);
    }

    /** To be taken by one who serves it. */
    int fd() {
        return fd;
    }

    UnixAddress address() {
        return address;
    }

    /** Removes the file if it was made here; does nothing when it is gone. @throws KernelException when it stays */
    void unlink() {
        if (isOurs) {
            try {
                Files.deleteIfExists(Path.of(address.name()));
            } catch (IOException failure) {
                throw new KernelException("remove " + address, EIO, failure.getMessage());
            }
        }
    }
}
