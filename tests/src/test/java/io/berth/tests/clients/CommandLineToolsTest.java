package io.berth.tests.clients;

import static io.berth.api.AccessFlags.FDS;
import static io.berth.api.AccessFlags.TALK;
import static io.berth.tests.house.Rules.own;
import static io.berth.tests.house.Rules.rule;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.RawClient;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** gdbus (GLib), busctl (sd-bus), dbus-send and dbus-test-tool (libdbus) as confined clients. */
class CommandLineToolsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String NAME = ThingsService.NAME;
    private static final String PATH = ThingsService.PATH;

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private ContainerServer server;

    @BeforeEach
    void start() {
        ThingsService.start(HOUSE);
        HOUSE.service("org.test.Hidden");
        server = HOUSE.server(rule(TALK | FDS, NAME));
    }

    private String ok(String... command) {
        Program program = HOUSE.run(server, command);
        assertEquals(0, program.exitStatus(PATIENCE), program.output() + program.errors());
        return program.output();
    }

    private String failing(String... command) {
        Program program = HOUSE.run(server, command);
        assertNotEquals(0, program.exitStatus(PATIENCE), program.output());
        return program.errors();
    }

    @Test
    void gdbus_callsPropertiesIntrospection_work() {
        assertEquals("(<'hi'>,)", ok("gdbus", "call", "--session", "-d", NAME, "-o", PATH, "-m", "org.test.Things.Echo", "<'hi'>").strip());
        assertTrue(ok("gdbus", "introspect", "--session", "-d", NAME, "-o", PATH).contains("ReadFrom"));
        assertEquals("(<7>,)", ok("gdbus", "call", "--session", "-d", NAME, "-o", PATH, "-m",
                "org.freedesktop.DBus.Properties.Get", "org.test.Things", "Level").strip());
        assertTrue(failing("gdbus", "call", "--session", "-d", "org.test.Hidden", "-o", "/", "-m", "org.test.I.Do")
                .contains("org.freedesktop.DBus.Error.ServiceUnknown"));
    }

    @Test
    void gdbus_monitor_hearsTheServicesSignals() {
        Program monitor = HOUSE.run(server, "gdbus", "monitor", "--session", "-d", NAME);
        Awaitility.await().until(() -> monitor.output().contains("is owned by"));
        Awaitility.await().until(() -> {
            ok("gdbus", "call", "--session", "-d", NAME, "-o", PATH, "-m", "org.test.Things.Announce", "news");
            return monitor.output().contains("org.test.Things.Announced ('news',)");
        });
    }

    @Test
    void busctl_callsPropertiesTreeAndList_work() {
        String address = "--address=" + server.address();
        assertEquals("v s \"hi\"", ok("busctl", address, "call", NAME, PATH, "org.test.Things", "Echo", "v", "s", "hi").strip());
        assertEquals("i 7", ok("busctl", address, "get-property", NAME, PATH, "org.test.Things", "Level").strip());
        ok("busctl", address, "set-property", NAME, PATH, "org.test.Things", "Level", "i", "9");
        assertEquals("i 9", ok("busctl", address, "get-property", NAME, PATH, "org.test.Things", "Level").strip());
        assertTrue(ok("busctl", address, "introspect", NAME, PATH).contains(".Announced"));
        assertTrue(ok("busctl", address, "tree", NAME).contains(PATH));
        String list = ok("busctl", address, "list");
        assertTrue(list.contains(NAME), list);
        assertFalse(list.contains("org.test.Hidden"), list);
        assertTrue(failing("busctl", address, "call", "org.test.Hidden", "/", "org.test.I", "Do").contains("not provided"));
        failing("busctl", address, "monitor");
    }

    @Test
    void dbusSend_callsAndSignals_work() {
        assertTrue(ok("dbus-send", "--session", "--print-reply", "--dest=" + NAME, PATH, "org.test.Things.Length",
                "array:byte:1,2,3").contains("uint32 3"));
        assertTrue(ok("dbus-send", "--bus=" + server.address(), "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus",
                "org.freedesktop.DBus.ListNames").contains(NAME));
        assertTrue(failing("dbus-send", "--session", "--print-reply", "--dest=org.test.Hidden", "/", "org.test.I.Do")
                .contains("org.freedesktop.DBus.Error.ServiceUnknown"));
        RawClient receiver = HOUSE.service("org.test.Receiver");
        HOUSE.helper().setAccess(server, talk("org.test.Receiver"));
        ok("dbus-send", "--session", "--type=signal", "--dest=org.test.Receiver", "/", "org.test.I.Told", "string:x");
        assertEquals("x", receiver.awaitSignal("Told").arg());
    }

    @Test
    void dbusTestTool_spamThroughContainerToEchoInAnother_countsUp() {
        ContainerServer echoServer = HOUSE.server(own("org.test.Echo"));
        Program echo = HOUSE.run(echoServer, "dbus-test-tool", "echo", "--session", "--name=org.test.Echo");
        RawClient watcher = HOUSE.unconfined();
        Awaitility.await().until(() -> (Boolean) watcher.bus("NameHasOwner", "s", "org.test.Echo").arg());
        HOUSE.helper().setAccess(server, talk("org.test.Echo"));
        Program spam = HOUSE.run(server, "dbus-test-tool", "spam", "--session", "--dest=org.test.Echo", "--count=5000",
                "--queue=50", "--payload=" + "p".repeat(500));
        assertEquals(0, spam.exitStatus(PATIENCE), spam.errors());
        Program refused = HOUSE.run(server, "dbus-test-tool", "spam", "--session", "--dest=org.test.Hidden", "--count=3", "--queue=1");
        refused.exitStatus(PATIENCE);
        echo.terminate();
    }
}
