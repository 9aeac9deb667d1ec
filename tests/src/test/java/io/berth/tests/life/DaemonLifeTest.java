package io.berth.tests.life;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.RuntimeFiles;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.RawListener;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How a daemon starts and ends, in good order and in bad. */
class DaemonLifeTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private Path root;
    private Path runtime;
    private PrivateBus bus;

    @BeforeEach
    void start() throws Exception {
        root = Files.createTempDirectory("berth");
        runtime = Files.createDirectory(root.resolve("run"));
        Files.createDirectory(root.resolve("out"));
        bus = keep(PrivateBus.session(runtime, root.resolve("out")));
    }

    @AfterEach
    void stop() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
        RuntimeFiles.deleteTree(root);
    }

    private <T extends AutoCloseable> T keep(T resource) {
        opened.push(resource);
        return resource;
    }

    private BerthDaemon daemon() {
        BerthDaemon daemon = BerthDaemon.start(bus, runtime, root.resolve("out"), Map.of());
        keep(daemon.program());
        return daemon.awaitReady(bus);
    }

    private ContainerServer server() {
        return new HelperApi(keep(bus.connect())).add("org.test.App");
    }

    @Test
    void sigterm_withServersAndClients_endsCleanlyAndSaysSo() {
        BerthDaemon daemon = daemon();
        RawClient watcher = keep(bus.connect());
        watcher.match("type='signal',member='ContainerServerRemoved'");
        ContainerServer server = server();
        RawClient app = keep(server.connect());
        RawClient unnamed = keep(RawClient.open(server.socket()));
        daemon.close();
        assertEquals(List.of(server.object(), "helper-exit"), watcher.awaitSignal("ContainerServerRemoved").args());
        app.awaitClose();
        unnamed.awaitClose();
        assertFalse((Boolean) watcher.bus("NameHasOwner", "s", BerthDaemon.NAME).arg());
    }

    @Test
    void secondDaemon_onTheSameBus_saysSoAndEnds() {
        BerthDaemon first = daemon();
        ContainerServer server = server();
        BerthDaemon second = BerthDaemon.start(bus, runtime, root.resolve("out"), Map.of());
        assertNotEquals(0, second.program().exitStatus(PATIENCE));
        assertTrue(second.program().errors().contains(BerthDaemon.NAME), second.program().errors());
        assertTrue(second.program().errors().lines().count() <= 3, second.program().errors());
        keep(server.connect()).sync();
        first.close();
    }

    @Test
    void busLost_endsWithMessageAndStatus() {
        BerthDaemon daemon = daemon();
        RawClient app = keep(server().connect());
        bus.kill();
        assertNotEquals(0, daemon.program().exitStatus(PATIENCE));
        assertTrue(daemon.program().errors().contains("bus"), daemon.program().errors());
        app.awaitClose();
        daemon.checkNothingLeft();
    }

    @Test
    void noBus_endsWithMessageAndStatus() {
        BerthDaemon daemon = BerthDaemon.start(bus, runtime, root.resolve("out"),
                Map.of("DBUS_SESSION_BUS_ADDRESS", "unix:path=" + root.resolve("nothing-here")));
        assertNotEquals(0, daemon.program().exitStatus(PATIENCE));
        assertTrue(daemon.program().errors().contains("nothing-here"), daemon.program().errors());
        assertTrue(daemon.program().errors().lines().count() <= 3, daemon.program().errors());
    }

    @Test
    void files_whileItRuns_areForTheUserOnly() throws Exception {
        BerthDaemon daemon = daemon();
        server();
        server();
        List<Path> files = RuntimeFiles.below(daemon.directory());
        assertTrue(files.size() >= 2);
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(daemon.directory())));
        for (Path file : files) {
            String expected = Files.isDirectory(file) ? "rwx------" : "rw-------";
            assertEquals(expected, PosixFilePermissions.toString(Files.getPosixFilePermissions(file)), file.toString());
        }
        daemon.close();
    }

    @Test
    void socketsOfKilledDaemon_nextOne_cleansThemAndNothingElse() throws Exception {
        BerthDaemon killed = daemon();
        ContainerServer server = server();
        killed.program().kill();
        killed.program().exitStatus(PATIENCE);
        assertTrue(Files.exists(server.socket()));
        Path directory = server.socket().getParent();
        Path foreignFile = Files.writeString(directory.resolve("notes.txt"), "mine");
        Path foreignSocket = directory.resolve("elsewhere");
        keep(new RawListener(foreignSocket));
        Path outside = Files.writeString(runtime.resolve("pulse"), "mine");

        BerthDaemon next = daemon();
        ContainerServer fresh = server();
        assertFalse(Files.exists(server.socket()) && !server.socket().equals(fresh.socket()), "still there: " + server.socket());
        keep(fresh.connect()).sync();
        next.program().terminate();
        assertEquals(0, next.program().exitStatus(PATIENCE), next.program().errors());
        assertFalse(Files.exists(fresh.socket()));
        assertEquals("mine", Files.readString(foreignFile));
        assertTrue(Files.exists(foreignSocket));
        assertEquals("mine", Files.readString(outside));
    }

    @Test
    void directory_openToOthers_isRefused() throws Exception {
        Path directory = Files.createDirectory(runtime.resolve("berth"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        BerthDaemon daemon = BerthDaemon.start(bus, runtime, root.resolve("out"), Map.of());
        assertNotEquals(0, daemon.program().exitStatus(PATIENCE));
        assertTrue(daemon.program().errors().contains(directory.toString()), daemon.program().errors());
        assertEquals(List.of(), RuntimeFiles.below(directory));
    }

    @Test
    void directory_linkedElsewhere_isRefused() throws Exception {
        Path elsewhere = Files.createDirectory(root.resolve("elsewhere"), PosixFilePermissions.asFileAttribute(
                PosixFilePermissions.fromString("rwx------")));
        Files.createSymbolicLink(runtime.resolve("berth"), elsewhere);
        BerthDaemon daemon = BerthDaemon.start(bus, runtime, root.resolve("out"), Map.of());
        assertNotEquals(0, daemon.program().exitStatus(PATIENCE));
        assertEquals(List.of(), RuntimeFiles.below(elsewhere));
    }

    @Test
    void method_ofNoInterface_isAnsweredNotIgnored() {
        BerthDaemon daemon = daemon();
        RawClient caller = keep(bus.connect());
        ContainerServer server = server();
        for (Message call : List.of(HelperApi.call("NoSuchMethod"), HelperApi.call("AddCgroup").body("os", server.object(), "/x"),
                HelperApi.call("SetContainerPolicy").body("os", server.object(), "no rule"),
                HelperApi.call("GrantAccess").body("oa(usos)", "/no/server", List.of()),
                HelperApi.call("BindMount").body("oa{sv}ay", server.object(), Map.of(), new byte[0]))) {
            assertTrue(caller.answer(call).errorName().startsWith("org.freedesktop.DBus.Error."), call.toString());
        }
        daemon.close();
    }
}
