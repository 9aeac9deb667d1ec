package io.berth.kernel.linux;

import io.berth.kernel.KernelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/** Recognises fds of processes. Keeps nothing; any thread. */
final class ProcessFds {
    /** What readlink(2) says of every pidfd, also where pidfds have a file system of their own (Linux 6.9). */
    private static final String LINK = "anon_inode:[pidfd]";
    /** PIDFD_THREAD is O_EXCL: for one thread, whose end is not the end of its process (pidfd_open(2), Linux 6.9). */
    private static final int THREAD = 0200;

    private ProcessFds() {
    }

    static void check(int fd) {
        try {
            String link = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
            if (!link.equals(LINK)) {
                throw new IllegalArgumentException("the file descriptor is " + link + ", expected a pidfd");
            }
            if ((flags(fd) & THREAD) != 0) {
                throw new IllegalArgumentException("the pidfd stands for a thread, expected one of a process");
            }
        } catch (NoSuchFileException notOpen) {
            throw new IllegalArgumentException("fd " + fd + " is not open");
        } catch (IOException unreadable) {
            throw new KernelException("read /proc/self/fdinfo/" + fd, Libc.EMFILE, unreadable.getMessage());
        }
    }

    private static int flags(int fd) throws IOException {
        List<String> lines = Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd));
        return lines.stream().filter(line -> line.startsWith("flags:")).map(line -> Integer.parseInt(line.substring(6).strip(), 8))
                .findFirst().orElse(0);
    }
}
