package io.berth.tests.connector;

import static io.berth.tests.house.Rules.call;
import static io.berth.tests.house.Rules.own;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AccessRule;
import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Descriptors;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** With a connector the bus sees who the sandbox is, and all else is as without. */
class ConnectorTest {
    private static final String SERVICE = "org.test.Service";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private TestConnector connector;

    private ContainerServer server(AccessRule... rules) {
        connector = TestConnector.start(HOUSE, TestConnector.to(HOUSE.bus().socket()));
        return connector.serve(HOUSE.helper(), "org.test.App", HelperApi.arguments(List.of(rules)));
    }

    private static long processOf(RawClient app) {
        return (Long) HOUSE.helper().connection().bus("GetConnectionUnixProcessID", "s", app.uniqueName()).arg();
    }

    @Test
    void busCredentials_ofAConfinedConnection_areTheConnectors() {
        RawClient app = HOUSE.app(server());
        assertEquals(ProcessHandle.current().pid(), processOf(app));
        assertEquals(HOUSE.daemon().pid(), processOf(HOUSE.app(HOUSE.server())), "without a connector");
        assertEquals(1, connector.requests());
    }

    @Test
    void helper_askedAboutTheConnection_knowsIt() {
        ContainerServer server = server();
        RawClient app = HOUSE.app(server);
        assertEquals(server.object(), HOUSE.helper().instance(app.uniqueName()).get(0));
        assertEquals(ProcessHandle.current().pid(), ((Number) HOUSE.helper().credentials(app.uniqueName()).get("ProcessID").value()).longValue());
        assertEquals(List.of(app.uniqueName()), HOUSE.helper().property(server, "Connections"));
    }

    @Test
    void rules_throughAConnector_hold() {
        RawClient service = HOUSE.service(SERVICE);
        RawClient hidden = HOUSE.service("org.test.Hidden");
        RawClient app = HOUSE.app(server(call(SERVICE), own("org.test.Mine")));
        app.own("org.test.Mine");
        int serial = app.send(Message.call(SERVICE, "/", "org.test.I", "Do"));
        Message call = service.awaitCall("Do");
        assertEquals(app.uniqueName(), call.sender());
        service.send(Message.reply(call.sender(), call.serial()));
        assertEquals(Message.RETURN, app.await("reply", message -> message.replySerial() == serial).type());
        assertEquals(Message.ERROR, app.answer(Message.call("org.test.Hidden", "/", "org.test.I", "Do")).type());
        hidden.sync();
        assertEquals(List.of(), hidden.drainFromPeers());
    }

    @Test
    void clients_manyAtOnce_eachGetAConnectionOfItsOwn() {
        ContainerServer server = server();
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            RawClient client = HOUSE.keep(RawClient.open(server.socket()));
            client.sendText("\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n");
            clients.add(client);
        }
        Set<String> names = new HashSet<>();
        for (RawClient client : clients) {
            client.readLine();
            assertEquals("OK " + HOUSE.bus().guid(), client.readLine());
            client.readLine();
            names.add(client.hello());
            assertEquals(ProcessHandle.current().pid(), processOf(client));
        }
        assertEquals(60, names.size());
        assertEquals(60, connector.requests());
    }

    @Test
    void serviceAsking_whenANameAppears_isNeverTooEarly() {
        int clients = 300;
        ContainerServer server = server();
        RawClient curious = HOUSE.unconfined();
        curious.match("type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'");
        Map<Integer, String> asked = new HashMap<>();
        Map<Object, Integer> answers = new HashMap<>();
        Thread apps = new Thread(() -> {
            for (int i = 0; i < clients; i++) {
                server.connect().close();
            }
        });
        apps.start();
        while (answers.values().stream().mapToInt(Integer::intValue).sum() < clients) {
            Message message = curious.next();
            if (message.is(Message.SIGNAL, "NameOwnerChanged") && message.args().get(1).equals("")) {
                asked.put(curious.send(HelperApi.call("GetConnectionInstance").body("s", message.arg())), (String) message.arg());
            } else if (asked.remove(message.replySerial()) != null) {
                // a client that has left already is unknown, never unconfined
                boolean left = message.type() == Message.ERROR && message.errorName().equals("org.freedesktop.DBus.Error.NameHasNoOwner");
                answers.merge(message.type() != Message.ERROR || left ? "right" : message.errorName(), 1, Integer::sum);
            }
        }
        assertEquals(Map.of("right", clients), answers);
    }

    @Test
    void connector_closed_endsTheServer() {
        RawClient watcher = HOUSE.unconfined();
        watcher.match("type='signal',interface='" + BerthDaemon.NAME + "'");
        ContainerServer server = server();
        RawClient app = HOUSE.app(server);
        connector.close();
        app.awaitClose();
        assertEquals(List.of(server.object(), "closed"), watcher.awaitSignal("ContainerServerRemoved").args());
        assertThrows(IllegalStateException.class, server::connect);
    }

    @Test
    void connector_isAnotherEnd_soTheServerOutlivesCreatorAndClients() {
        TestConnector connector = TestConnector.start(HOUSE, TestConnector.to(HOUSE.bus().socket()));
        ContainerServer server;
        try (RawClient creator = HOUSE.bus().connect()) {
            server = connector.serve(new HelperApi(creator), "org.test.App", HelperApi.arguments(List.of()));
        }
        Awaitility.await().until(() -> !HOUSE.helper().servers().contains(server.object()));

        TestConnector other = TestConnector.start(HOUSE, TestConnector.to(HOUSE.bus().socket()));
        ContainerServer staying;
        try (RawClient creator = HOUSE.bus().connect()) {
            Map<String, Variant> arguments = HelperApi.arguments(List.of());
            arguments.remove("OutliveCreator");
            staying = other.serve(new HelperApi(creator), "org.test.App", arguments);
        }
        staying.connect().close();
        HOUSE.helper().connection().sync();
        HOUSE.app(staying).sync();
    }

    @Test
    void otherBus_throughAConnector_isThatBus() {
        TestConnector connector = TestConnector.start(HOUSE, TestConnector.to(HOUSE.systemBus().socket()));
        ContainerServer server = connector.serve(HOUSE.helper(), "org.test.App",
                HelperApi.arguments(List.of(), "Bus", Variant.of("unix:path=" + HOUSE.systemBus().socket())));
        RawClient app = HOUSE.app(server);
        RawClient onSystem = HOUSE.keep(HOUSE.systemBus().connect());
        assertEquals(ProcessHandle.current().pid(), onSystem.bus("GetConnectionUnixProcessID", "s", app.uniqueName()).arg());
        // the address leads to the same view of the bus as its name
        List<Object> instance = HOUSE.helper().connection().call(HelperApi.call("GetConnectionInstanceOnBus")
                .body("ss", app.uniqueName(), "system")).args();
        assertEquals(server.object(), instance.get(0));
    }

    @Test
    void connectorArgument_noConnectedStreamSocket_isRefused() {
        int[] pipe = Descriptors.pipe();
        try {
            Map<String, Variant> arguments = HelperApi.arguments(List.of(), "Connector", new Variant("h", 0));
            DBusError refused = assertThrows(DBusError.class, () -> HOUSE.helper().add("org.test.App", arguments, pipe[0]));
            assertEquals("org.freedesktop.DBus.Error.InvalidArgs", refused.name());
            assertTrue(refused.getMessage().contains("Connector: the file descriptor is no socket, expected a connected unix stream socket"),
                    refused.getMessage());
        } finally {
            Descriptors.close(pipe);
        }
    }
}
