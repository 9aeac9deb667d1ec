package io.berth.kernel.linux;

import io.berth.kernel.Cgroups;
import io.berth.kernel.EventLoop;
import io.berth.kernel.Poller;

/**
 * A cgroup of version 2, whose {@code cgroup.events} says whether it or one below it has processes, and when that changes
 * (Linux, Documentation/admin-guide/cgroup-v2.rst, "[Un]populated Notification"). The file is kept open: the kernel tells
 * of changes since the last read of this very open file. It may leave out all but the last of several changes within 10 ms;
 * whether processes have come and gone meanwhile, the processor time tells that was used in the cgroup. (That the file says
 * the same again does not: so it does after a freeze and a thaw, as when the machine was suspended.)
 */
final class EventCgroup extends WatchedCgroup {
    private static final long UNKNOWN = -1;
    private static final String USAGE = "usage_usec ";

    private final LinuxCgroups all;
    private int eventsFd = -1;
    private EventLoop.Watch watch;
    /** {@code usage_usec} before there were processes; negative when not known. */
    private long usedUs = UNKNOWN;

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
        boolean populated = isPopulated(all.files().text(length));
        watch = all.loop().watch(fd, Poller.PRIORITY, events -> onChange());
        usedUs = populated ? UNKNOWN : readUsage(found.directoryFd(), "cpu.stat");
        return populated;
    }

    /** Of this cgroup and all below it, also where no processor time is controlled (cgroup-v2.rst, "cpu.stat"). */
    private long readUsage(int directoryFd, String name) {
        int fd = all.files().openFile(directoryFd, name);
        if (fd < 0) {
            return UNKNOWN;
        }
        int length = all.files().read(fd);
        all.kernel().close(fd);
        String text = length < 0 ? "" : all.files().text(length);
        return text.startsWith(USAGE) ? Long.parseLong(text.substring(USAGE.length(), text.indexOf('\n'))) : UNKNOWN;
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
        look();
        if (!isCancelled() && !wasPopulated() && usedUs != UNKNOWN && readUsage(LinuxFiles.AT_FDCWD, path() + "/cpu.stat") > usedUs) {
            onOver(); // processes have come and gone since it was looked at
        }
    }

    @Override
    void look() {
        int length = all.files().read(eventsFd);
        if (length == -Libc.ENODEV) {
            onOver(); // removed
        } else if (length >= 0) { // else for lack of memory: the change is told again
            onLook(isPopulated(all.files().text(length)));
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
