package io.berth.tests.raw;

import static io.berth.tests.raw.Libc.LIBC;
import static io.berth.tests.raw.Libc.RUNTIME;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;

/**
 * A unix stream socket that sends and takes bytes and file descriptors, each wait with an end. It owns its socket and the
 * fds that came and were not taken, and closes both. One thread may send while another receives.
 */
public final class RawSocket implements AutoCloseable {
    /** {@link #receive} came to the end of the stream. */
    public static final int END = -1;
    /** Nothing came in time. */
    public static final int TIMEOUT = -2;

    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM_CLOEXEC = 1 | 02000000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVBUF = 8;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int POLLIN = 1;
    private static final int POLLOUT = 4;
    private static final int CHUNK = 256 * 1024;
    private static final int CONTROL = 16 + 4 * 253 + 4;

    private final int fd;
    private final Direction in = new Direction();
    private final Direction out = new Direction();
    private final Deque<Integer> arrived = new ArrayDeque<>();
    private boolean closed;

    /** The memory of one direction: msghdr, iovec, control and data, so that each has a thread of its own. */
    private static final class Direction {
        private final Pointer header = Memory.allocateDirect(RUNTIME, 56, true);
        private final Pointer vector = Memory.allocateDirect(RUNTIME, 16, true);
        private final Pointer control = Memory.allocateDirect(RUNTIME, CONTROL, true);
        private final Pointer data = Memory.allocateDirect(RUNTIME, CHUNK);
        private final Pointer poll = Memory.allocateDirect(RUNTIME, 8, true);

        private Pointer message(int length, int controlLength) {
            vector.putAddress(0, data.address());
            vector.putLong(8, length);
            header.putAddress(16, vector.address());
            header.putLong(24, 1);
            header.putAddress(32, controlLength == 0 ? 0 : control.address());
            header.putLong(40, controlLength);
            return header;
        }
    }

    /** @param fd connected; owned from now on */
    public RawSocket(int fd) {
        this.fd = fd;
    }

    /** @throws IllegalStateException when nobody listens there, errno in its message */
    public static RawSocket connect(Path path) {
        int fd = check(LIBC.socket(AF_UNIX, SOCK_STREAM_CLOEXEC, 0), "socket");
        byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
        Pointer address = Memory.allocateDirect(RUNTIME, 110, true);
        address.putShort(0, (short) AF_UNIX);
        address.put(2, name, 0, name.length);
        if (LIBC.connect(fd, address, 2 + name.length + 1) < 0) {
            int errno = Libc.errno();
            LIBC.close(fd);
            throw new IllegalStateException("connect " + path + ": errno " + errno);
        }
        return new RawSocket(fd);
    }

    public static RawSocket[] pair() {
        int[] fds = new int[2];
        check(LIBC.socketpair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, fds), "socketpair");
        return new RawSocket[] {new RawSocket(fds[0]), new RawSocket(fds[1])};
    }

    public int fd() {
        return fd;
    }

    /** Makes the kernel hold little for us (SO_RCVBUF). @param bytes at least what the kernel rounds up to */
    public RawSocket receiveBuffer(int bytes) {
        check(LIBC.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, new int[] {bytes}, 4), "setsockopt");
        return this;
    }

    /** Sends everything; the fds go with the first byte. @throws IllegalStateException closed by the other side, or timeout */
    public void send(byte[] bytes, Duration timeout, int... fds) {
        long deadline = System.nanoTime() + timeout.toNanos();
        int sent = 0;
        while (sent < bytes.length) {
            int count = trySend(bytes, sent, sent == 0 ? fds : new int[0]);
            if (count == 0 && !ready(out, POLLOUT, deadline)) {
                throw new IllegalStateException("the other side took " + sent + " of " + bytes.length + " bytes in " + timeout);
            }
            sent += count;
        }
    }

    /**
     * Sends once what the socket takes now.
     *
     * @return bytes taken, 0 when it is full
     * @throws IllegalStateException the other side is gone
     */
    public int trySend(byte[] bytes, int from, int... fds) {
        int length = Math.min(CHUNK, bytes.length - from);
        out.data.put(0, bytes, from, length);
        int controlLength = 0;
        if (fds.length > 0) {
            out.control.putLong(0, 16 + 4L * fds.length);
            out.control.putInt(8, SOL_SOCKET);
            out.control.putInt(12, SCM_RIGHTS);
            out.control.put(16, fds, 0, fds.length);
            controlLength = 16 + (4 * fds.length + 7 & ~7);
        }
        long result = LIBC.sendmsg(fd, out.message(length, controlLength), MSG_DONTWAIT | MSG_NOSIGNAL);
        int errno = Libc.errno();
        if (result < 0 && errno != Libc.EAGAIN && errno != Libc.EINTR) {
            throw new IllegalStateException("send: errno " + errno);
        }
        return (int) Math.max(result, 0);
    }

    /** @return bytes read, 1 or more; {@link #END} also for a reset; {@link #TIMEOUT} */
    public int receive(byte[] to, int offset, int length, Duration timeout) {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (true) {
            in.header.putInt(48, 0);
            long result = LIBC.recvmsg(fd, in.message(Math.min(CHUNK, length), CONTROL), MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
            int errno = Libc.errno();
            if (result > 0) {
                takeFds();
                in.data.get(0, to, offset, (int) result);
                return (int) result;
            }
            if (result == 0 || errno != Libc.EAGAIN && errno != Libc.EINTR) {
                return END;
            }
            if (!ready(in, POLLIN, deadline)) {
                return TIMEOUT;
            }
        }
    }

    private void takeFds() {
        long length = in.header.getLong(40);
        if (length >= 16 && in.control.getInt(12) == SCM_RIGHTS) {
            for (long at = 16; at < in.control.getLong(0); at += 4) {
                arrived.add(in.control.getInt(at));
            }
        }
    }

    /** Next file descriptor that came; the caller owns it. @throws java.util.NoSuchElementException none left */
    public int takeFd() {
        return arrived.remove();
    }

    public int fdsWaiting() {
        return arrived.size();
    }

    /** shutdown(2) of our sending side: the other side sees the end and may still answer. */
    public void endSending() {
        LIBC.shutdown(fd, 1);
    }

    private boolean ready(Direction direction, int events, long deadline) {
        long leftMs = (deadline - System.nanoTime()) / 1_000_000;
        if (leftMs < 0) {
            return false;
        }
        direction.poll.putInt(0, fd);
        direction.poll.putShort(4, (short) events);
        LIBC.poll(direction.poll, 1, (int) Math.min(leftMs + 1, Integer.MAX_VALUE));
        return true;
    }

    private static int check(int result, String call) {
        if (result < 0) {
            throw new IllegalStateException(call + ": errno " + Libc.errno());
        }
        return result;
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            arrived.forEach(LIBC::close);
            LIBC.close(fd);
        }
    }
}
