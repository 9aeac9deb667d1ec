package io.berth.kernel.linux;

import io.berth.kernel.NativeBuffer;
import io.berth.kernel.Poller;
import java.nio.ByteBuffer;

/** epoll(7). Owns its epoll fd and the memory for the events; the fds that it watches belong to others. For one thread. */
final class Epoll implements Poller {
    private static final int BATCH = 256;
    private static final int CTL_ADD = 1;
    private static final int CTL_DEL = 2;
    private static final int CTL_MOD = 3;
    /** struct epoll_event is packed on x86-64 only (epoll_ctl(2) and sys/epoll.h). */
    private static final boolean PACKED = System.getProperty("os.arch").equals("amd64");
    private static final int EVENT_SIZE = PACKED ? 12 : 16;
    private static final int DATA_OFFSET = PACKED ? 4 : 8;

    private final Libc libc;
    private final LinuxKernel kernel;
    private final long epollWait;
    private final long epollCtl;
    private final NativeBuffer memory;
    private final ByteBuffer events;
    private final long changeAddress;
    private int fd;

    Epoll(Libc libc, LinuxKernel kernel) {
        this.libc = libc;
        this.kernel = kernel;
        epollWait = libc.function("epoll_wait");
        epollCtl = libc.function("epoll_ctl");
        memory = kernel.allocate((BATCH + 1) * EVENT_SIZE);
        events = memory.bytes();
        changeAddress = memory.address() + BATCH * EVENT_SIZE;
        fd = libc.call(libc.function("epoll_create1"), LinuxKernel.CLOEXEC);
        if (fd < 0) {
            throw libc.failure("epoll_create1");
        }
    }

    @Override
    public void add(int fd, int interest, int token) {
        change(CTL_ADD, "add", fd, interest, token);
    }

    @Override
    public void modify(int fd, int interest, int token) {
        change(CTL_MOD, "modify", fd, interest, token);
    }

    @Override
    public void remove(int fd) {
        change(CTL_DEL, "remove", fd, 0, 0);
    }

    private void change(int operation, String name, int watched, int interest, int token) {
        int change = BATCH * EVENT_SIZE;
        events.putInt(change, interest);
        events.putInt(change + DATA_OFFSET, token);
        if (libc.call(epollCtl, fd, operation, watched, changeAddress) < 0) {
            throw libc.failure("epoll_ctl " + name + " fd " + watched);
        }
    }

    @Override
    public int await(int timeoutMs) {
        int ready;
        while ((ready = libc.call(epollWait, fd, memory.address(), BATCH, timeoutMs)) < 0) {
            int errno = libc.errno();
            if (errno != Libc.EINTR) {
                throw libc.failure("epoll_wait", errno);
            }
            if (timeoutMs >= 0) {
                return 0;
            }
        }
        return ready;
    }

    @Override
    public int token(int event) {
        return events.getInt(event * EVENT_SIZE + DATA_OFFSET);
    }

    @Override
    public int events(int event) {
        return events.getInt(event * EVENT_SIZE);
    }

    @Override
    public void close() {
        if (fd >= 0) {
            kernel.close(fd);
            fd = -1;
        }
    }
}
