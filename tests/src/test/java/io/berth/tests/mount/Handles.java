package io.berth.tests.mount;

import jnr.ffi.LibraryLoader;

/** Opens what Java cannot open and give the number of. Stateless. */
final class Handles {
    private static final int PIDFD_OPEN = 434;
    private static final Calls CALLS = LibraryLoader.create(Calls.class).load("c");

    /** Functions of the C library. */
    public interface Calls {
        int open(String path, int flags);

        int close(int fd);

        int syscall(int number, int first, int second);
    }

    private Handles() {
    }

    /** @return an fd that the caller closes */
    static int open(String path) {
        return check(CALLS.open(path, 0), path);
    }

    /** @return an fd that the caller closes */
    static int pidFd(long pid) {
        return check(CALLS.syscall(PIDFD_OPEN, (int) pid, 0), "process " + pid);
    }

    private static int check(int fd, String what) {
        if (fd < 0) {
            throw new IllegalStateException("cannot open " + what);
        }
        return fd;
    }

    static void close(int... fds) {
        for (int fd : fds) {
            CALLS.close(fd);
        }
    }
}
