package io.berth.tests.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** berth-dbus-proxy is started, fed and ended as xdg-dbus-proxy is. */
class DropInCommandLineTest {
    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @TempDir
    private Path directory;

    private Path socket;

    @BeforeEach
    void place() {
        socket = directory.resolve("proxy");
    }

    /** BUS and PATH stand for what they are here. */
    private String[] words(String line) {
        return Arrays.stream(line.split(" ")).filter(word -> !word.isEmpty()).map(word -> switch (word) {
            case "BUS" -> HOUSE.bus().address();
            case "PATH" -> socket.toString();
            case "NOWHERE" -> directory.resolve("none/proxy").toString();
            default -> word;
        }).toArray(String[]::new);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--foo", "BUS", "BUS --filter", "--filter BUS PATH", "BUS PATH --foo", "BUS PATH --talk", "BUS PATH --talk=",
        "BUS PATH --talk=a", "BUS PATH --see=a..b", "BUS PATH --own=*", "BUS PATH --talk=:1.2", "BUS PATH --talk=org.*", "BUS PATH --talk=org.foo.",
        "BUS PATH --own=org.foo.1a", "BUS PATH --call=org.foo", "BUS PATH --broadcast=org.foo", "--fd=abc BUS PATH", "--fd=-1 BUS PATH",
        "--args=77", "--args=x", "--fd", "BUS PATH BUS", "BUS PATH --filter PATH"})
    void commandLine_wrong_isRefusedInTheSameWords(String line) throws IOException {
        Program xdg = Proxy.run(HOUSE, Proxy.XDG, words(line));
        int status = xdg.exitStatus(Proxy.PATIENCE);
        Files.deleteIfExists(socket);
        Program berth = Proxy.run(HOUSE, Proxy.BERTH, words(line));
        assertEquals(status, berth.exitStatus(Proxy.PATIENCE));
        assertEquals(xdg.errors(), berth.errors());
        assertEquals(1, berth.exitStatus(Proxy.PATIENCE));
        assertEquals("", berth.output());
        assertFalse(Files.exists(socket));
    }

    @Test
    void commandLine_empty_isAnsweredWithTheUsage() {
        Program berth = Proxy.run(HOUSE, Proxy.BERTH);
        assertEquals(1, berth.exitStatus(Proxy.PATIENCE));
        assertTrue(berth.errors().startsWith("usage: "), berth.errors());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "--version", "BUS PATH --help", "BUS PATH --filter --version"})
    void helpAndVersion_anywhere_succeed(String line) {
        for (String program : List.of(Proxy.XDG, Proxy.BERTH)) {
            Program run = Proxy.run(HOUSE, program, words(line));
            assertEquals(0, run.exitStatus(Proxy.PATIENCE), program + run.errors());
            assertFalse(run.output().isEmpty(), program);
        }
        assertFalse(Files.exists(socket));
    }

    @Test
    void help_namesEveryOptionOfTheManual() {
        Program help = Proxy.run(HOUSE, Proxy.BERTH, "--help");
        help.exitStatus(Proxy.PATIENCE);
        for (String option : List.of("--help", "--version", "--fd=FD", "--args=FD", "--filter", "--log", "--sloppy-names", "--see=NAME",
                "--talk=NAME", "--own=NAME", "--call=NAME=RULE", "--broadcast=NAME=RULE")) {
            assertTrue(help.output().contains(option), option);
        }
    }

    @Test
    void place_thatCannotBeBound_isSaid() throws IOException {
        for (String program : List.of(Proxy.XDG, Proxy.BERTH)) {
            Program run = Proxy.run(HOUSE, program, words("BUS NOWHERE"));
            assertEquals(1, run.exitStatus(Proxy.PATIENCE));
            assertTrue(run.errors().startsWith("Failed to start proxy for " + HOUSE.bus().address() + ": Error binding to "), run.errors());
            assertTrue(run.errors().endsWith(": No such file or directory\n"), run.errors());
        }
        Files.createDirectory(socket);
        Program run = Proxy.run(HOUSE, Proxy.BERTH, words("BUS PATH"));
        assertEquals(1, run.exitStatus(Proxy.PATIENCE));
        assertTrue(Files.isDirectory(socket), "what is no socket stays");
    }

    @Test
    void helper_thatIsNotInstalled_isSaid() {
        Program alone = HOUSE.run(HOUSE.systemBus().address(), Proxy.BERTH, HOUSE.bus().address(), socket.toString());
        assertEquals(1, alone.exitStatus(Proxy.PATIENCE));
        assertTrue(alone.errors().startsWith("Failed to start proxy for " + HOUSE.bus().address() + ": "), alone.errors());
        assertTrue(alone.errors().contains("io.berth.Helper1"), alone.errors());
        assertFalse(Files.exists(socket));
    }

    @Test
    void fd_closed_endsIt() throws IOException {
        for (String program : List.of(Proxy.XDG, Proxy.BERTH)) {
            Files.writeString(socket, "left by somebody");
            Path other = directory.resolve("other");
            Proxy proxy = Proxy.ready(HOUSE, directory, program, HOUSE.bus().address(), socket.toString(), HOUSE.systemBus().address(),
                    other.toString(), "--filter");
            RawClient app = Proxy.app(HOUSE, socket);
            Proxy.app(HOUSE, other).sync();
            assertEquals(0, proxy.end(), program);
            app.awaitClose();
            assertFalse(Files.exists(socket), program);
            assertFalse(Files.exists(other), program);
        }
        assertEquals(List.of(), HOUSE.helper().servers());
    }

    @Test
    void socket_isTheUsersAlone() throws IOException {
        Proxy.ready(HOUSE, directory, Proxy.BERTH, words("BUS PATH"));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
    }

    @Test
    void arguments_fromAFile_areRead() throws IOException {
        RawClient service = HOUSE.service("org.test.Service");
        Path file = Proxy.argumentFile(directory, HOUSE.bus().address(), socket.toString(), "--filter", "--see=org.test.Service");
        for (String program : List.of(Proxy.XDG, Proxy.BERTH)) {
            Proxy proxy = Proxy.ready(HOUSE, directory, List.of("sh", "-c", "exec \"$@\" --args=4 4<'" + file + "'", "sh"), program);
            RawClient app = Proxy.app(HOUSE, socket);
            assertEquals(service.uniqueName(), app.bus("GetNameOwner", "s", "org.test.Service").arg(), program);
            assertEquals("org.freedesktop.DBus.Error.AccessDenied", app.answer(Message.call("org.test.Service", "/", "org.test.I", "Do")).errorName(), program);
            assertEquals(0, proxy.end());
        }
    }

    @Test
    void arguments_ofSeveralFiles_takeTheirPlaces() throws IOException {
        Path first = Files.writeString(directory.resolve("first"), "--filter\0--talk=org.test.Service\0");
        Path second = Files.writeString(directory.resolve("second"), HOUSE.systemBus().address() + "\0" + directory.resolve("other"));
        HOUSE.service("org.test.Service");
        Proxy proxy = Proxy.ready(HOUSE, directory, List.of("sh", "-c", "exec \"$@\" 4<'" + first + "' 5<'" + second + "'", "sh"), Proxy.BERTH,
                HOUSE.bus().address(), socket.toString(), "--args=4", "--args=5", "--filter");
        assertEquals(true, Proxy.app(HOUSE, socket).bus("NameHasOwner", "s", "org.test.Service").arg());
        RawClient system = Proxy.app(HOUSE, directory.resolve("other"));
        assertEquals(List.of("org.freedesktop.DBus", system.uniqueName()), system.bus("ListNames").arg());
        assertEquals(0, proxy.end());
    }

    @Test
    void pairs_eachHaveTheirOwnRulesAndBus() {
        HOUSE.service("org.test.A");
        HOUSE.service("org.test.B");
        List<Path> sockets = List.of(directory.resolve("1"), directory.resolve("2"), directory.resolve("3"));
        Proxy proxy = Proxy.ready(HOUSE, directory, Proxy.BERTH, HOUSE.bus().address(), sockets.get(0).toString(), "--filter", "--see=org.test.A",
                HOUSE.bus().address(), sockets.get(1).toString(), "--filter", "--see=org.test.B",
                HOUSE.systemBus().address(), sockets.get(2).toString());
        List<List<Object>> seen = new ArrayList<>();
        for (Path place : sockets) {
            RawClient app = Proxy.app(HOUSE, place);
            seen.add(List.of(app.bus("NameHasOwner", "s", "org.test.A").arg(), app.bus("NameHasOwner", "s", "org.test.B").arg()));
        }
        assertEquals(List.of(List.of(true, false), List.of(false, true), List.of(false, false)), seen);
        assertEquals(3, HOUSE.helper().servers().size());
        assertEquals(0, proxy.end());
        Awaitility.await().until(() -> HOUSE.helper().servers().isEmpty());
    }

    @Test
    void connections_areMadeByTheProxy() {
        Proxy proxy = Proxy.ready(HOUSE, directory, Proxy.BERTH, words("BUS PATH --filter"));
        RawClient app = Proxy.app(HOUSE, socket);
        assertEquals(proxy.program().pid(), HOUSE.helper().connection().bus("GetConnectionUnixProcessID", "s", app.uniqueName()).arg());
        assertEquals(List.of("io.berth.DBusProxy", "proxy"), HOUSE.helper().instance(app.uniqueName()).subList(2, 4));
    }

    @Test
    void proxy_killed_takesItsServerAlong() {
        Proxy proxy = Proxy.ready(HOUSE, directory, Proxy.BERTH, words("BUS PATH"));
        RawClient app = Proxy.app(HOUSE, socket);
        proxy.program().kill();
        app.awaitClose();
        Awaitility.await().until(() -> HOUSE.helper().servers().isEmpty());
    }

    @Test
    void server_removed_endsTheProxy() {
        Proxy proxy = Proxy.ready(HOUSE, directory, Proxy.BERTH, words("BUS PATH"));
        HOUSE.helper().connection().call(HelperApi.call("RemoveContainerServer").body("o", HOUSE.helper().servers().get(0)));
        assertEquals(1, proxy.program().exitStatus(Proxy.PATIENCE));
        assertEquals("The proxy at " + socket + " has ended: its server was removed\n", proxy.program().errors());
        assertFalse(Files.exists(socket));
    }

    @Test
    void log_namesWhatIsDenied() {
        Proxy proxy = Proxy.ready(HOUSE, directory, Proxy.BERTH, words("BUS PATH --filter --log --see=org.test.Service"));
        HOUSE.service("org.test.Service");
        RawClient app = Proxy.app(HOUSE, socket);
        app.answer(Message.call("org.test.Service", "/a/b", "org.test.I", "Do"));
        String expected = app.uniqueName() + ": -> org.test.Service method_call org.test.I.Do at /a/b\n"
                + "*DENIED* (missing permission CALL on org.test.Service)\n";
        Awaitility.await().untilAsserted(() -> assertEquals(expected, proxy.program().output()));
        assertEquals(0, proxy.end());
    }

    @Test
    void environment_empty_theBusOfTheCommandLineHasTheHelper() {
        Proxy.ready(HOUSE, directory, List.of("env", "-i"), Proxy.BERTH, HOUSE.systemBus().address(), directory.resolve("other").toString(),
                HOUSE.bus().address(), socket.toString());
        Proxy.app(HOUSE, socket).sync();
    }

    @Test
    void helper_notRunning_isStartedByTheBus() throws IOException {
        Path runtime = Files.createDirectory(directory.resolve("run"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path outputs = Files.createDirectory(directory.resolve("out"));
        try (PrivateBus bus = PrivateBus.session(runtime, outputs)) {
            bus.activatable(BerthDaemon.NAME, String.join(" ", BerthDaemon.command("daemon")));
            try (Program proxy = Program.start(outputs, Map.of("DBUS_SESSION_BUS_ADDRESS", bus.address()),
                    List.of(Proxy.BERTH, bus.address(), socket.toString(), "--filter")); RawClient client = bus.connect()) {
                Awaitility.await().atMost(Proxy.PATIENCE).ignoreExceptions().until(() -> {
                    RawClient.connect(socket).close();
                    return true;
                });
                long helper = (Long) client.bus("GetConnectionUnixProcessID", "s", BerthDaemon.NAME).arg();
                bus.kill();
                Awaitility.await().until(() -> ProcessHandle.of(helper).isEmpty());
                assertTrue(proxy.isAlive());
            }
        }
    }

    @Test
    void relativePath_isBelowTheCurrentDirectory() {
        Proxy.ready(HOUSE, directory, List.of("env", "-C", directory.toString()), Proxy.BERTH, HOUSE.bus().address(), "proxy");
        Proxy.app(HOUSE, socket).sync();
    }
}
