package io.berth.control;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.dbus.HelperName;
import io.berth.kernel.NoFdLeft;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.FileDescriptor;
import org.freedesktop.dbus.messages.MethodCall;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.Variant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoFdLeft.class)
class CallerCheckTest {
    private static final String DENIED = "AccessDenied a confined connection may only ask about itself";

    private HelperUnderTest helper;
    private TestClient client;
    /** Really confined. */
    private TestClient app;
    /** Confined as far as the registry knows, but with no relay before it. */
    private TestClient intruder;
    private DBusPath server;

    @BeforeAll
    static void warmUp() throws Exception {
        HelperUnderTest.warmUp();
    }

    @BeforeEach
    void start() throws Exception {
        helper = new HelperUnderTest();
        client = helper.connect();
        Object[] added = client.add("Allow", new Variant<>(List.of(TestClient.rule(0x22f, "io.berth.Helper1"),
                TestClient.rule(0x10, "org.example.App")), "a(usos)"));
        server = (DBusPath) added[0];
        app = new TestClient((String) added[2]);
        intruder = helper.connect();
        helper.confine(intruder);
    }

    @AfterEach
    void stop() throws Exception {
        intruder.close();
        app.close();
        client.close();
        helper.close();
    }

    @Test
    void confinedCaller_askingAboutItself_isAnswered() throws Exception {
        assertEquals(server.getPath(), app.helper("GetConnectionInstance", "s", app.name())[0].toString());
        assertEquals(server.getPath(), app.helper("GetConnectionInstanceOnBus", "ss", app.name(), "session")[0].toString());
        assertEquals("app", app.helper("GetInstanceInfo", "o", server)[2]);
        app.bus().callDriver("RequestName", "su", "org.example.App", new UInt32(4));
        assertEquals(server.getPath(), app.helper("GetConnectionInstance", "s", "org.example.App")[0].toString());
    }

    @Test
    void confinedCaller_doingAnythingElse_isDenied() throws Exception {
        DBusPath other = (DBusPath) client.add()[0];
        assertDenied("GetConnectionInstance", "s", client.name());
        assertDenied("GetConnectionInstance", "s", "org.example.NobodyHasThis");
        assertDenied("GetConnectionCredentials", "s", "io.berth.Helper1");
        assertDenied("GetConnectionInstance", "s", app.name());
        assertDenied("GetConnectionInstanceOnBus", "ss", intruder.name(), "system");
        assertDenied("GetInstanceInfo", "o", other);
        assertDenied("RemoveContainerServer", "o", server);
        assertDenied("StopListening", "o", other);
        assertDenied("SetContainerAccess", "oa(usos)", server, List.of());
        assertDenied("SetMode", "os", server, "complain");
        assertDenied("AddContainerServer", "ssa{sv}a{sv}", "org.example.Sandbox", "app", Map.of(), Map.of());
        assertDenied("AddContainerServer", "ssa{sv}a{sv}", "org.example.Sandbox", "app", Map.of(),
                TestClient.named("CloseNotification", new FileDescriptor(0)));
        assertDenied("Nope", null);
        assertTrue(intruder.error(server.getPath(), TestClient.SERVER, "Remove", null).startsWith(DENIED));
        assertTrue(intruder.error(server.getPath(), null, "Remove", null).startsWith(DENIED));
        assertTrue(intruder.error(TestClient.ROOT, "org.freedesktop.DBus.Properties", "GetAll", "s", TestClient.HELPER).startsWith(DENIED));
        assertTrue(intruder.error(TestClient.ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", null).startsWith(DENIED));
        assertEquals("app", intruder.helper("GetInstanceInfo", "o", server)[2]);
        intruder.helper("GetConnectionInstance", "s", intruder.name());
        assertEquals(2, helper.registry().list().get().size());
    }

    private void assertDenied(String member, String signature, Object... arguments) throws Exception {
        String answer = intruder.helperError(member, signature, arguments);
        assertTrue(answer.startsWith(DENIED), () -> member + ": " + answer);
    }

    @Test
    void credentials_ofAConfinedConnection_areThoseOfItsProcess() throws Exception {
        Map<?, ?> all = (Map<?, ?>) client.helper("GetConnectionCredentials", "s", app.name())[0];
        assertEquals(new UInt32(ProcessHandle.current().pid()), ((Variant<?>) all.get("ProcessID")).getValue());
        assertEquals("u", ((Variant<?>) all.get("UnixUserID")).getSig());
        assertEquals("au", ((Variant<?>) all.get("UnixGroupIDs")).getSig());
        assertTrue(all.containsKey("ProcessFD") != all.containsKey("ProcessIDUnverified"), all::toString);
    }

    /** That the fd really comes, and that none is left here, where the helper is too. */
    @Test
    void credentials_askedForByGLib_bringAPidfd() throws Exception {
        String program = """
                import sys, os
                from gi.repository import Gio, GLib
                bus = Gio.bus_get_sync(Gio.BusType.SESSION)
                for i in range(100):
                    reply, fds = bus.call_with_unix_fd_list_sync('io.berth.Helper1', '/io/berth/Helper1', 'io.berth.Helper1',
                        'GetConnectionCredentials', GLib.Variant('(s)', (sys.argv[1],)), None, 0, -1, None, None)
                    values = reply.unpack()[0]
                    if 'ProcessFD' in values:
                        fd = fds.steal_fds()[values['ProcessFD']]
                        line = [l for l in open('/proc/self/fdinfo/%d' % fd) if l.startswith('Pid:')][0]
                        os.close(fd)
                        assert int(line.split()[1]) == values['ProcessID'], line
                    else:
                        assert values['ProcessIDUnverified']
                print('ok')
                """;
        assertEquals("ok\n", helper.bus().python(program, app.name()));
    }

    @Test
    void questions_aboutOthers_areTold() throws Exception {
        assertTrue(client.helperError("GetConnectionInstance", "s", client.name()).startsWith("NotContainer "));
        assertTrue(client.helperError("GetConnectionInstance", "s", ":1.99999").startsWith("NameHasNoOwner "));
        assertTrue(client.helperError("GetConnectionInstance", "s", "no name").startsWith("InvalidArgs bus name 'no name'"));
        assertTrue(client.helperError("GetConnectionInstanceOnBus", "ss", app.name(), "tcp:").startsWith("InvalidArgs "));
        Object[] reply = client.helper("GetConnectionInstance", "s", app.name());
        assertEquals(server.getPath(), reply[0].toString());
        assertArrayEquals(new Object[] {"org.example.Sandbox", "app"}, new Object[] {reply[2], reply[3]});
    }

    @Test
    void connections_comingAndGoing_areSignalled() throws Exception {
        client.listen();
        app.close();
        await().until(() -> client.signals("PropertiesChanged").stream().anyMatch(signal -> {
            try {
                return signal.getParameters()[1].toString().contains("Connections");
            } catch (Exception unreadable) {
                return false;
            }
        }));
    }

    @Test
    void confinedCaller_throughOtherInterfacesOrMembers_isDenied() throws Exception {
        String properties = "org.freedesktop.DBus.Properties";
        assertTrue(intruder.error(TestClient.ROOT, null, "GetAll", "s", intruder.name()).startsWith(DENIED));
        assertTrue(intruder.error(TestClient.ROOT, properties, "GetAll", "s", intruder.name()).startsWith(DENIED));
        assertTrue(intruder.error(TestClient.ROOT, properties, "GetConnectionInstance", "s", intruder.name()).startsWith(DENIED));
        assertTrue(intruder.error(TestClient.ROOT, TestClient.HELPER, "NoSuchMethod", "s", intruder.name()).startsWith(DENIED));
        assertTrue(intruder.error(server.getPath(), TestClient.HELPER, "GetConnectionInstance", "s", intruder.name()).startsWith(DENIED));
    }

    /** It may have been a confined one. */
    @Test
    void caller_thatHasLeft_isRefused() throws Exception {
        Outbox outbox = new Outbox("outbox", log -> log);
        try {
            MethodCall call = client.bus().messages().createMethodCall(":1.9999", HelperName.BUS_NAME, TestClient.ROOT, TestClient.HELPER,
                    "RemoveContainerServer", (byte) 0, "o", server);
            ExecutionException refusal = assertThrows(ExecutionException.class,
                    () -> new CallerCheck(client.bus(), outbox, helper.registry()).check(new IncomingCall(call, false, client.bus(), outbox, () -> { })).get());
            assertEquals(HelperName.NAME_HAS_NO_OWNER, ControlException.of(refusal.getCause()).errorName());
        } finally {
            outbox.close();
        }
    }
}
