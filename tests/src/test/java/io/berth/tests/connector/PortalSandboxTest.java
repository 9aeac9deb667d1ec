package io.berth.tests.connector;

import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.api.AccessRule;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.RawListener;
import io.berth.tests.raw.RawSocket;
import io.berth.tests.raw.Variant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Portals are within the reach of rules only for connections that a portal will know for those of a sandbox. */
class PortalSandboxTest {
    private static final String PORTAL = Desktop.PORTAL;
    private static final String DENIED = "org.freedesktop.DBus.Error.AccessDenied";
    /** Of 4 KiB each: as much as the daemon's whole heap, with what a reader adds. */
    private static final int MANY_MOUNTS = 6_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @TempDir
    private Path directory;

    /** A server whose connections are made by a process that is started by way of this command line. */
    private ContainerServer server(List<String> sandbox, String leave, AccessRule... rules) {
        Path socket = directory.resolve("connector");
        List<String> line = new ArrayList<>(sandbox);
        line.addAll(List.of("/usr/bin/python3", Path.of("src/test/resources/programs/connector.py").toAbsolutePath().toString(),
                socket.toString(), HOUSE.bus().socket().toString()));
        if (!leave.isEmpty()) {
            line.add(leave);
        }
        try (RawListener listener = new RawListener(socket)) {
            HOUSE.run(HOUSE.bus().address(), line.toArray(String[]::new));
            try (RawSocket connector = listener.accept(PATIENCE)) {
                return HOUSE.helper().add("org.test.App", HelperApi.arguments(List.of(rules), "Connector", new Variant("h", 0)), connector.fd());
            }
        }
    }

    private static Message notification(String id) {
        return Message.call(PORTAL, "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Notification", "AddNotification")
                .body("sa{sv}", id, Map.of("title", Variant.of("title")));
    }

    @Test
    void sandboxWithItsMark_reachesThePortalAsWhatItIs() throws IOException {
        Desktop desktop = Desktop.start(HOUSE, directory);
        RawClient app = HOUSE.app(server(Sandbox.flatpak(directory, "org.example.Marked", "4711"), "", talk(PORTAL)));
        assertEquals(Message.RETURN, app.answer(notification("marked")).type());
        assertEquals("AddNotification marked from 'org.example.Marked'", desktop.heard("marked"));
    }

    @Test
    void sandboxWithItsMark_reachesNothingElseThatHandsOutTheHost() {
        RawClient portal = HOUSE.service(PORTAL);
        RawClient app = HOUSE.app(server(Sandbox.flatpak(directory, "org.example.Marked", "4711"), "", talk("")));
        app.send(Message.call(PORTAL, "/", "org.test.I", "Do"));
        portal.awaitCall("Do");
        for (String name : List.of("org.freedesktop.systemd1", "org.freedesktop.impl.portal.desktop.test")) {
            RawClient out = HOUSE.service(name);
            assertEquals(DENIED, app.answer(Message.call(name, "/", "org.test.I", "Do")).errorName());
            assertEquals(DENIED, app.answer(Message.call(out.uniqueName(), "/", "org.test.I", "Do")).errorName());
            out.sync();
            assertEquals(List.of(), out.drainFromPeers());
        }
        assertEquals(DENIED, app.answer(Message.call(PORTAL, "/org/freedesktop/portal/desktop", "org.freedesktop.host.portal.Registry",
                "Register").body("sa{sv}", "org.other.App", Map.of())).errorName());
    }

    /** A portal would take the first for a program of the host; the others could become one before it looks. */
    @Test
    void processWithoutTheMark_orWithOneThatTheAppCouldChange_isNotLetThrough() {
        RawClient portal = HOUSE.service(PORTAL);
        List<String> writable = Sandbox.flatpak(directory, "org.example.Marked", "4711");
        writable.set(writable.lastIndexOf("--ro-bind"), "--bind");
        List<String> link = new ArrayList<>(Sandbox.flatpak(directory, "org.example.Marked", "4711"));
        link.set(link.lastIndexOf("--ro-bind"), "--symlink");
        for (List<String> sandbox : List.of(List.<String>of(), writable, link)) {
            ContainerServer server = server(sandbox, "", talk(PORTAL));
            RawClient app = HOUSE.app(server);
            assertEquals(DENIED, app.answer(Message.call(PORTAL, "/", "org.test.I", "Do")).errorName(), sandbox.toString());
            HOUSE.helper().remove(server);
            directory.resolve("connector").toFile().delete();
        }
        portal.sync();
        assertEquals(List.of(), portal.drainFromPeers());
    }

    @Test
    void connectorThatLeavesItsSandbox_isNotTrustedAnyLonger() {
        RawClient portal = HOUSE.service(PORTAL);
        ContainerServer server = server(Sandbox.flatpak(directory, "org.example.Marked", "4711"), "/usr", talk(PORTAL));
        RawClient app = HOUSE.app(server);
        HOUSE.app(server).awaitClose();
        app.send(Message.call(PORTAL, "/", "org.test.I", "Do"));
        portal.awaitCall("Do");
    }

    /** Who rules a mount namespace can have as much told about it as it likes: no more than what is worth reading is read of that. */
    @Test
    void processWithAMountTableLongerThanOurMemory_isNotKnown_andNobodyWaitsForIt() throws IOException {
        HOUSE.service(PORTAL);
        RawClient neighbour = HOUSE.app();
        ContainerServer server = server(List.of("/usr/bin/python3", Path.of("src/test/resources/programs/many_mounts.py").toAbsolutePath().toString(),
                Files.createDirectory(directory.resolve("mounts")).toString(), Integer.toString(MANY_MOUNTS)), "", talk(PORTAL));
        List<RawClient> apps = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            apps.add(HOUSE.app(server));
            neighbour.sync();
        }
        for (RawClient app : apps) {
            assertEquals(DENIED, app.answer(Message.call(PORTAL, "/", "org.test.I", "Do")).errorName());
        }
        neighbour.sync();
    }
}
