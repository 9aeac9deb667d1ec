package io.berth.tests.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.EchoService;
import io.berth.tests.house.Program;
import io.berth.tests.house.RuntimeFiles;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code berth run}: what the app finds, what it returns, and that nothing stays. */
class RunTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String CALL = "busctl --user call org.test.Echo /a org.test.Iface Echo s hello";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static Program start(String... arguments) {
        List<String> words = new ArrayList<>(List.of("run"));
        words.addAll(Arrays.asList(arguments));
        return HOUSE.run(HOUSE.bus().address(), BerthDaemon.command(words.toArray(String[]::new)).toArray(String[]::new));
    }

    /** What the app prints; it must succeed. */
    private static String output(String... arguments) {
        Program run = start(arguments);
        int status = run.exitStatus(PATIENCE);
        assertEquals(0, status, run.output() + run.errors());
        return run.output().strip();
    }

    @ParameterizedTest
    @CsvSource({"'', 0", "exit 7, 7", "kill -9 $$, 137", "kill -15 $$, 143", "exit 255, 255"})
    void exitStatus_isTheApps(String script, int status) {
        assertEquals(status, start("--", "sh", "-c", script).exitStatus(PATIENCE));
        assertEquals(status, start("--env-only", "--", "sh", "-c", script).exitStatus(PATIENCE));
        assertEquals(List.of(), HOUSE.helper().servers());
    }

    @Test
    void rules_decideWhatTheAppMayCall() {
        HOUSE.keep(new EchoService(HOUSE.bus(), "org.test.Echo"));
        Program none = start("--", "sh", "-c", CALL);
        assertEquals(1, none.exitStatus(PATIENCE));
        assertTrue(none.errors().contains("was not provided by any .service files"), none.errors());
        Program seen = start("--see=org.test.Echo", "--", "sh", "-c", CALL);
        assertEquals(1, seen.exitStatus(PATIENCE));
        assertTrue(seen.errors().contains("Access denied"), seen.errors());
        assertEquals("s \"hello\"", output("--call=org.test.Echo=org.test.Iface.*", "--", "sh", "-c", CALL));
        assertEquals("s \"hello\"", output("--env-only", "--talk=org.test.*", "--", "sh", "-c", CALL));
    }

    @Test
    void buses_insideBubblewrap_areTheAppsOwnHoweverFound() throws Exception {
        HOUSE.server();
        String real = Files.getAttribute(HOUSE.bus().socket(), "unix:ino").toString();
        String[] seen = output("--", "sh", "-c",
                "stat -c %i $XDG_RUNTIME_DIR/bus; find $XDG_RUNTIME_DIR/berth ! -type d | wc -l; echo $DBUS_SESSION_BUS_ADDRESS;"
                        + " env -u DBUS_SESSION_BUS_ADDRESS busctl --user --no-legend --no-pager --unique list | wc -l;"
                        + " readlink /proc/" + ProcessHandle.current().pid() + "/root || echo none").split("\n");
        assertFalse(seen[0].equals(real), "the real bus is still at its place");
        assertEquals("1", seen[1], "sockets of other apps");
        assertTrue(seen[2].startsWith("unix:path=" + HOUSE.runtime() + "/berth/"), seen[2]);
        assertEquals("1", seen[3], "unique names that the app sees are its own");
        assertEquals("none", seen[4], "a process of the host");
    }

    @Test
    void systemBus_isThereOnlyWhenAskedFor() {
        RawClient service = HOUSE.keep(HOUSE.systemBus().connect());
        service.own("org.test.System");
        String list = "busctl --system --no-legend --no-pager --acquired list | cut -d ' ' -f 1";
        assertEquals("org.freedesktop.DBus\norg.test.System", output("--system-see=org.test.System", "--", "sh", "-c", list));
        Program hidden = start("--", "sh", "-c", "busctl --system list");
        assertEquals(1, hidden.exitStatus(PATIENCE));
        Program environment = start("--env-only", "--", "sh", "-c", "busctl --system list");
        assertEquals(1, environment.exitStatus(PATIENCE));
    }

    @Test
    void arguments_reachTheAppUnchanged_andAreNeverOptions(@TempDir Path directory) throws Exception {
        assertEquals("--|--help|@file||a b|${x}|", output("--", "printf", "%s|", "--", "--help", "@file", "", "a b", "${x}"));
        Path program = directory.resolve("--bind=x");
        Files.writeString(program, "#!/bin/sh\necho \"ran with $1\"\n");
        assertTrue(program.toFile().setExecutable(true));
        assertEquals("ran with --unshare-all", output("--app-id=--privileged", "--", program.toString(), "--unshare-all"));
    }

    @Test
    void appIdentifier_isWhatServicesHear() {
        RawClient service = HOUSE.service("org.test.Asker");
        Program run = start("--app-id=org.test.Editor", "--type=org.test.Box", "--call=org.test.Asker=*", "--",
                "busctl", "--user", "call", "org.test.Asker", "/a", "org.test.Iface", "Who");
        Message call = service.awaitCall("Who");
        List<Object> instance = HOUSE.helper().instance(call.sender());
        assertEquals(List.of("org.test.Box", "org.test.Editor"), instance.subList(2, 4));
        run.terminate();
        assertEquals(143, run.exitStatus(PATIENCE));
    }

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT", "HUP"})
    void signal_isPassedOn_andTheAppDecides(String signal) throws Exception {
        Program run = start("--", "sh", "-c", "trap 'echo got; exit 42' " + signal + "; echo ready; while :; do sleep 0.05; done");
        assertEquals("ready", run.firstLine(PATIENCE));
        new ProcessBuilder("/bin/sh", "-c", "kill -" + signal + " " + run.pid()).start().waitFor();
        assertEquals(42, run.exitStatus(PATIENCE), run.output() + run.errors());
        assertEquals("ready\ngot\n", run.output());
    }

    @Test
    void kill_ofTheLauncher_endsAppAndServer() {
        Program run = start("--", "sh", "-c", "echo $$; exec sleep 1000");
        run.firstLine(PATIENCE);
        ProcessHandle app = Awaitility.await().atMost(PATIENCE).until(() -> ProcessHandle.of(run.pid()).orElseThrow().descendants()
                .filter(process -> process.info().command().orElse("").endsWith("/sleep")).findFirst(), Optional::isPresent).orElseThrow();
        run.kill();
        Awaitility.await("the app to die").atMost(PATIENCE).until(() -> !app.isAlive());
        Awaitility.await("the server to close").atMost(PATIENCE).until(() -> HOUSE.helper().servers().isEmpty());
    }

    @Test
    void runtimeDirectory_isLeftAsItWas() {
        List<Path> before = RuntimeFiles.below(HOUSE.runtime());
        output("--system-see=org.x.Y", "--", "true");
        assertEquals(before, RuntimeFiles.below(HOUSE.runtime()));
    }

    @Test
    void failures_beforeTheApp_exit125() {
        Program system = HOUSE.run("unix:path=/nonexistent", BerthDaemon.command("run", "true").toArray(String[]::new));
        assertEquals(125, system.exitStatus(PATIENCE));
        assertTrue(system.errors().contains("/nonexistent"), system.errors());
    }
}
