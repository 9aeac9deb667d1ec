package io.berth.kernel.linux;

import io.berth.kernel.Cgroups;
import io.berth.kernel.EventLoop;
import io.berth.kernel.Kernel;
import io.berth.kernel.NativeBuffer;
import io.berth.kernel.Poller;
import io.berth.kernel.Sockets;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The system calls of Linux through jffi, on x86-64 and aarch64. Sockets are {@link LinuxSockets}' job, waiting is
 * {@link Epoll}'s. Thread-safe; owns nothing but a few words of memory.
 */
public final class LinuxKernel implements Kernel {
    /** O_NONBLOCK, also as SOCK_NONBLOCK and EFD_NONBLOCK. */
    static final int NONBLOCK = 0x800;
    /** O_CLOEXEC, also as SOCK_CLOEXEC, EFD_CLOEXEC and EPOLL_CLOEXEC. */
    static final int CLOEXEC = 0x80000;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int RLIMIT_NOFILE = 7;
    private static final int CLOCK_BOOTTIME = 7;
    private static final int TFD_TIMER_ABSTIME = 1;
    private static final int LONGEST_MOUNTINFO = 256 << 10;
    private static final long NS_PER_S = 1_000_000_000;

    private final Libc libc;
    private final long close;
    private final long eventfd;
    private final long eventfdWrite;
    private final long eventfdRead;
    private final NativeBuffer eventCount;

    /** @throws IllegalStateException when the native library cannot be loaded */
    public LinuxKernel() {
        this(new Libc());
    }

    LinuxKernel(Libc libc) {
        this.libc = libc;
        close = libc.function("close");
        eventfd = libc.function("eventfd");
        eventfdWrite = libc.function("eventfd_write");
        eventfdRead = libc.function("eventfd_read");
        eventCount = allocate(8);
    }

    @Override
    public Sockets sockets() {
        return new LinuxSockets(libc, this, Sockets.MAX_FDS);
    }

    @Override
    public Poller openPoller() {
        return new Epoll(libc, this);
    }

    @Override
    public Cgroups openCgroups(EventLoop loop) {
        return new LinuxCgroups(libc, this, loop);
    }

    @Override
    public void checkProcessFd(int fd) {
        ProcessFds.check(fd);
    }

    @Override
    public NativeBuffer allocate(int capacity) {
        // not ByteBuffer.allocateDirect, which writes zeros to every page
        long address = libc.memory().allocateMemory(capacity, false);
        if (address == 0) {
            throw new OutOfMemoryError(capacity + " bytes outside the heap");
        }
        return new NativeBuffer(libc.memory().newDirectByteBuffer(address, capacity).order(ByteOrder.nativeOrder()), address);
    }

    @Override
    public int openEvent() {
        int fd = libc.call(eventfd, 0, NONBLOCK | CLOEXEC);
        if (fd < 0) {
            throw libc.failure("eventfd");
        }
        return fd;
    }

    @Override
    public void signalEvent(int eventFd) {
        while (libc.call(eventfdWrite, eventFd, 1) < 0) {
            int errno = libc.errno();
            if (errno == Libc.EAGAIN) {
                return; // the counter is at its end, so it is readable
            }
            if (errno != Libc.EINTR) {
                throw libc.failure("eventfd_write " + eventFd, errno);
            }
        }
    }

    @Override
    public void clearEvent(int eventFd) {
        while (libc.call(eventfdRead, eventFd, eventCount.address()) < 0) {
            int errno = libc.errno();
            if (errno == Libc.EAGAIN) {
                return; // nobody had signalled
            }
            if (errno != Libc.EINTR) {
                throw libc.failure("eventfd_read " + eventFd, errno);
            }
        }
    }

    @Override
    public long bootTimeNs() {
        try (Scratch time = new Scratch(libc, 16)) {
            if (libc.call(libc.function("clock_gettime"), CLOCK_BOOTTIME, time.address()) < 0) {
                throw libc.failure("clock_gettime CLOCK_BOOTTIME");
            }
            return time.getLong(0) * NS_PER_S + time.getLong(8);
        }
    }

    @Override
    public int openBootTimer() {
        int fd = libc.call(libc.function("timerfd_create"), CLOCK_BOOTTIME, NONBLOCK | CLOEXEC);
        if (fd < 0) {
            throw libc.failure("timerfd_create");
        }
        return fd;
    }

    @Override
    public void armBootTimer(int fd, long dueNs) {
        try (Scratch times = new Scratch(libc, 32)) {
            times.putLong(16, dueNs / NS_PER_S);
            times.putLong(24, dueNs % NS_PER_S);
            if (libc.call(libc.function("timerfd_settime"), fd, TFD_TIMER_ABSTIME, times.address(), 0) < 0) {
                throw libc.failure("timerfd_settime " + fd);
            }
        }
    }

    @Override
    public int[] pipe() {
        try (Scratch fds = new Scratch(libc, 8)) {
            if (libc.call(libc.function("pipe2"), fds.address(), NONBLOCK | CLOEXEC) < 0) {
                throw libc.failure("pipe2");
            }
            return new int[] {fds.getInt(0), fds.getInt(4)};
        }
    }

    @Override
    public int duplicate(int fd) {
        int copy = libc.call(libc.function("fcntl"), fd, F_DUPFD_CLOEXEC, 0);
        if (copy < 0) {
            throw libc.failure("fcntl F_DUPFD_CLOEXEC " + fd);
        }
        return copy;
    }

    @Override
    public void close(int fd) {
        libc.call(close, fd); // close(2): the fd is gone whatever the result, also after EINTR
    }

    @Override
    public boolean isMountedReadOnly(int processId, String path) {
        try (InputStream file = Files.newInputStream(Path.of("/proc", String.valueOf(processId), "mountinfo"))) {
            byte[] mounts = file.readNBytes(LONGEST_MOUNTINFO + 1);
            if (mounts.length > LONGEST_MOUNTINFO) {
                return false; // what follows may cover what was found
            }
            boolean readOnly = false;
            for (String mount : new String(mounts, StandardCharsets.ISO_8859_1).split("\n")) {
                String[] fields = mount.split(" ", 7);
                if (fields.length == 7 && fields[4].equals(path)) {
                    readOnly = Arrays.asList(fields[5].split(",")).contains("ro"); // a later one covers an earlier one
                }
            }
            return readOnly;
        } catch (IOException goneOrForbidden) {
            return false;
        }
    }

    @Override
    public long raiseFileLimit() {
        try (Scratch limit = new Scratch(libc, 16)) {
            if (libc.call(libc.function("getrlimit"), RLIMIT_NOFILE, limit.address()) < 0) {
                throw libc.failure("getrlimit RLIMIT_NOFILE");
            }
            long hard = limit.getLong(8);
            if (limit.getLong(0) != hard) {
                limit.putLong(0, hard);
                if (libc.call(libc.function("setrlimit"), RLIMIT_NOFILE, limit.address()) < 0) {
                    throw libc.failure("setrlimit RLIMIT_NOFILE " + hard);
                }
            }
            return hard;
        }
    }

    @Override
    public int userId() {
        return libc.call(libc.function("geteuid"));
    }

    @Override
    public int processId() {
        return libc.call(libc.function("getpid"));
    }
}
