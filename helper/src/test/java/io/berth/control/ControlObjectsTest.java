package io.berth.control;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.kernel.NoFdLeft;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.UInt64;
import org.freedesktop.dbus.types.Variant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoFdLeft.class)
class ControlObjectsTest {
    private static final String PROPERTIES = "org.freedesktop.DBus.Properties";

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

    @Test
    void tree_withServers_showsEachInBusctl() throws Exception {
        client.add();
        client.add();
        String tree = helper.bus().run("busctl", "--user", "--list", "tree", "io.berth.Helper1");
        assertEquals("/\n/io\n/io/berth\n/io/berth/Helper1\n/io/berth/Helper1/servers\n/io/berth/Helper1/servers/1\n"
                + "/io/berth/Helper1/servers/2\n", tree);
    }

    @Test
    void introspection_ofEveryObject_namesArgumentsInGdbus() throws Exception {
        client.add("Allow", new Variant<>(List.of(TestClient.rule(3, "org.example.Foo")), "a(usos)"));
        String text = helper.bus().run("gdbus", "introspect", "--session", "--recurse", "--dest", "io.berth.Helper1",
                "--object-path", "/").replaceAll("\\s+", " ");
        assertTrue(text.contains("AddContainerServer(in s type, in s app_id, in a{sv} metadata, in a{sv} args, out o server, "
                + "out ay socket_path, out s address);"), text);
        assertTrue(text.contains("ContainerServerRemoved(o server, s reason);"), text);
        assertTrue(text.contains("PropertiesChanged(s interface_name, a{sv} changed_properties, as invalidated_properties);"), text);
        assertTrue(text.contains("node /io/berth/Helper1/servers/1 {"), text);
        assertTrue(text.contains("readonly a(usos) Allow = [(3, 'org.example.Foo', '/', '')];"), text);
        assertTrue(text.contains("Audit(a{sv} record);"), text);
    }

    @Test
    void helperProperties_read_areTheSettings() throws Exception {
        @SuppressWarnings("unchecked")
        Map<String, Variant<?>> all = (Map<String, Variant<?>>) client.call(TestClient.ROOT, PROPERTIES, "GetAll", "s", TestClient.HELPER)[0];
        assertEquals("1.2.3", all.get("Version").getValue());
        assertEquals(List.of("Bus", "Allow", "Policy", "Unrestricted", "AllowHostEscape", "Mode", "Socket", "Connector", "ReadyNotification",
                "CloseNotification", "OutliveCreator", "Cgroups", "Processes", "StartTimeout"), all.get("SupportedArguments").getValue());
        assertEquals("a{su}", all.get("Limits").getSig());
        assertEquals(new UInt32(0xffffffffL), ((Map<?, ?>) all.get("Limits").getValue()).get("big"));
    }

    @Test
    void serverProperties_read_areWhatWasAskedFor() throws Exception {
        Map<String, Variant<?>> metadata = Map.of("number", new Variant<>(7), "nested",
                new Variant<>(Map.of("x", new Variant<>(new Object[] {1, "text"}, "(is)")), "a{sv}"));
        Object[] reply = client.helper("AddContainerServer", "ssa{sv}a{sv}", "org.example.Sandbox", "däs app", metadata,
                TestClient.named("Mode", "complain", "Allow", new Variant<>(List.of(TestClient.rule(15, "org.example.Foo")), "a(usos)")));
        String path = reply[0].toString();
        assertEquals("complain", property(path, "Mode").getValue());
        assertEquals("listening", property(path, "State").getValue());
        assertEquals("däs app", property(path, "AppIdentifier").getValue());
        assertEquals("session", property(path, "Bus").getValue());
        assertEquals(reply[2], property(path, "Address").getValue());
        assertEquals(reply[1], property(path, "SocketPath").getValue());
        Map<?, ?> shown = (Map<?, ?>) property(path, "Metadata").getValue();
        assertEquals(7, ((Variant<?>) shown.get("number")).getValue());
        assertTrue(shown.get("nested").toString().contains("x"), shown::toString);
        Map<?, ?> creator = (Map<?, ?>) property(path, "Creator").getValue();
        assertEquals(new UInt32(ProcessHandle.current().pid()), ((Variant<?>) creator.get("ProcessID")).getValue());
        long createdUs = ((UInt64) property(path, "Created").getValue()).longValue();
        assertTrue(Math.abs(createdUs / 1000 - System.currentTimeMillis()) < 60_000, () -> "created " + createdUs);
    }

    @Test
    void unrestrictedServer_shown_readsAsTheRuleThatItIs() throws Exception {
        String path = client.add("Unrestricted", true)[0].toString();
        Object[] rule = (Object[]) ((List<?>) property(path, "Allow").getValue()).get(0);
        assertEquals(new UInt32(0x27f), rule[0]);
        assertEquals("", rule[1]);
    }

    @Test
    void propertyCalls_forWhatIsNotThere_nameIt() throws Exception {
        assertEquals("UnknownProperty io.berth.Helper1 has no property 'Nope'",
                client.error(TestClient.ROOT, PROPERTIES, "Get", "ss", TestClient.HELPER, "Nope"));
        assertEquals("UnknownInterface /io/berth/Helper1 has no interface 'no.such'",
                client.error(TestClient.ROOT, PROPERTIES, "GetAll", "s", "no.such"));
        assertEquals("PropertyReadOnly property Version can only be read",
                client.error(TestClient.ROOT, PROPERTIES, "Set", "ssv", TestClient.HELPER, "Version", new Variant<>("2")));
    }

    @Test
    void calls_toWhatIsNotThere_nameIt() throws Exception {
        assertEquals("UnknownObject there is no object /io/berth/Nope", client.error("/io/berth/Nope", TestClient.HELPER, "SetMode", null));
        assertEquals("UnknownInterface /io/berth has no interface io.berth.Helper1", client.error("/io/berth", TestClient.HELPER, "SetMode", null));
        assertEquals("UnknownMethod /io/berth/Helper1 has no method io.berth.Helper1.Nope", client.helperError("Nope", null));
        assertEquals("InvalidArgs SetMode takes (os), not (s)", client.helperError("SetMode", "s", "x"));
        assertTrue(client.error("/io/berth/Helper1/servers/9", TestClient.SERVER, "Remove", null).startsWith("UnknownObject "));
        assertTrue(client.helperError("RemoveContainerServer", "o", new DBusPath("/io/berth/Helper1/servers/9")).startsWith("UnknownObject "));
        assertTrue(client.helperError("RemoveContainerServer", "o", new DBusPath("/elsewhere")).startsWith("UnknownObject '/elsewhere'"));
    }

    @Test
    void call_withoutInterface_findsTheMember() throws Exception {
        assertEquals("UnknownObject", client.error(TestClient.ROOT, null, "StopListening", "o", new DBusPath("/x")).split(" ")[0]);
        assertEquals(0, client.call(TestClient.ROOT, null, "Ping", null).length);
        assertEquals("UnknownMethod /io/berth/Helper1 has no method Nope", client.error(TestClient.ROOT, null, "Nope", null));
    }

    @Test
    void peer_onEveryObject_answers() throws Exception {
        String server = client.add()[0].toString();
        String machine = Files.readString(Path.of(Files.exists(Path.of("/etc/machine-id")) ? "/etc/machine-id" : "/var/lib/dbus/machine-id")).strip();
        for (String path : List.of("/", "/io/berth", TestClient.ROOT, server)) {
            client.call(path, "org.freedesktop.DBus.Peer", "Ping", null);
            assertEquals(machine, client.call(path, "org.freedesktop.DBus.Peer", "GetMachineId", null)[0]);
        }
    }

    @Test
    void accessCalls_made_changeRulesAndTellOnlyThat() throws Exception {
        DBusPath server = (DBusPath) client.add()[0];
        client.listen();
        client.helper("SetContainerAccess", "oa(usos)", server, List.of(TestClient.rule(3, "org.foo.A")));
        client.helper("AddAccess", "oa(usos)t", server, List.of(TestClient.rule(3, "org.foo.B")), new UInt64(0L));
        client.helper("RemoveAccess", "oa(usos)", server, List.of(TestClient.rule(3, "org.foo.A")));
        client.helper("SetMode", "os", server, "complain");
        assertEquals(1, ((List<?>) property(server.getPath(), "Allow").getValue()).size());
        await().until(() -> client.events().contains("PropertiesChanged")
                && client.signals("PropertiesChanged").stream().anyMatch(signal -> changed(signal).containsKey("Mode")));
        for (var signal : client.signals("PropertiesChanged")) {
            assertTrue(List.of("[Allow]", "[Mode]", "[Allow, Mode]").contains(changed(signal).keySet().toString()), () -> changed(signal).toString());
        }
        assertTrue(client.helperError("SetMode", "os", server, "blue").equals("InvalidArgs mode 'blue': expected enforce or complain"));
        assertTrue(client.helperError("SetContainerAccess", "oa(usos)", server, List.of(TestClient.rule(0x10000, "org.foo.A"))).startsWith("InvalidArgs "));
    }

    @Test
    void accessRules_moreThanAllowed_areLimitsExceeded() throws Exception {
        DBusPath server = (DBusPath) client.add()[0];
        List<Object> many = java.util.stream.IntStream.range(0, HelperUnderTest.RULES + 1).mapToObj(i -> TestClient.rule(3, "org.foo.A" + i)).toList();
        assertEquals("LimitsExceeded 11 access rules; a server may have 10", client.helperError("SetContainerAccess", "oa(usos)", server, many));
    }

    @Test
    void serverAdded_thenRemoved_isSignalledAroundTheReplies() throws Exception {
        client.listen();
        DBusPath server = (DBusPath) client.add()[0];
        assertEquals(List.of("InterfacesAdded", "ContainerServerAdded", "reply"), List.copyOf(client.events()));
        client.call(server.getPath(), TestClient.SERVER, "Remove", null);
        await().until(() -> client.events().contains("InterfacesRemoved"));
        assertEquals(List.of("ContainerServerRemoved", "InterfacesRemoved", "reply"), client.events().subList(3, 6));
        assertEquals("removed", client.signals("ContainerServerRemoved").get(0).getParameters()[1]);
        assertEquals(List.of(), helper.sockets());
    }

    @Test
    void managedObjects_asked_areTheServersWithTheirProperties() throws Exception {
        DBusPath server = (DBusPath) client.add()[0];
        Map<?, ?> objects = (Map<?, ?>) client.call(TestClient.ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", null)[0];
        assertEquals(1, objects.size());
        Map.Entry<?, ?> entry = objects.entrySet().iterator().next();
        assertEquals(server.getPath(), entry.getKey().toString());
        assertTrue(((Map<?, ?>) ((Map<?, ?>) entry.getValue()).get(TestClient.SERVER)).containsKey("MessagesDenied"));
    }

    @Test
    void callWithALargeBody_made_isRefusedAndTheConnectionGoesOn() throws Exception {
        String huge = "x".repeat(Control.LARGEST_CALL);
        assertEquals("LimitsExceeded the call was not read: more than 1048576 bytes", client.helperError("GetConnectionInstance", "s", huge));
        assertFalse(client.helper("AddContainerServer", "ssa{sv}a{sv}", "org.example.Sandbox", "app", Map.of(), Map.of()).length == 0);
    }

    private Variant<?> property(String path, String name) throws Exception {
        return (Variant<?>) client.call(path, PROPERTIES, "Get", "ss", TestClient.SERVER, name)[0];
    }

    private static Map<?, ?> changed(org.freedesktop.dbus.messages.DBusSignal signal) {
        try {
            return (Map<?, ?>) signal.getParameters()[1];
        } catch (Exception unreadable) {
            throw new IllegalStateException(unreadable);
        }
    }
}
