package io.berth.kernel.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.kernel.KernelException;
import io.berth.kernel.NoFdLeft;
import io.berth.kernel.Poller;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoFdLeft.class)
class LinuxKernelTest {
    private final Libc libc = new Libc();
    private final LinuxKernel kernel = new LinuxKernel(libc);

    @Test
    void signalEvent_once_isReadableUntilCleared() {
        int event = kernel.openEvent();
        try (Poller poller = kernel.openPoller()) {
            poller.add(event, Poller.READ, -7);
            assertEquals(0, poller.await(0));
            kernel.signalEvent(event);
            kernel.signalEvent(event);
            assertEquals(1, poller.await(-1));
            assertEquals(-7, poller.token(0));
            assertEquals(Poller.READ, poller.events(0));
            kernel.clearEvent(event);
            kernel.clearEvent(event);
            assertEquals(0, poller.await(0));
        }
        kernel.close(event);
    }

    @Test
    void await_severalReady_tellsEachWithItsEvents() {
        int[] pipe = kernel.pipe();
        int[] other = kernel.pipe();
        try (Poller poller = kernel.openPoller()) {
            poller.add(pipe[0], Poller.READ, 1);
            poller.add(other[1], Poller.WRITE, 1 << 30);
            kernel.close(pipe[1]);
            assertEquals(2, poller.await(1000));
            int first = poller.token(0) == 1 ? 0 : 1;
            assertEquals(Poller.HANGUP, poller.events(first));
            assertEquals(1 << 30, poller.token(1 - first));
            assertEquals(Poller.WRITE, poller.events(1 - first));
            poller.modify(other[1], 0, 5);
            poller.remove(pipe[0]);
            assertEquals(0, poller.await(0));
            kernel.close(other[0]);
            assertEquals(1, poller.await(0));
            assertEquals(5, poller.token(0));
            assertEquals(Poller.ERROR, poller.events(0));
        }
        kernel.close(pipe[0]);
        kernel.close(other[1]);
    }

    @Test
    void await_withTimeout_returnsNothingAfterIt() {
        try (Poller poller = kernel.openPoller()) {
            long start = System.nanoTime();
            assertEquals(0, poller.await(20));
            assertTrue(System.nanoTime() - start >= 20_000_000);
        }
    }

    @Test
    void remove_notWatched_throwsWithTheFd() {
        int event = kernel.openEvent();
        try (Poller poller = kernel.openPoller()) {
            KernelException failure = assertThrows(KernelException.class, () -> poller.remove(event));
            assertEquals("epoll_ctl remove fd " + event + ": No such file or directory", failure.getMessage());
        }
        kernel.close(event);
    }

    @Test
    void everyFd_isCloseOnExecAndNonBlocking() throws IOException {
        int[] pipe = kernel.pipe();
        int event = kernel.openEvent();
        int copy = kernel.duplicate(pipe[1]);
        int[] pair = kernel.sockets().pair();
        for (int fd : new int[] {pipe[0], pipe[1], event, copy, pair[0], pair[1]}) {
            String info = Files.readString(Path.of("/proc/self/fdinfo/" + fd));
            int at = info.indexOf("flags:") + 6;
            int flags = Integer.parseInt(info.substring(at, info.indexOf('\n', at)).strip(), 8);
            assertEquals(LinuxKernel.CLOEXEC | LinuxKernel.NONBLOCK,
                    flags & (LinuxKernel.CLOEXEC | LinuxKernel.NONBLOCK), "flags of " + fd);
            kernel.close(fd);
        }
    }

    @Test
    void duplicate_closedFd_throws() {
        KernelException failure = assertThrows(KernelException.class, () -> kernel.duplicate(-1));
        assertEquals("fcntl F_DUPFD_CLOEXEC -1: Bad file descriptor", failure.getMessage());
    }

    @Test
    void raiseFileLimit_lowered_isTheHardLimitAgain() throws IOException {
        String hard = fileLimits()[1];
        try (Scratch limit = new Scratch(libc, 16)) {
            libc.call(libc.function("getrlimit"), 7, limit.address());
            limit.putLong(0, limit.getLong(8) - 1);
            assertEquals(0, libc.call(libc.function("setrlimit"), 7, limit.address()));
        }
        assertEquals(Long.parseLong(hard) - 1, Long.parseLong(fileLimits()[0]));
        assertEquals(Long.parseLong(hard), kernel.raiseFileLimit());
        assertEquals(hard, fileLimits()[0]);
    }

    private static String[] fileLimits() throws IOException {
        String line = Files.readString(Path.of("/proc/self/limits")).lines()
                .filter(text -> text.startsWith("Max open files")).findFirst().orElseThrow();
        return line.substring("Max open files".length()).strip().split("\\s+");
    }

    @Test
    void identity_isThatOfTheProcess() throws IOException {
        assertEquals(ProcessHandle.current().pid(), kernel.processId());
        assertEquals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"), kernel.userId());
    }

    /** An app may not cover what a portal looks at by a file of its own. */
    @Test
    void isMountedReadOnly_coveredByAnother_isWhatIsOnTop(@TempDir Path directory) throws Exception {
        Path mark = Files.createFile(directory.resolve("mark"));
        Path other = Files.createFile(directory.resolve("other"));
        Process sandbox = new ProcessBuilder("unshare", "-rm", "sh", "-c", "mount --bind $1 $1 && mount -o remount,bind,ro $1 && echo ro && read x"
                + " && mount --bind $2 $1 && echo rw && read x", "sh", mark.toString(), other.toString()).start();
        try {
            int process = (int) sandbox.pid();
            assertFalse(kernel.isMountedReadOnly((int) ProcessHandle.current().pid(), mark.toString()));
            assertEquals("ro", sandbox.inputReader().readLine());
            assertTrue(kernel.isMountedReadOnly(process, mark.toString()));
            assertFalse(kernel.isMountedReadOnly(process, other.toString()));
            sandbox.outputWriter().write("go on\n");
            sandbox.outputWriter().flush();
            assertEquals("rw", sandbox.inputReader().readLine());
            assertFalse(kernel.isMountedReadOnly(process, mark.toString()));
        } finally {
            sandbox.outputWriter().close();
            sandbox.waitFor();
            // the JDK drains and closes them some time later, by a thread of its own
            sandbox.getInputStream().close();
            sandbox.getErrorStream().close();
        }
        assertFalse(kernel.isMountedReadOnly((int) sandbox.pid(), mark.toString()));
    }
}
