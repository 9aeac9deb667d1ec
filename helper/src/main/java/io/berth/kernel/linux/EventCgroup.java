package io.berth.kernel.linux;

import io.berth.kernel.Cgroups;
import io.berth.kernel.EventLoop;
import io.berth.kernel.Poller;

/**
 * A cgroup of version 2, whose {@code cgroup.events} says whether it or one below it has processes, and when that changes
 * (Linux, Documentation/admin-guide/cgroup-v2.rst, "[Un]populated Notification"). The file is kept open: the kernel tells
 * of changes since the last read of this very open file. It may leave out all but the last of several changes within 10 ms.
 */
final class EventCgroup extends WatchedCgroup {
    private final LinuxCgroups all;
    private int eventsFd = -1;
    private EventLoop.Watch watch;
    private String last = "";

    EventCgroup(LinuxCgroups all, CgroupFinder.Found found, Cgroups.Listener listener) {
        super(all, found, listener);
        this.all = all;
    }

    @Override
    boolean openFiles(CgroupFinder.Found found) {
        int fd = all.files().openFile(found.directoryFd(), "cgroup.events");
        if (fd < 0) {
            throw refusal(found.path(), -fd);
        }
        eventsFd = fd;
        int length = all.files().read(fd);
        if (length < 0) {
            throw refusal(found.path(), -length);
        }
        last = all.files().text(length);
        watch = all.loop().watch(fd, Poller.PRIORITY, events -> onChange());
        return isPopulated(last);
    }

    private RuntimeException refusal(String path, int errno) {
        return errno == Libc.ENODEV || errno == Libc.ENOENT
                ? new IllegalArgumentException("cgroup '" + path + "' was removed just now")
                : all.libc().failure("open " + path + "/cgroup.events", errno);
    }

    private static boolean isPopulated(String events) {
        return events.contains("populated 1");
    }

    private void onChange() {
        String before = last;
        last = "";
        look();
        if (!isCancelled() && last.equals(before) && !isPopulated(last)) {
            // it has changed and changed back: the processes came and went since the last look
            onOver();
        }
    }

    @Override
    void look() {
        int length = all.files().read(eventsFd);
        if (length == -Libc.ENODEV) {
            onOver(); // removed
        } else if (length >= 0) { // else for lack of memory: the change is told again
            last = all.files().text(length);
            onLook(isPopulated(last));
        }
    }

    @Override
    boolean isGuarded() {
        return true;
    }

    @Override
    void closeFiles() {
        if (watch != null) {
            watch.cancel();
        }
        if (eventsFd >= 0) {
            all.kernel().close(eventsFd);
        }
    }
}
