package io.berth.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The helper's directory is private to its user, whoever was there before; what it finds otherwise it does not use. */
class PrivateDirectoryTest {
    @TempDir
    Path runtime;

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    private Path base(String mode) throws IOException {
        Path base = Files.createDirectory(runtime.resolve("berth"));
        return Files.setPosixFilePermissions(base, PosixFilePermissions.fromString(mode));
    }

    private void checkRefused() throws IOException {
        IOException refusal = assertThrows(IOException.class, () -> SocketDirectory.open(runtime, entry -> { }));
        assertTrue(refusal.getMessage().contains("is not a directory of user"), refusal.toString());
    }

    @Test
    void open_madeAnew_directoriesAndLocksArePrivate() throws IOException {
        try (SocketDirectory directory = SocketDirectory.open(runtime, entry -> { })) {
            assertEquals("rwx------", mode(runtime.resolve("berth")));
            assertEquals("rwx------", mode(directory.path()));
            assertEquals("rw-------", mode(runtime.resolve("berth/lock")));
            assertEquals("rw-------", mode(directory.path().resolve("lock")));
        }
    }

    @Test
    void open_directoryThatOthersMayEnter_isRefused() throws IOException {
        base("rwx--x---");
        checkRefused();
    }

    @Test
    void open_directoryOfSomebodyElse_isRefused() throws IOException {
        assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root can give it away");
        Files.setAttribute(base("rwx------"), "unix:uid", 65_534);
        checkRefused();
    }

    @Test
    void open_symbolicLinkToAPrivateDirectory_isRefused() throws IOException {
        Path elsewhere = Files.setPosixFilePermissions(Files.createDirectory(runtime.resolve("elsewhere")),
                PosixFilePermissions.fromString("rwx------"));
        Files.createSymbolicLink(runtime.resolve("berth"), elsewhere);
        checkRefused();
        try (var files = Files.list(elsewhere)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void open_fileInItsPlace_isRefused() throws IOException {
        Files.setPosixFilePermissions(Files.createFile(runtime.resolve("berth")), PosixFilePermissions.fromString("rwx------"));
        checkRefused();
    }

    @Test
    void open_symbolicLinkForTheLock_isNotFollowed() throws IOException {
        Files.createSymbolicLink(base("rwx------").resolve("lock"), runtime.resolve("victim"));
        assertThrows(IOException.class, () -> SocketDirectory.open(runtime, entry -> { }));
        assertFalse(Files.exists(runtime.resolve("victim")));
    }

    @Test
    void directory_inUse_isLockedForOtherProcesses() throws Exception {
        try (SocketDirectory directory = SocketDirectory.open(runtime, entry -> { })) {
            Process other = new ProcessBuilder("/usr/bin/python3", "-c", "import fcntl, sys\nlock = open(sys.argv[1], 'r+')\n"
                    + "try:\n    fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)\n    print('free')\nexcept OSError:\n    print('held')",
                    directory.path().resolve("lock").toString()).start();
            assertEquals("held", other.inputReader().readLine());
            assertEquals(0, other.waitFor());
        }
    }

    @Test
    void open_whileAnotherHelperComesOrGoes_waits() throws Exception {
        Path lock = Files.createFile(base("rwx------").resolve("lock"));
        Process other = new ProcessBuilder("/usr/bin/python3", "-c", "import fcntl, sys\nlock = open(sys.argv[1], 'w')\n"
                + "fcntl.lockf(lock, fcntl.LOCK_EX)\nprint('held', flush=True)\nsys.stdin.readline()", lock.toString()).start();
        assertEquals("held", other.inputReader().readLine());
        AtomicReference<SocketDirectory> opened = new AtomicReference<>();
        Thread opening = new Thread(() -> {
            try {
                opened.set(SocketDirectory.open(runtime, entry -> { }));
            } catch (IOException failure) {
                throw new AssertionError(failure);
            }
        });
        opening.start();
        String waiter = ":" + Files.getAttribute(lock, "unix:ino") + " ";
        try {
            Awaitility.await().until(() -> Files.readAllLines(Path.of("/proc/locks")).stream()
                    .anyMatch(line -> line.contains("->") && line.contains(waiter)));
            assertEquals(null, opened.get());
        } finally {
            other.outputWriter().close();
            assertEquals(0, other.waitFor());
            opening.join();
        }
        opened.get().close();
    }
}
