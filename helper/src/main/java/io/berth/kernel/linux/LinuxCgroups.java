package io.berth.kernel.linux;

import io.berth.kernel.Cgroups;
import io.berth.kernel.EventLoop;
import io.berth.kernel.Kernel;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Watches cgroups of both versions. Finding one is {@link CgroupFinder}'s job; knowing whether it is empty is
 * {@link EventCgroup}'s or {@link PolledCgroup}'s; {@link RemovalNotices} tells of those that are removed, and
 * {@link CgroupRounds} looks after those of which no event tells. Loop thread.
 */
final class LinuxCgroups implements Cgroups {
    private final EventLoop loop;
    private final Kernel kernel;
    private final Libc libc;
    private final LinuxFiles files;
    private final CgroupFinder finder;
    private final RemovalNotices removals;
    private final CgroupRounds rounds;
    private final Set<WatchedCgroup> watched = new LinkedHashSet<>();

    LinuxCgroups(Libc libc, LinuxKernel kernel, EventLoop loop) {
        this.libc = libc;
        this.kernel = kernel;
        this.loop = loop;
        files = new LinuxFiles(libc, kernel);
        finder = new CgroupFinder(libc, kernel, files);
        removals = new RemovalNotices(libc, kernel, loop);
        rounds = new CgroupRounds(loop);
    }

    @Override
    public Watch watch(String path, Listener listener) {
        CgroupFinder.Found found = finder.find(path);
        try {
            WatchedCgroup cgroup = found.version() == 2 ? new EventCgroup(this, found, listener) : new PolledCgroup(this, found, listener);
            try {
                cgroup.open(found);
            } catch (RuntimeException failure) {
                cgroup.cancel();
                throw failure;
            }
            watched.add(cgroup);
            return cgroup;
        } finally {
            kernel.close(found.parentFd());
            kernel.close(found.directoryFd());
        }
    }

    void forget(WatchedCgroup cgroup) {
        watched.remove(cgroup);
    }

    EventLoop loop() {
        return loop;
    }

    Kernel kernel() {
        return kernel;
    }

    Libc libc() {
        return libc;
    }

    LinuxFiles files() {
        return files;
    }

    RemovalNotices removals() {
        return removals;
    }

    CgroupRounds rounds() {
        return rounds;
    }

    @Override
    public void close() {
        List.copyOf(watched).forEach(WatchedCgroup::cancel);
    }
}
