package io.berth.kernel;

import java.nio.file.Path;

/**
 * Unix stream sockets, all non-blocking and close-on-exec. What a caller must expect is a return value; everything else
 * is a {@link KernelException}. File descriptors are plain ints; each method says who owns them. {@link #receive} and
 * {@link #send} are for one thread and allocate nothing; the other methods may be called from any thread.
 */
public interface Sockets {
    /** The operation cannot go on now: EAGAIN. */
    int WOULD_BLOCK = -1;
    /** The other side is gone: ECONNRESET, EPIPE, ENOTCONN. */
    int CLOSED = -2;
    /** Too many file descriptors of this user are on their way: ETOOMANYREFS. No event tells when it works again. */
    int TOO_MANY_FDS = -3;
    /** SCM_MAX_FD of the kernel: as many fds as one message can carry. */
    int MAX_FDS = 253;

    /**
     * A new listening socket at {@code path}, mode 0600 from its first moment (the mode is set on the fd before bind).
     *
     * @return an fd that the caller owns
     * @throws KernelException EADDRINUSE when something is there already
     * @throws IllegalArgumentException the path is longer than 107 bytes
     */
    int listen(Path path, int backlog);

    /**
     * Listens on a socket that somebody else has bound; one that listens already goes on with this backlog. Its open file
     * description becomes non-blocking, for everybody who shares it.
     *
     * @param fd borrowed; nothing is changed when this throws
     * @return how it is bound
     * @throws IllegalArgumentException it is no unix stream socket, not bound, or connected
     */
    UnixAddress adopt(int fd, int backlog);

    /**
     * Checks a socket that somebody else has connected.
     *
     * @param fd borrowed
     * @throws IllegalArgumentException naming what it is instead of a connected unix stream socket
     */
    void checkConnected(int fd);

    /** Makes {@link #lastSender} known for what is received there from now on (SO_PASSCRED, unix(7)). @param fd borrowed */
    void passCredentials(int fd);

    /**
     * @return the process that sent what the last {@link #receive} brought, as the kernel says; 0 when it does not, as for
     *     bytes that were sent before {@link #passCredentials}
     */
    int lastSender();

    /**
     * @return an fd that the caller owns; {@link #WOULD_BLOCK} when nobody waits (also ECONNABORTED, EINTR); {@link #CLOSED}
     *     when somebody has shut the socket down (EINVAL)
     * @throws KernelException EMFILE, ENFILE and the like
     */
    int accept(int listenFd);

    /**
     * @return a connected fd that the caller owns; {@link #WOULD_BLOCK} when the listener's backlog is full: try again later
     * @throws KernelException ENOENT, ECONNREFUSED, EACCES and the like
     * @throws IllegalArgumentException the name is empty, longer than 107 bytes, or a path with a NUL
     */
    int connect(UnixAddress address);

    /**
     * Reads once (recvmsg with MSG_CMSG_CLOEXEC).
     *
     * @param arrived gets the fds that came; the caller owns them. Also when the result is {@link #CLOSED}. Null where nobody wants
     *     any: then the kernel takes none in, and what came with them is read all the same
     * @return bytes read, 1 or more; 0 at end of stream; {@link #WOULD_BLOCK}; {@link #CLOSED}, also for MSG_CTRUNC
     *     (some of the fds could not be taken in, as at the limit of open files)
     */
    int receive(int fd, long address, int length, FdQueue arrived);

    /**
     * Writes once (sendmsg with MSG_NOSIGNAL).
     *
     * @param fds   borrowed; sent with the first byte when the result is 1 or more, not at all otherwise
     * @param count how many of {@code fds} to send, 0 to {@link #MAX_FDS}
     * @return bytes written, 1 or more; {@link #WOULD_BLOCK}; {@link #TOO_MANY_FDS}; {@link #CLOSED}
     */
    int send(int fd, long address, int length, int[] fds, int count);

    /** @return credentials whose {@code pidFd} the caller owns */
    PeerCredentials peerCredentials(int fd);

    /** Two connected sockets, each owned by the caller. */
    int[] pair();
}
