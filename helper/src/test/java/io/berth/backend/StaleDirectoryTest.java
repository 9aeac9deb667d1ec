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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Of what a killed helper left, a helper removes what helpers make and nothing else. */
class StaleDirectoryTest {
    @TempDir
    Path runtime;

    private final List<StateFile.Entry> undone = new ArrayList<>();
    private Path base;

    @BeforeEach
    void makeBase() throws IOException {
        base = Files.createDirectory(runtime.resolve("berth"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    private Path directory(Path parent, String name, boolean withLock) throws IOException {
        Path made = Files.createDirectory(parent.resolve(name));
        if (withLock) {
            Files.createFile(made.resolve("lock"));
        }
        new StateFile(made).add(new StateFile.Entry("mount", name));
        return made;
    }

    private void openAndClose() throws IOException {
        SocketDirectory.open(runtime, undone::add).close();
    }

    @Test
    void directory_ofAHelperThatLives_stays() throws Exception {
        Path alive = directory(base, "1-0", true);
        Process other = new ProcessBuilder("/usr/bin/python3", "-c", "import fcntl, sys\nlock = open(sys.argv[1], 'w')\n"
                + "fcntl.lockf(lock, fcntl.LOCK_EX)\nprint('held', flush=True)\nsys.stdin.readline()", alive.resolve("lock").toString()).start();
        assertEquals("held", other.inputReader().readLine());
        openAndClose();
        assertTrue(Files.exists(alive.resolve("lock")));
        other.outputWriter().close();
        assertEquals(0, other.waitFor());
        assertEquals(List.of(), undone);
        openAndClose();
        assertFalse(Files.exists(alive));
    }

    @Test
    void directory_thatIsNotAHelpers_stays() throws IOException {
        Path elsewhere = directory(Files.createDirectory(runtime.resolve("outside")), "2-0", true);
        Files.createSymbolicLink(base.resolve("2-0"), elsewhere);
        List<Path> others = List.of(directory(base, "3-0", false), directory(base, "other", true), directory(base, "4-0-1", true), elsewhere);
        openAndClose();
        assertEquals(List.of(), undone);
        for (Path other : others) {
            assertTrue(Files.exists(other.resolve(StateFile.NAME)), other.toString());
        }
    }

    @Test
    void file_thatIsNoSocket_keepsItsDirectory() throws IOException {
        Path stale = directory(base, "1-0", true);
        Path file = Files.writeString(stale.resolve("7"), "somebody's");
        Path link = Files.createSymbolicLink(stale.resolve("8"), file);
        openAndClose();
        assertEquals("somebody's", Files.readString(file));
        assertTrue(Files.isSymbolicLink(link));
    }
}
