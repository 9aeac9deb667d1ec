package io.berth.kernel.linux;

import io.berth.kernel.Cgroups;
import io.berth.kernel.EventLoop;
import io.berth.kernel.KernelException;
import io.berth.kernel.Poller;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A cgroup of version 1, which tells nobody when it gets empty. {@link CgroupRounds} has it looked at again and again; a
 * pidfd of one of its processes, where the kernel has pidfds, tells at once when that one ends, and the next is taken. The
 * directory is kept open, but not {@code cgroup.procs}: an open one repeats what it has said for a second after each read
 * (Linux, kernel/cgroup/cgroup-v1.c, CGROUP_PIDLIST_DESTROY_DELAY), so it would never learn anything when read more often.
 * Processes that come and go between two looks are not noticed. One look goes through so many cgroups below and no more: who
 * has made more has a server that does not end by this cgroup, and keeps nobody else waiting.
 */
final class PolledCgroup extends WatchedCgroup {
    private static final int PIDFD_OPEN = 434;
    /** Processes that end faster than this one after the other are left to the rounds. */
    private static final long SHORTEST_GAP_NS = 10_000_000L;
    private static final int NOBODY = 0;
    private static final int REMOVED = -1;
    /** Cgroups below that one look goes through, and how deep. */
    private static final int MOST_BELOW = 1_000;
    private static final int DEEPEST = 50;
    /** Links of a directory without directories in it. */
    private static final int LEAF_LINKS = 2;

    private final LinuxCgroups all;
    private int directoryFd = -1;
    private int guardPid;
    private int guardFd = -1;
    private EventLoop.Watch guard;
    private long lastLookNs;
    private int seen;

    PolledCgroup(LinuxCgroups all, CgroupFinder.Found found, Cgroups.Listener listener) {
        super(all, found, listener);
        this.all = all;
    }

    @Override
    boolean openFiles(CgroupFinder.Found found) {
        directoryFd = all.kernel().duplicate(found.directoryFd());
        int member = findMember();
        if (member == REMOVED) {
            throw new IllegalArgumentException("cgroup '" + found.path() + "' was removed just now");
        }
        guard(member);
        all.rounds().add(this);
        return member != NOBODY;
    }

    @Override
    void look() {
        lastLookNs = all.loop().nowNs();
        int member;
        try {
            member = findMember();
        } catch (KernelException unknown) {
            return; // for lack of something; the next round looks again
        }
        if (member == REMOVED) {
            onOver();
            return;
        }
        if (member != guardPid || guardFd < 0) {
            dropGuard();
            guard(member);
        }
        onLook(member != NOBODY);
    }

    /**
     * @return some process in it or below it, {@link #NOBODY} or {@link #REMOVED}
     * @throws KernelException it cannot be known now
     */
    private int findMember() {
        int member = firstProcess(directoryFd);
        if (member == NOBODY && all.files().links(directoryFd) > LEAF_LINKS) {
            member = findBelow();
            // the second time for one that has moved from where we had not yet looked to where we had
            return member == NOBODY ? findBelow() : member;
        }
        return member;
    }

    private int findBelow() {
        try {
            seen = 0;
            return findIn(Path.of("/proc/self/fd/" + directoryFd + "/."), 1);
        } catch (IOException | DirectoryIteratorException unreadable) {
            throw new KernelException("list " + path(), Libc.EMFILE, unreadable.getMessage());
        }
    }

    private int findIn(Path directory, int depth) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, entry -> Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS))) {
            for (Path entry : entries) {
                if (++seen > MOST_BELOW || depth > DEEPEST) {
                    throw new KernelException("look below " + path(), Libc.E2BIG, "more than " + MOST_BELOW + " cgroups, or more than "
                            + DEEPEST + " levels");
                }
                int fd = all.files().openDirectory(LinuxFiles.AT_FDCWD, entry.toString());
                if (fd == -Libc.ENOENT || fd == -Libc.ENODEV) {
                    continue; // removed meanwhile, so it was empty
                }
                if (fd < 0) {
                    fail("open", -fd);
                }
                int member;
                try {
                    member = firstProcess(fd);
                } finally {
                    all.kernel().close(fd);
                }
                if (member <= NOBODY) {
                    member = findIn(entry, depth + 1);
                }
                if (member > NOBODY) {
                    return member;
                }
            }
        } catch (NoSuchFileException removedMeanwhile) {
            return NOBODY;
        }
        return NOBODY;
    }

    private int firstProcess(int directory) {
        int fd = all.files().openFile(directory, "cgroup.procs");
        if (fd < 0) {
            return fd == -Libc.ENOENT || fd == -Libc.ENODEV ? REMOVED : fail("open", -fd);
        }
        try {
            int length = all.files().read(fd);
            if (length < 0) {
                return length == -Libc.ENODEV ? REMOVED : fail("read", -length);
            }
            int pid = 0;
            for (int i = 0; i < length && all.files().bytes().get(i) != '\n'; i++) {
                pid = pid * 10 + all.files().bytes().get(i) - '0';
            }
            return pid;
        } finally {
            all.kernel().close(fd);
        }
    }

    private int fail(String call, int errno) {
        throw all.libc().failure(call + " " + path() + "/cgroup.procs", errno);
    }

    /** A pid that another process has got meanwhile does no harm: the rounds go on. */
    private void guard(int pid) {
        if (pid <= NOBODY) {
            return;
        }
        int fd = all.libc().call(all.libc().function("syscall"), PIDFD_OPEN, pid, 0);
        if (fd < 0) {
            return; // ended already, or a kernel before 5.3, or no fd left
        }
        guardFd = fd;
        guardPid = pid;
        try {
            guard = all.loop().watch(fd, Poller.READ, events -> onGuardEnded());
        } catch (KernelException full) {
            dropGuard();
        }
    }

    private void dropGuard() {
        if (guard != null) {
            guard.cancel();
            guard = null;
        }
        if (guardFd >= 0) {
            all.kernel().close(guardFd);
            guardFd = -1;
        }
    }

    private void onGuardEnded() {
        dropGuard();
        if (all.loop().nowNs() - lastLookNs >= SHORTEST_GAP_NS) {
            look();
        }
        if (!isCancelled() && guardFd < 0) {
            all.rounds().onUnguarded();
        }
    }

    @Override
    boolean isGuarded() {
        return guardFd >= 0;
    }

    @Override
    void closeFiles() {
        dropGuard();
        if (directoryFd >= 0) {
            all.kernel().close(directoryFd);
            directoryFd = -1;
        }
    }
}
