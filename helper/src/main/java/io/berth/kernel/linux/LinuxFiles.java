package io.berth.kernel.linux;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Opens and reads files through the fds of their directories. Failures are error numbers, negative, where a caller expects
 * them. For one thread; owns one page of memory.
 */
final class LinuxFiles {
    static final int AT_FDCWD = -100;
    private static final int O_PATH = 0x200000;
    /** Two of the flags that have other numbers on aarch64. */
    private static final boolean X86 = System.getProperty("os.arch").equals("amd64");
    private static final int O_DIRECTORY = X86 ? 0x10000 : 0x4000;
    private static final int O_NOFOLLOW = X86 ? 0x20000 : 0x8000;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_BASIC_STATS = 0x7ff;
    private static final int PAGE = 4096;
    private static final int STATX_NLINK = 16;
    private static final int STATX_UID = 20;

    private final Libc libc;
    private final long openat;
    private final long pread;
    private final long statx;
    private final long fstatfs;
    private final long readAddress;
    private final ByteBuffer readBytes;

    LinuxFiles(Libc libc, LinuxKernel kernel) {
        this.libc = libc;
        openat = libc.function("openat");
        pread = libc.function("pread");
        statx = libc.function("statx");
        fstatfs = libc.function("fstatfs");
        var memory = kernel.allocate(PAGE);
        readAddress = memory.address();
        readBytes = memory.bytes();
    }

    /** Opens a directory to look below it. The last component may not be a symbolic link. @return an fd or -errno */
    int openDirectory(int directoryFd, String name) {
        return open(directoryFd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    }

    /** Opens a file to read it. @return an fd or -errno */
    int openFile(int directoryFd, String name) {
        return open(directoryFd, name, O_NOFOLLOW);
    }

    private int open(int directoryFd, String name, int flags) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        try (Scratch memory = new Scratch(libc, bytes.length + 1)) {
            memory.putBytes(0, bytes);
            while (true) {
                int fd = libc.call(openat, directoryFd, memory.address(), flags | LinuxKernel.CLOEXEC);
                if (fd >= 0) {
                    return fd;
                }
                int errno = libc.errno();
                if (errno != Libc.EINTR) {
                    return -errno;
                }
            }
        }
    }

    /** Reads from the beginning, one page at most. @return how many bytes {@link #bytes} has now, or -errno */
    int read(int fd) {
        while (true) {
            int read = libc.call(pread, fd, readAddress, PAGE, 0);
            if (read >= 0) {
                return read;
            }
            int errno = libc.errno();
            if (errno != Libc.EINTR) {
                return -errno;
            }
        }
    }

    /** What {@link #read} has read, until it reads again. */
    ByteBuffer bytes() {
        return readBytes;
    }

    /** The same as text. */
    String text(int length) {
        byte[] bytes = new byte[length];
        readBytes.get(0, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** The owner of an open file. */
    int owner(int fd) {
        return status(fd, STATX_UID);
    }

    /** How many names an open directory has; in cgroup file systems two and one for each directory in it. */
    int links(int fd) {
        return status(fd, STATX_NLINK);
    }

    private int status(int fd, int offset) {
        try (Scratch memory = new Scratch(libc, 256 + 8)) {
            // the last 8 bytes are an empty path
            if (libc.call(statx, fd, memory.address(256), AT_EMPTY_PATH, STATX_BASIC_STATS, memory.address()) < 0) {
                throw libc.failure("statx fd " + fd);
            }
            return memory.getInt(offset);
        }
    }

    /** The magic number of its file system (statfs(2)). */
    int fileSystem(int fd) {
        try (Scratch memory = new Scratch(libc, 128)) {
            if (libc.call(fstatfs, fd, memory.address()) < 0) {
                throw libc.failure("fstatfs fd " + fd);
            }
            return (int) memory.getLong(0);
        }
    }
}
