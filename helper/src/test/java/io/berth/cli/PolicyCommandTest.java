package io.berth.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyCommandTest {
    @TempDir
    private Path directory;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int berth(String... arguments) {
        return Berth.execute(new PrintWriter(out), new PrintWriter(err, true), Map.of(), arguments);
    }

    private int berthWithInput(String input, String... arguments) {
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        try {
            return berth(arguments);
        } finally {
            System.setIn(before);
        }
    }

    private String file(String text) throws Exception {
        return Files.writeString(directory.resolve("policy"), text).toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "check", "query", "convert"})
    void help_saysUsageAndExitStatus(String command) {
        assertEquals(0, command.isEmpty() ? berth("policy", "--help") : berth("policy", command, "--help"));
        assertTrue(out.toString().startsWith(("Usage: berth policy " + command).strip()), out.toString());
        assertTrue(out.toString().contains("Exit status:"), out.toString());
    }

    @Test
    void check_wellFormed_saysHowManyRules() throws Exception {
        String file = file("@{X}=a\ndbus bus=@{X},\ndbus send,\n");
        assertEquals(0, berth("policy", "check", file));
        assertEquals(file + ": 2 rules\n", out.toString());
    }

    @Test
    void check_malformed_saysWhere() throws Exception {
        String file = file("dbus,\ndbus send path=/a{b,\n");
        assertEquals(1, berth("policy", "check", file));
        assertEquals("berth: " + file + ":2:16: found pattern '/a{b', expected a } for each {\n", err.toString());
        assertEquals("", out.toString());
    }

    @Test
    void check_of2011FromStandardInput_saysSo() {
        assertEquals(0, berthWithInput("dbus acquire,", "policy", "check", "-"));
        assertEquals("-: 1 rule, from the language of 2011\n", out.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"check", "query"})
    void file_thatIsNotThere_isSaid(String command) {
        assertEquals(1, berth("policy", command, "/nonexistent/policy"));
        assertEquals("berth: /nonexistent/policy: no such file\n", err.toString());
    }

    @Test
    void file_thatIsNotText_isSaid() throws Exception {
        Path file = Files.write(directory.resolve("bytes"), new byte[] {'d', (byte) 0xff});
        assertEquals(1, berth("policy", "check", file.toString()));
        assertTrue(err.toString().contains("not UTF-8"), err.toString());
    }

    @Test
    void query_answersLineByLine() throws Exception {
        String questions = """
                {"perm": "send", "bus": "session", "name": "org.foo", "expect": {"allow": true}}
                {"perm": "send", "member": "M"}
                {"perm": "own"}
                nonsense
                {"perm": "send", "nam": "x"}
                {"perm": "bind", "name": ["a", "b"]}
                {"perm": "receive"} 1
                {"perm": "receive", "bus": 1}

                """;
        String policy = file("dbus send bus=session peer=(name=org.foo),\ndeny dbus send member=M,\naudit dbus receive,");
        assertEquals(1, berthWithInput(questions, "policy", "query", policy));
        String[] lines = out.toString().split("\n");
        assertEquals("{\"allow\":true,\"audit\":false,\"quiet\":false}", lines[0]);
        assertEquals("{\"allow\":false,\"audit\":false,\"quiet\":true}", lines[1]);
        assertEquals("{\"error\":\"perm 'own': expected send, receive, bind or eavesdrop\"}", lines[2]);
        assertTrue(lines[3].startsWith("{\"error\":\"not JSON"), lines[3]);
        assertEquals("{\"error\":\"'nam': expected perm, bus, name, label, path, interface or member\"}", lines[4]);
        assertTrue(lines[5].contains("expected one string"), lines[5]);
        assertTrue(lines[6].contains("one JSON object"), lines[6]);
        assertTrue(lines[7].contains("bus: expected a string"), lines[7]);
        assertTrue(lines[8].startsWith("{\"error\":"), lines[8]);
        assertEquals(9, lines.length);
    }

    @Test
    void query_of2011_joinsNames() throws Exception {
        String policy = file("dbus org.foo,\ndeny dbus org.bar,");
        assertEquals(0, berthWithInput("{\"perm\":\"receive\",\"name\":[\":1.5\",\"org.foo\"]}\n{\"perm\":\"receive\",\"name\":[\"org.foo\",\"org.bar\"]}\n",
                "policy", "query", policy));
        assertEquals("{\"allow\":true,\"audit\":false,\"quiet\":false}\n{\"allow\":false,\"audit\":false,\"quiet\":true}\n", out.toString());
    }

    @Test
    void convert_flatpakMetadata_toRules() throws Exception {
        String metadata = """
                [Application]
                name=org.example.App

                [Session Bus Policy]
                org.foo=talk
                org.foo.bar.*=own
                org.no=none

                [System Bus Policy]
                org.sys=see
                """;
        assertEquals(0, berth("policy", "convert", "--from=flatpak", "--to=rules", file(metadata)));
        assertEquals("--talk=org.foo\n--own=org.foo.bar.*\n--system-see=org.sys\n", out.toString());
        assertEquals("", err.toString());
    }

    @Test
    void convert_flatpakOptions_toApparmor() throws Exception {
        String options = "--share=network --talk-name=org.foo\n- \"--system-talk-name=org.sys\",\n--call=org.bar=a.b.C@/x\n--talk-name=org.no --no-talk-name=org.no\n--socket=session-bus";
        assertEquals(1, berth("policy", "convert", "--from=flatpak", "--to=apparmor", file(options)));
        assertTrue(out.toString().contains("\ndbus send bus=session peer=(name=org.foo),\n"), out.toString());
        assertTrue(out.toString().contains("\ndbus send bus=session path=/x interface=a.b member=C peer=(name=org.bar),\n"), out.toString());
        assertTrue(out.toString().contains("\ndbus send bus=system peer=(name=org.sys),\n"), out.toString());
        assertTrue(!out.toString().contains("org.no"), out.toString());
        assertTrue(err.toString().contains("--socket=session-bus: left out") && err.toString().contains("--talk=org.foo: broadcasts are left out"), err.toString());
    }

    @Test
    void convert_apparmorToRules_tellsWhatIsLeftOut() throws Exception {
        assertEquals(1, berth("policy", "convert", "--from=apparmor", "--to=rules", file("dbus bind bus=session name=a.b,\ndbus send peer=(label=x),\n")));
        assertEquals("--rule=own:a.b\n", out.toString());
        assertTrue(err.toString().contains("berth: line 2: left out: access rules know no labels"), err.toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "[Session Bus Policy]~org.foo=speak|line 2: 'org.foo=speak': expected NAME=none, see, talk or own",
        "--talk-name=org|line 1: bus name 'org': expected",
        "unix:path=/run/bus|line 1: 'unix:path=/run/bus': expected an option",
    })
    void convert_flatpakMalformed_saysWhere(String text, String expected) throws Exception {
        assertEquals(1, berth("policy", "convert", "--from=flatpak", "--to=rules", file(text.replace('~', '\n'))));
        assertTrue(err.toString().contains(expected), err.toString());
        assertEquals("", out.toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"policy|which command?", "policy query -|standard input", "policy convert --from=flatpak x|--to",
        "policy convert --from=x --to=rules x|--from", "policy check|FILE"})
    void commandLine_wrong_exits2(String line, String expected) {
        assertEquals(2, berth(line.split(" ")));
        assertTrue(err.toString().contains(expected), err.toString());
    }
}
