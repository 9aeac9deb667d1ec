package io.berth.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int berth(String... arguments) {
        return Berth.execute(new PrintWriter(out), new PrintWriter(err, true), Map.of(), arguments);
    }

    @ParameterizedTest
    @ValueSource(strings = {"daemon", "run", "list", "show", "access", "remove", "identify", "monitor", "why", "learn", "replay", "policy", "completion"})
    void help_everyCommand_saysUsageAndExitStatus(String command) {
        assertEquals(0, berth(command, "--help"));
        assertTrue(out.toString().startsWith("Usage: berth " + command), out.toString());
        assertTrue(out.toString().contains("Exit status:"), out.toString());
        assertEquals("", err.toString());
    }

    @Test
    void help_top_namesEveryCommand() {
        assertEquals(0, berth("--help"));
        for (String command : new String[] {"daemon", "run", "list", "show", "access", "remove", "identify", "monitor", "why", "learn", "replay", "policy", "completion"}) {
            assertTrue(out.toString().contains("\n  " + command), out.toString());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "''|which command?",
        "fly|fly",
        "run|CMD",
        "run --talk=org true|--talk=org: bus name 'org': expected",
        "run --system-call=org.foo true|--system-call=org.foo: --call 'org.foo': expected NAME=RULE",
        "run --app-id= true|app identifier '': expected",
        "run --type=box true|container type 'box': expected",
        "run --unrestricted --talk=org.foo true|--unrestricted cannot go together with rules",
        "run --system-unrestricted --system-see=org.foo true|--system-unrestricted cannot go together with rules",
        "run --fly true|--fly",
        "list extra|extra",
        "show|SERVER",
        "access x --talk=org.foo|--set, --add, --remove",
        "access x --add|--add needs at least one rule",
        "access x --add --set --talk=org.foo|mutually exclusive",
        "learn x --granularity=byte|--granularity=byte: expected name, interface or method",
        "learn x --format=prose|expected one of",
        "learn|SERVER",
        "replay x|--policy",
        "identify|BUSNAME",
        "completion fish|fish",
    })
    void commandLine_wrong_exits2AndSaysWhy(String line, String expected) {
        assertEquals(2, berth(line.isEmpty() ? new String[0] : line.split(" ")), line);
        assertTrue(err.toString().contains(expected), err.toString());
        assertTrue(err.toString().contains("--help"), err.toString());
        assertEquals("", out.toString());
    }

    @Test
    void argument_withAtSign_isNotReadAsFile(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("words"), "--help");
        assertEquals(2, berth("identify", "--bus=x", "extra", "@" + file));
        assertTrue(err.toString().contains("@" + file), err.toString());
        assertFalse(out.toString().contains("Usage"), out.toString());
    }

    @Test
    void run_unknownProgram_exits127BeforeAnythingElse() {
        assertEquals(127, berth("run", "--", "/nonexistent/program", "--help"));
        assertTrue(err.toString().contains("/nonexistent/program"), err.toString());
    }

    @Test
    void run_notExecutable_exits126(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("data"), "x");
        assertEquals(126, berth("run", file.toString()));
        assertEquals(126, berth("run", directory.toString()));
    }

    @Test
    void completion_isBashThatParses() throws Exception {
        assertEquals(0, berth("completion", "bash"));
        assertTrue(out.toString().contains("--system-talk"), out.toString());
        Process bash = new ProcessBuilder("bash", "-n").redirectErrorStream(true).start();
        try (var input = bash.getOutputStream()) {
            input.write(out.toString().getBytes());
        }
        assertEquals("", new String(bash.getInputStream().readAllBytes()));
        assertEquals(0, bash.waitFor());
    }
}
