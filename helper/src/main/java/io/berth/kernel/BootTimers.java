package io.berth.kernel;

/**
 * Timers that go on while the machine sleeps (CLOCK_BOOTTIME), for what must not last longer because somebody closed the lid:
 * those that came due meanwhile run as soon as it wakes up. The loop's own timers stand still then. Holds one timer fd while
 * a timer is waiting. Loop thread.
 */
public final class BootTimers {
    private final Kernel kernel;
    private final EventLoop loop;
    private final TimerHeap timers = new TimerHeap();
    private int fd = -1;
    private EventLoop.Watch watch;

    public BootTimers(Kernel kernel, EventLoop loop) {
        this.kernel = kernel;
        this.loop = loop;
    }

    /**
     * @param delayNs nanoseconds, above 0
     * @throws KernelException when there is no fd for it; nothing is waiting then
     */
    public EventLoop.Timer schedule(long delayNs, Runnable task) {
        if (fd < 0) {
            open();
        }
        EventLoop.Timer timer = timers.add(kernel.bootTimeNs(), delayNs, task);
        follow();
        return () -> {
            timer.cancel();
            follow();
        };
    }

    private void open() {
        int opened = kernel.openBootTimer();
        try {
            watch = loop.watch(opened, Poller.READ, events -> runDue());
            fd = opened;
        } catch (KernelException unwatched) {
            kernel.close(opened);
            throw unwatched;
        }
    }

    private void runDue() {
        long mark = timers.mark();
        long nowNs = kernel.bootTimeNs();
        try {
            Runnable task;
            while ((task = timers.takeDue(nowNs, mark)) != null) {
                task.run();
            }
        } finally {
            follow();
        }
    }

    /** Arms the fd for the first timer, or lets it go with the last one. Arming makes it unreadable again. */
    private void follow() {
        if (fd >= 0 && timers.isEmpty()) {
            watch.cancel();
            kernel.close(fd);
            fd = -1;
        } else if (fd >= 0) {
            long nowNs = kernel.bootTimeNs();
            kernel.armBootTimer(fd, nowNs + Math.max(1, timers.untilFirstNs(nowNs)));
        }
    }
}
