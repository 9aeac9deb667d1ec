package io.berth.tests.raw;

import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;

/** The calls of the C library that the JDK has no words for. Stateless; any thread. It leaves errors to {@link RawSocket}. */
public interface Libc {
    Libc LIBC = LibraryLoader.create(Libc.class).load("c");
    Runtime RUNTIME = Runtime.getRuntime(LIBC);

    int EINTR = 4;
    int EAGAIN = 11;

    int socket(int domain, int type, int protocol);

    int connect(int fd, Pointer address, int length);

    int bind(int fd, Pointer address, int length);

    int listen(int fd, int backlog);

    int accept4(int fd, Pointer address, Pointer length, int flags);

    int socketpair(int domain, int type, int protocol, int[] fds);

    int poll(Pointer fds, long count, int timeoutMs);

    @ssize_t long sendmsg(int fd, Pointer message, int flags);

    @ssize_t long recvmsg(int fd, Pointer message, int flags);

    @ssize_t long read(int fd, byte[] to, @size_t long length);

    @ssize_t long write(int fd, byte[] from, @size_t long length);

    int shutdown(int fd, int how);

    int setsockopt(int fd, int level, int option, int[] value, int length);

    int pipe2(int[] fds, int flags);

    int memfd_create(String name, int flags);

    int close(int fd);

    int getuid();

    /** glibc 2.36. */
    int pidfd_open(int pid, int flags);

    /** @param time seconds and nanoseconds */
    int clock_gettime(int clock, long[] time);

    int fcntl(int fd, int command, int argument);

    /** errno of this thread's last call. */
    static int errno() {
        return RUNTIME.getLastError();
    }
}
