package io.berth.tests.life;

import static io.berth.tests.house.Rules.see;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The helper's objects as an administrator sees them, and that changes are told. */
class HelperObjectsTest {
    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static String busctl(String... arguments) {
        String[] command = new String[arguments.length + 2];
        command[0] = "busctl";
        command[1] = "--address=" + HOUSE.bus().address();
        System.arraycopy(arguments, 0, command, 2, arguments.length);
        Program program = HOUSE.run(HOUSE.bus().address(), command);
        assertEquals(0, program.exitStatus(Duration.ofSeconds(20)), program.errors());
        return program.output();
    }

    @Test
    void busctl_treeAndIntrospection_showEverything() {
        ContainerServer server = HOUSE.server(talk("org.test.Service"));
        assertTrue(busctl("tree", BerthDaemon.NAME).contains(server.object()));
        String root = busctl("introspect", BerthDaemon.NAME, HelperApi.ROOT);
        for (String member : List.of(".AddContainerServer ", ".ContainerServerRemoved", ".Limits", "org.freedesktop.DBus.ObjectManager",
                "org.freedesktop.DBus.Peer", ".GetConnectionInstanceOnBus")) {
            assertTrue(root.contains(member), member + " is not in " + root);
        }
        String object = busctl("introspect", BerthDaemon.NAME, server.object());
        for (String member : List.of(".StopListening", ".Allow", ".Audit", ".MessagesDenied", "\"org.test.App\"")) {
            assertTrue(object.contains(member), member + " is not in " + object);
        }
        assertTrue(((String) HOUSE.helper().connection().call(BerthDaemon.NAME, HelperApi.ROOT,
                "org.freedesktop.DBus.Introspectable", "Introspect").arg()).contains("name=\"app_id\""));
    }

    @Test
    void objectManager_serverComesAndGoes_tellsBoth() {
        RawClient watcher = HOUSE.unconfined();
        watcher.match("type='signal',interface='org.freedesktop.DBus.ObjectManager',path='" + HelperApi.ROOT + "'");
        ContainerServer server = HOUSE.server();
        Message added = watcher.awaitSignal("InterfacesAdded");
        assertEquals(server.object(), added.arg());
        assertTrue(((Map<?, ?>) added.args().get(1)).containsKey(HelperApi.SERVER));
        HOUSE.helper().remove(server);
        assertEquals(List.of(server.object()), watcher.awaitSignal("InterfacesRemoved").args().subList(0, 1));
    }

    @Test
    void properties_rulesAndConnections_changesAreTold() {
        ContainerServer server = HOUSE.server();
        RawClient watcher = HOUSE.unconfined();
        watcher.match("type='signal',member='PropertiesChanged',path='" + server.object() + "'");
        HOUSE.helper().setAccess(server, see("org.test.A"));
        Variant allow = (Variant) changed(watcher, "Allow");
        assertEquals("a(usos)", allow.signature());
        assertEquals(1, ((List<?>) allow.value()).size());
        RawClient app = HOUSE.app(server);
        assertEquals(List.of(app.uniqueName()), ((Variant) changed(watcher, "Connections")).value());
        HOUSE.helper().stopListening(server);
        assertEquals("draining", ((Variant) changed(watcher, "State")).value());
    }

    private static Object changed(RawClient watcher, String property) {
        Message signal = watcher.await("a change of " + property, message -> message.is(Message.SIGNAL, "PropertiesChanged")
                && ((Map<?, ?>) message.args().get(1)).containsKey(property));
        return ((Map<?, ?>) signal.args().get(1)).get(property);
    }

    @Test
    void counters_forwardedAndDenied_countUp() {
        ContainerServer server = HOUSE.server(talk("org.test.Service"));
        RawClient service = HOUSE.service("org.test.Service");
        RawClient app = HOUSE.app(server);
        long forwarded = (Long) HOUSE.helper().property(server, "MessagesForwarded");
        for (int i = 0; i < 5; i++) {
            app.send(Message.call("org.test.Service", "/", "org.test.I", "Do").flags(Message.NO_REPLY_EXPECTED));
            app.answer(Message.call("org.test.Hidden", "/", "org.test.I", "Do"));
            service.awaitCall("Do");
        }
        assertEquals(forwarded + 5, HOUSE.helper().property(server, "MessagesForwarded"));
        assertEquals(5L, HOUSE.helper().property(server, "MessagesDenied"));
    }

    @Test
    void audit_refusedCall_saysWhatAndWhatWouldAllowIt() {
        ContainerServer server = HOUSE.server(see("org.test.Service"));
        HOUSE.service("org.test.Service");
        RawClient watcher = HOUSE.unconfined();
        watcher.match("type='signal',member='Audit',interface='" + HelperApi.SERVER + "'");
        RawClient app = HOUSE.app(server);
        app.answer(Message.call("org.test.Service", "/o", "org.test.I", "Do"));
        Message audit = watcher.awaitSignal("Audit");
        assertEquals(server.object(), audit.path());
        Map<?, ?> record = (Map<?, ?>) audit.arg();
        Map<String, Object> expected = Map.of("Verdict", "denied", "Direction", "outgoing", "Name", "org.test.Service", "Path", "/o",
                "Interface", "org.test.I", "Member", "Do", "Connection", app.uniqueName());
        expected.forEach((key, value) -> assertEquals(value, ((Variant) record.get(key)).value(), key));
        assertEquals(ProcessHandle.current().pid(), ((Number) ((Variant) record.get("ProcessID")).value()).longValue());
        assertTrue(((String) ((Variant) record.get("Suggestion")).value()).contains("org.test.Service"));
    }
}
