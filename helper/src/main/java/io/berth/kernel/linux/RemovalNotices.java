package io.berth.kernel.linux;

import io.berth.kernel.EventLoop;
import io.berth.kernel.Kernel;
import io.berth.kernel.NativeBuffer;
import io.berth.kernel.Poller;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Tells when directories are removed, by inotify(7) on the directories that they are in: a cgroup says nothing of its own
 * removal, and may take its last change with it unsaid. One inotify fd, open while there is anything to tell, and one watch
 * for each parent. Loop thread.
 */
final class RemovalNotices {
    private static final int IN_DELETE = 0x200;
    private static final int IN_Q_OVERFLOW = 0x4000;
    private static final int IN_IGNORED = 0x8000;
    private static final int IN_ONLYDIR = 0x1000000;
    private static final int EVENT_HEADER = 16;
    private static final int BUFFER = 16 << 10;

    private final Libc libc;
    private final Kernel kernel;
    private final EventLoop loop;
    private final Map<Integer, Map<String, List<Notice>>> parents = new HashMap<>();
    private NativeBuffer buffer;
    private int inotify = -1;
    private EventLoop.Watch watch;

    /** Runs its task each time the directory may have been removed, until it is cancelled. */
    final class Notice {
        private final int parent;
        private final String name;
        private final Runnable task;
        private boolean cancelled;

        private Notice(int parent, String name, Runnable task) {
            this.parent = parent;
            this.name = name;
            this.task = task;
        }

        void cancel() {
            if (!cancelled) {
                cancelled = true;
                forget(this);
            }
        }
    }

    RemovalNotices(Libc libc, Kernel kernel, EventLoop loop) {
        this.libc = libc;
        this.kernel = kernel;
        this.loop = loop;
    }

    /**
     * @param parentFd borrowed
     * @throws io.berth.kernel.KernelException EMFILE (of all inotify users of this user, too), ENOSPC
     */
    Notice add(int parentFd, String name, Runnable task) {
        if (inotify < 0) {
            open();
        }
        int parent = addWatch(parentFd);
        if (parent < 0) {
            int errno = libc.errno();
            closeIfUnused();
            throw libc.failure("inotify_add_watch", errno);
        }
        Notice notice = new Notice(parent, name, task);
        parents.computeIfAbsent(parent, number -> new HashMap<>()).computeIfAbsent(name, known -> new ArrayList<>(1)).add(notice);
        return notice;
    }

    private void open() {
        if (buffer == null) {
            buffer = kernel.allocate(BUFFER);
        }
        int fd = libc.call(libc.function("inotify_init1"), LinuxKernel.NONBLOCK | LinuxKernel.CLOEXEC);
        if (fd < 0) {
            throw libc.failure("inotify_init1");
        }
        try {
            watch = loop.watch(fd, Poller.READ, events -> read());
            inotify = fd;
        } catch (RuntimeException failure) {
            kernel.close(fd);
            throw failure;
        }
    }

    /** The same parent gets the same number again. @return -1 with errno set */
    private int addWatch(int parentFd) {
        byte[] path = ("/proc/self/fd/" + parentFd).getBytes(StandardCharsets.US_ASCII);
        try (Scratch memory = new Scratch(libc, path.length + 1)) {
            memory.putBytes(0, path);
            return libc.call(libc.function("inotify_add_watch"), inotify, memory.address(), IN_DELETE | IN_ONLYDIR);
        }
    }

    private void forget(Notice notice) {
        Map<String, List<Notice>> names = parents.get(notice.parent);
        List<Notice> notices = names == null ? null : names.get(notice.name);
        if (notices != null && notices.remove(notice) && notices.isEmpty()) {
            names.remove(notice.name);
            if (names.isEmpty()) {
                parents.remove(notice.parent);
                libc.call(libc.function("inotify_rm_watch"), inotify, notice.parent);
            }
        }
        closeIfUnused();
    }

    private void closeIfUnused() {
        if (parents.isEmpty() && inotify >= 0) {
            watch.cancel();
            kernel.close(inotify);
            inotify = -1;
        }
    }

    /** Collects everything before it tells anything: who is told may cancel, and the last one closes the fd. */
    private void read() {
        int length = libc.call(libc.function("read"), inotify, buffer.address(), BUFFER);
        if (length <= 0) {
            return;
        }
        List<Notice> told = new ArrayList<>();
        int at = 0;
        while (at + EVENT_HEADER <= length) {
            int parent = buffer.bytes().getInt(at);
            int mask = buffer.bytes().getInt(at + 4);
            int nameRoom = buffer.bytes().getInt(at + 12);
            if ((mask & IN_Q_OVERFLOW) != 0) {
                parents.values().forEach(names -> names.values().forEach(told::addAll));
            } else if ((mask & IN_IGNORED) != 0) {
                // the parent has gone, after all that was in it; its number comes back only after billions of others
                Map<String, List<Notice>> names = parents.remove(parent);
                if (names != null) {
                    names.values().forEach(told::addAll);
                }
            } else {
                told.addAll(parents.getOrDefault(parent, Map.of()).getOrDefault(name(at + EVENT_HEADER, nameRoom), List.of()));
            }
            at += EVENT_HEADER + nameRoom;
        }
        told.stream().filter(notice -> !notice.cancelled).forEach(notice -> notice.task.run());
        closeIfUnused();
    }

    /** Names are filled up with NULs. */
    private String name(int at, int room) {
        byte[] bytes = new byte[room];
        buffer.bytes().get(at, bytes);
        int length = 0;
        while (length < room && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }
}
