package io.berth.control;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.dbus.HelperName;
import io.berth.kernel.NoFdLeft;
import io.berth.server.ServerInfo;
import io.berth.transport.BusLocation;
import io.berth.transport.MessageBus;
import io.berth.transport.NotificationPipe;
import java.util.List;
import java.util.Map;
import org.freedesktop.dbus.FileDescriptor;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.UInt64;
import org.freedesktop.dbus.types.Variant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoFdLeft.class)
class AddContainerServerTest {
    private HelperUnderTest helper;
    private TestClient client;

    @BeforeAll
    static void warmUp() throws Exception {
        HelperUnderTest.warmUp();
    }

    @BeforeEach
    void start() throws Exception {
        helper = new HelperUnderTest();
        client = helper.connect();
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        helper.close();
    }

    private void assertNothingMade() throws Exception {
        assertEquals(List.of(), helper.registry().list().get());
        assertEquals(List.of(), helper.sockets());
    }

    @Test
    void namedArguments_unknownOrOfWrongType_areInvalidArgsByName() throws Exception {
        assertEquals("InvalidArgs unknown named argument 'Bux': expected one of Bus, Allow, Policy, Unrestricted, AllowHostEscape, "
                + "Mode, Socket, Connector, ReadyNotification, CloseNotification, OutliveCreator, Cgroups, Processes, StartTimeout", client.addError("Bux", "session"));
        assertEquals("InvalidArgs named argument Bus has type i, expected s", client.addError("Bus", 1));
        assertEquals("InvalidArgs named argument Allow has type as, expected a(usos)",
                client.addError("Allow", new Variant<>(List.of("org.foo"), "as")));
        assertEquals("InvalidArgs named argument CloseNotification has type u, expected h",
                client.addError("CloseNotification", new UInt32(0)));
        assertEquals("InvalidArgs named argument Cgroups has type s, expected as", client.addError("Cgroups", "/x"));
        for (Object[] two : List.of(new Object[] {"Unrestricted", true, "Allow", new Variant<>(List.of(), "a(usos)")},
                new Object[] {"Unrestricted", true, "Policy", "dbus,"},
                new Object[] {"Allow", new Variant<>(List.of(), "a(usos)"), "Policy", "dbus,"})) {
            assertEquals("InvalidArgs Allow, Policy and Unrestricted exclude each other: at most one may be given", client.addError(two));
        }
        assertEquals("InvalidArgs mode '': expected enforce or complain", client.addError("Mode", ""));
        assertEquals("InvalidArgs StartTimeout 18446744073709551615: expected at most 9223372036854775 microseconds, 0 for ever",
                client.addError("StartTimeout", new UInt64("18446744073709551615")));
        assertNothingMade();
    }

    @Test
    void bus_thatCannotBeServed_isAnErrorAndLeavesNothing() throws Exception {
        for (String bus : List.of("", "tcp:host=localhost,port=1", "unixexec:path=/bin/sh", "unix:path=/x;tcp:host=y", "unix:path=relative", "sessions")) {
            assertTrue(client.addError("Bus", bus).startsWith("InvalidArgs "), () -> bus);
        }
        assertTrue(client.addError("Bus", "unix:path=/nonexistent/bus").startsWith("Failed "));
        assertTrue(client.addError("Bus", "system").startsWith("Failed "));
        assertNothingMade();
    }

    @Test
    void typeAppAndMetadata_outOfForm_areRefusedByValue() throws Exception {
        assertTrue(error("nodots", "app", Map.of()).startsWith("InvalidArgs container type 'nodots': expected a reverse-DNS name"));
        assertTrue(error("org.example.Sandbox", "", Map.of()).startsWith("InvalidArgs app identifier ''"));
        assertTrue(error("org.example.Sandbox", "a\nb", Map.of()).startsWith("InvalidArgs app identifier 'a\\u000ab'"));
        assertTrue(error("org.example.Sandbox", "x".repeat(256), Map.of()).startsWith("InvalidArgs app identifier "));
        assertEquals("LimitsExceeded metadata of more than 2000 bytes",
                error("org.example.Sandbox", "app", Map.of("key", new Variant<>("x".repeat(HelperUnderTest.METADATA_BYTES)))));
        assertEquals("InvalidArgs metadata may not hold file descriptors",
                error("org.example.Sandbox", "app", Map.of("key", new Variant<>(new Object[] {new FileDescriptor(0)}, "(h)"))));
        assertNothingMade();
    }

    private String error(String type, String app, Map<String, Variant<?>> metadata) throws Exception {
        return client.helperError("AddContainerServer", "ssa{sv}a{sv}", type, app, metadata, Map.of());
    }

    /** Each call brings two fds; that none is left is seen when the test ends, with the helper in the same process. */
    @Test
    void fileDescriptors_ofRefusedCalls_areClosed() throws Exception {
        FileDescriptor fd = new FileDescriptor(0);
        client.call(TestClient.ROOT, "org.freedesktop.DBus.Peer", "Ping", null);
        int before = NoFdLeft.open().size();
        for (int i = 0; i < 50; i++) {
            client.addError("Nope", fd, "CloseNotification", fd);
            client.addError("Mode", "blue", "CloseNotification", fd, "Socket", fd);
            client.addError("Bus", "tcp:", "CloseNotification", fd);
            client.addError("Bus", "unix:path=/nonexistent/bus", "CloseNotification", fd);
            client.addError("Bus", fd);
            error("org.example.Sandbox", "app", Map.of("key", new Variant<>(fd)));
            client.helperError("AddProcess", "oh", "/x", fd);
            client.helperError("GetInstanceInfo", "oh", "/x", fd);
            client.helperError("Nope", "hh", fd, fd);
            client.error("/nowhere", TestClient.HELPER, "Nope", "h", fd);
        }
        assertEquals(before, NoFdLeft.open().size());
        assertNothingMade();
    }

    @Test
    void callsWithoutReply_withFileDescriptors_leaveNone() throws Exception {
        FileDescriptor fd = new FileDescriptor(0);
        client.call(TestClient.ROOT, "org.freedesktop.DBus.Peer", "Ping", null);
        int before = NoFdLeft.open().size();
        for (int i = 0; i < 50; i++) {
            client.bus().send(client.bus().messages().createMethodCall(null, HelperName.BUS_NAME, TestClient.ROOT,
                    TestClient.HELPER, "Nope", (byte) 1, "h", fd));
        }
        client.call(TestClient.ROOT, "org.freedesktop.DBus.Peer", "Ping", null);
        await().untilAsserted(() -> assertEquals(before, NoFdLeft.open().size()));
    }

    @Test
    void closeNotification_hungUp_endsTheServer() throws Exception {
        client.listen();
        NotificationPipe pipe = NotificationPipe.open();
        client.add("CloseNotification", new FileDescriptor(pipe.readFd()));
        pipe.close();
        await().until(() -> !client.signals("ContainerServerRemoved").isEmpty());
        assertEquals("closed", client.signals("ContainerServerRemoved").get(0).getParameters()[1]);
        assertNothingMade();
    }

    @Test
    void closeNotification_thatCannotBeWaitedFor_isInvalid() throws Exception {
        try (java.io.FileInputStream file = new java.io.FileInputStream("/etc/passwd")) {
            int fd = fileFd(file);
            assertTrue(client.addError("CloseNotification", new FileDescriptor(fd)).startsWith("InvalidArgs CloseNotification cannot be waited for"));
        }
        assertNothingMade();
    }

    private static int fileFd(java.io.FileInputStream file) throws Exception {
        try (var entries = java.nio.file.Files.newDirectoryStream(java.nio.file.Path.of("/proc/self/fd"))) {
            for (var entry : entries) {
                if (java.nio.file.Files.isRegularFile(entry) && entry.toRealPath().toString().equals("/etc/passwd")) {
                    return Integer.parseInt(entry.getFileName().toString());
                }
            }
        }
        throw new IllegalStateException("not open");
    }

    @Test
    void servers_moreThanTheLimit_areLimitsExceeded() throws Exception {
        for (int i = 0; i < 20; i++) {
            client.add();
        }
        assertTrue(client.addError().startsWith("LimitsExceeded "), () -> "21 servers");
    }

    @Test
    void creator_leaving_endsItsServersUnlessTheyOutliveIt() throws Exception {
        client.listen();
        NotificationPipe pipe = NotificationPipe.open();
        FileDescriptor close = new FileDescriptor(pipe.readFd());
        TestClient creator = helper.connect();
        creator.add();
        creator.add("OutliveCreator", false, "CloseNotification", close);
        creator.add("CloseNotification", close);
        creator.add("OutliveCreator", true);
        creator.close();
        await().until(() -> client.signals("ContainerServerRemoved").size() >= 2);
        assertEquals(List.of("3", "4"), helper.registry().list().get().stream().map(ServerInfo::id).toList());
        assertEquals("creator-gone", client.signals("ContainerServerRemoved").get(0).getParameters()[1]);
        pipe.close();
    }

    /** The caller is gone before the helper reads the call, or while it looks who is calling. */
    @Test
    void creator_thatVanishesAtOnce_leavesNoServer() throws Exception {
        for (int i = 0; i < 100; i++) {
            try (MessageBus bus = MessageBus.connect(BusLocation.parse(helper.bus().address()))) {
                bus.send(bus.messages().createMethodCall(null, HelperName.BUS_NAME, TestClient.ROOT, TestClient.HELPER,
                        "AddContainerServer", (byte) 0, "ssa{sv}a{sv}", "org.example.Sandbox", "app", Map.of(), Map.of()));
                if (i % 3 > 0) {
                    // let the helper come a little further
                    bus.callDriver("GetId", null);
                    client.call(TestClient.ROOT, "org.freedesktop.DBus.Peer", "Ping", null);
                }
            }
        }
        await().untilAsserted(this::assertNothingMade);
    }

    @Test
    void server_withoutAFirstClientInTime_neverStarted() throws Exception {
        client.listen();
        client.add("StartTimeout", new UInt64(1000L));
        await().until(() -> !client.signals("ContainerServerRemoved").isEmpty());
        assertEquals("never-started", client.signals("ContainerServerRemoved").get(0).getParameters()[1]);
    }
}
