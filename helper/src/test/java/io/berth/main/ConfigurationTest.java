package io.berth.main;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.relay.Limits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationTest {
    @TempDir
    private Path directory;

    private Configuration read(String text) throws Exception {
        Path file = directory.resolve("berth.conf");
        Files.writeString(file, text);
        return Configuration.load(Optional.of(file), Map.of());
    }

    private String error(String text) {
        String message = assertThrows(Configuration.InvalidException.class, () -> read(text)).getMessage();
        assertTrue(message.startsWith(directory.resolve("berth.conf") + ": "), message);
        return message.substring((directory.resolve("berth.conf") + ": ").length());
    }

    @Test
    void file_thatIsNotThere_meansDefaultsUnlessItWasNamed() throws Exception {
        assertEquals(Limits.defaults(), Configuration.load(Optional.empty(), Map.of("HOME", directory.toString())).limits());
        Path missing = directory.resolve("missing");
        assertEquals("cannot read configuration file " + missing + ": there is no such file",
                assertThrows(Configuration.InvalidException.class, () -> Configuration.load(Optional.of(missing), Map.of())).getMessage());
    }

    @Test
    void file_inItsUsualPlace_isFound() throws Exception {
        Files.createDirectories(directory.resolve(".config/berth"));
        Files.writeString(directory.resolve(".config/berth/berth.conf"), "servers=7");
        assertEquals(7, Configuration.load(Optional.empty(), Map.of("HOME", directory.toString())).limits().servers());
        assertEquals(7, Configuration.load(Optional.empty(), Map.of("XDG_CONFIG_HOME", directory.resolve(".config").toString())).limits().servers());
        assertEquals(7, Configuration.load(Optional.empty(), Map.of("HOME", directory.toString(), "XDG_CONFIG_HOME", "relative")).limits().servers());
    }

    @Test
    void limits_given_replaceTheDefaults() throws Exception {
        Limits limits = read("# comment\nservers = 12\nmetadataBytes: 99 \n").limits();
        assertEquals(12, limits.servers());
        assertEquals(99, limits.metadataBytes());
        assertEquals(Limits.defaults().matchRules(), limits.matchRules());
    }

    @Test
    void hostEscape_given_replacesTheList() throws Exception {
        assertTrue(Configuration.defaults().hostEscape().contains("org.freedesktop.systemd1"));
        assertTrue(Configuration.defaults().hostEscape().contains("org.freedesktop.portal.Desktop"));
        Configuration changed = read("hostEscape = org.foo  org.bar.*\n");
        assertTrue(changed.hostEscape().contains("org.bar.Baz"));
        assertFalse(changed.hostEscape().contains("org.freedesktop.systemd1"));
        assertFalse(read("hostEscape =\n").hostEscape().contains("org.freedesktop.systemd1"));
    }

    @Test
    void values_outOfForm_areNamed() {
        assertEquals("servers: 'many', expected a whole number", error("servers = many"));
        assertEquals("servers: '99999999999', expected a whole number of at most 2^30", error("servers = 99999999999"));
        assertEquals("memoryBytes is 1, expected 1048576 to 1073741824", error("memoryBytes = 1"));
        assertTrue(error("servers = 0").contains("servers is 0, expected 1 to"));
        assertTrue(error("hostEscape = nodots").startsWith("hostEscape: "));
        assertTrue(error("colour = blue").startsWith("colour: unknown key; there are servers, "));
    }
}
