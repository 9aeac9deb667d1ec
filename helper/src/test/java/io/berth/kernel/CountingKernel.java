package io.berth.kernel;

import io.berth.kernel.linux.LinuxKernel;
import java.util.concurrent.atomic.AtomicInteger;

/** The real kernel, which counts the waits and changes of its one poller and the wake-ups. */
final class CountingKernel implements Kernel {
    private final Kernel kernel = new LinuxKernel();
    final CountingPoller poller = new CountingPoller(kernel.openPoller());
    final AtomicInteger signals = new AtomicInteger();

    @Override
    public Sockets sockets() {
        return kernel.sockets();
    }

    @Override
    public Poller openPoller() {
        return poller;
    }

    @Override
    public Cgroups openCgroups(EventLoop loop) {
        return kernel.openCgroups(loop);
    }

    @Override
    public void checkProcessFd(int fd) {
        kernel.checkProcessFd(fd);
    }

    @Override
    public NativeBuffer allocate(int capacity) {
        return kernel.allocate(capacity);
    }

    @Override
    public int openEvent() {
        return kernel.openEvent();
    }

    @Override
    public void signalEvent(int eventFd) {
        signals.incrementAndGet();
        kernel.signalEvent(eventFd);
    }

    @Override
    public void clearEvent(int eventFd) {
        kernel.clearEvent(eventFd);
    }

    @Override
    public long bootTimeNs() {
        return kernel.bootTimeNs();
    }

    @Override
    public int openBootTimer() {
        return kernel.openBootTimer();
    }

    @Override
    public void armBootTimer(int fd, long dueNs) {
        kernel.armBootTimer(fd, dueNs);
    }

    @Override
    public int[] pipe() {
        return kernel.pipe();
    }

    @Override
    public int duplicate(int fd) {
        return kernel.duplicate(fd);
    }

    @Override
    public void close(int fd) {
        kernel.close(fd);
    }

    @Override
    public boolean isMountedReadOnly(int processId, String path) {
        return kernel.isMountedReadOnly(processId, path);
    }

    @Override
    public long raiseFileLimit() {
        return kernel.raiseFileLimit();
    }

    @Override
    public int userId() {
        return kernel.userId();
    }

    @Override
    public int processId() {
        return kernel.processId();
    }

    /** Counts what it passes on. */
    static final class CountingPoller implements Poller {
        private final Poller poller;
        final AtomicInteger waits = new AtomicInteger();
        final AtomicInteger changes = new AtomicInteger();

        private CountingPoller(Poller poller) {
            this.poller = poller;
        }

        @Override
        public void add(int fd, int interest, int token) {
            poller.add(fd, interest, token);
        }

        @Override
        public void modify(int fd, int interest, int token) {
            changes.incrementAndGet();
            poller.modify(fd, interest, token);
        }

        @Override
        public void remove(int fd) {
            poller.remove(fd);
        }

        @Override
        public int await(int timeoutMs) {
            waits.incrementAndGet();
            return poller.await(timeoutMs);
        }

        @Override
        public int token(int event) {
            return poller.token(event);
        }

        @Override
        public int events(int event) {
            return poller.events(event);
        }

        @Override
        public void close() {
            poller.close();
        }
    }
}
