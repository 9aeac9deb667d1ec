package io.berth.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFileTest {
    private static final StateFile.Entry PLAIN = new StateFile.Entry("mount", "/run/user/1000/bus", "4026531840");
    private static final StateFile.Entry ODD = new StateFile.Entry("mount", "", "a\tb\nc%+ d", "\u00e4\ud83d\ude00\0", "");

    @TempDir
    Path directory;

    @Test
    void entries_added_readBackAsTheyWere() throws IOException {
        StateFile file = new StateFile(directory);
        file.add(PLAIN);
        file.add(ODD);
        file.add(PLAIN);
        assertEquals(List.of(PLAIN, ODD, PLAIN), StateFile.read(directory));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(StateFile.NAME))));
    }

    @Test
    void entries_allRemoved_leaveNoFile() throws IOException {
        StateFile file = new StateFile(directory);
        file.add(PLAIN);
        file.add(ODD);
        file.remove(PLAIN);
        assertEquals(List.of(ODD), StateFile.read(directory));
        file.remove(PLAIN);
        file.remove(ODD);
        assertEquals(List.of(), StateFile.read(directory));
        try (var files = Files.list(directory)) {
            assertEquals(List.of(), files.toList());
        }
    }

    @Test
    void helperKilledWhileWriting_theWholeOldFileIsRead() throws IOException {
        new StateFile(directory).add(PLAIN);
        Files.writeString(directory.resolve("state.new"), "mount\t%2Frun%2Fus");
        assertEquals(List.of(PLAIN), StateFile.read(directory));
        StateFile.delete(directory);
        try (var files = Files.list(directory)) {
            assertEquals(List.of(), files.toList());
        }
    }

    @Test
    void add_thatCannotBeWritten_keepsNothing() throws IOException {
        Path sub = Files.createDirectory(directory.resolve("sub"));
        StateFile file = new StateFile(sub);
        Files.delete(sub);
        assertThrows(IOException.class, () -> file.add(PLAIN));
        Files.createDirectory(sub);
        file.add(ODD);
        assertEquals(List.of(ODD), StateFile.read(sub));
    }

    @Test
    void read_ofSomethingElse_saysSo() throws IOException {
        Files.writeString(directory.resolve(StateFile.NAME), "mount\t%zz\n");
        assertThrows(IOException.class, () -> StateFile.read(directory));
        Files.delete(directory.resolve(StateFile.NAME));
        Files.createSymbolicLink(directory.resolve(StateFile.NAME), Files.writeString(directory.resolve("other"), "mount\n"));
        assertThrows(IOException.class, () -> StateFile.read(directory));
    }

    @Test
    void add_whereASymbolicLinkIsInTheWay_writesNothingThroughIt() throws IOException {
        Path victim = Files.writeString(directory.resolve("victim"), "precious");
        Files.createSymbolicLink(directory.resolve("state.new"), victim);
        assertThrows(IOException.class, () -> new StateFile(directory).add(PLAIN));
        assertEquals("precious", Files.readString(victim));
    }
}
