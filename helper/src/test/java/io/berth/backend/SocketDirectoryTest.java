package io.berth.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.server.StateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SocketDirectoryTest {
    private static final StateFile.Entry FIRST = new StateFile.Entry("mount", "one");
    private static final StateFile.Entry SECOND = new StateFile.Entry("mount", "two");

    @TempDir
    Path runtime;

    private final List<StateFile.Entry> undone = new ArrayList<>();
    private Path stale;

    /** What a helper that was killed leaves: nobody holds the lock. */
    @BeforeEach
    void leaveSomething() throws IOException {
        Path base = Files.createDirectory(runtime.resolve("berth"), PosixFilePermissions.asFileAttribute(
                PosixFilePermissions.fromString("rwx------")));
        stale = Files.createDirectory(base.resolve("1-0"));
        Files.createFile(stale.resolve("lock"));
        StateFile state = new StateFile(stale);
        state.add(FIRST);
        state.add(SECOND);
    }

    @Test
    void open_afterAKill_undoesInReverseAndRemoves() throws IOException {
        try (SocketDirectory directory = SocketDirectory.open(runtime, undone::add)) {
            assertEquals(List.of(SECOND, FIRST), undone);
            assertFalse(Files.exists(stale));
        }
    }

    /** The other one is a process of its own: locks of one process never exclude each other. */
    @Test
    void close_whileAnotherHelperLooks_waits() throws Exception {
        SocketDirectory directory = SocketDirectory.open(runtime, undone::add);
        Path lock = runtime.resolve("berth/lock");
        Process other = new ProcessBuilder("/usr/bin/python3", "-c", "import fcntl, sys\nlock = open(sys.argv[1], 'w')\n"
                + "fcntl.lockf(lock, fcntl.LOCK_EX)\nprint('held', flush=True)\nsys.stdin.readline()", lock.toString()).start();
        assertEquals("held", other.inputReader().readLine());
        Thread closing = new Thread(() -> {
            try {
                directory.close();
            } catch (IOException failure) {
                throw new AssertionError(failure);
            }
        });
        closing.start();
        String waiter = ":" + Files.getAttribute(lock, "unix:ino") + " ";
        Awaitility.await().until(() -> Files.readAllLines(Path.of("/proc/locks")).stream()
                .anyMatch(line -> line.contains("->") && line.contains(waiter)));
        assertTrue(Files.exists(directory.path().resolve("lock")));
        other.outputWriter().close();
        assertEquals(0, other.waitFor());
        closing.join();
        assertFalse(Files.exists(directory.path()));
        assertTrue(Files.exists(lock));
    }

    @Test
    void open_undoFails_leavesItToTheNext() throws IOException {
        SocketDirectory.open(runtime, entry -> {
            throw new IOException("busy");
        }).close();
        assertTrue(Files.exists(stale));
        SocketDirectory.open(runtime, undone::add).close();
        assertEquals(List.of(SECOND, FIRST), undone);
        assertFalse(Files.exists(stale));
    }
}
