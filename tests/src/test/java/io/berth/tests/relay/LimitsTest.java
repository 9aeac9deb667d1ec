package io.berth.tests.relay;

import static io.berth.tests.house.Rules.call;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Descriptors;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.ConnectionClosed;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.RawSocket;
import io.berth.tests.raw.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** At each limit the one who goes too far is told or cut off, and everybody else works on. */
class LimitsTest {
    private static final String NAME = "org.test.Service";
    private static final String LIMITS_EXCEEDED = "org.freedesktop.DBus.Error.LimitsExceeded";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse().configured("servers = 12", "connectionsPerServer = 8", "pendingReplies = 100",
            "matchRules = 50", "headerBytes = 20000", "authenticateMs = 1500", "metadataBytes = 2000");

    private static int limit(String name) {
        Map<?, ?> limits = (Map<?, ?>) HOUSE.helper().property(HelperApi.ROOT, BerthDaemon.NAME, "Limits");
        Object value = limits.get(name);
        assertTrue(value != null, name + " is not among " + limits);
        return ((Long) value).intValue();
    }

    @Test
    void connections_oneTooMany_isRefusedWhileOthersWork() {
        RawClient service = HOUSE.service(NAME);
        ContainerServer server = HOUSE.server(call(NAME));
        ContainerServer other = HOUSE.server(call(NAME));
        List<RawClient> inside = new ArrayList<>();
        for (int i = 0; i < limit("connectionsPerServer"); i++) {
            inside.add(HOUSE.app(server));
        }
        assertThrows(RuntimeException.class, () -> HOUSE.app(server));
        for (RawClient app : List.of(inside.get(0), inside.get(inside.size() - 1), HOUSE.app(other))) {
            app.send(Message.call(NAME, "/", "org.test.I", "Do"));
            assertEquals(app.uniqueName(), service.awaitCall("Do").sender());
        }
        inside.get(3).close();
        Awaitility.await().ignoreException(ConnectionClosed.class).ignoreException(IllegalStateException.class)
                .until(() -> HOUSE.app(server).uniqueName() != null);
    }

    @Test
    void header_largerThanItsLimit_closesThatConnection() {
        RawClient service = HOUSE.service(NAME);
        ContainerServer server = HOUSE.server(call(NAME));
        RawClient fits = HOUSE.app(server);
        RawClient tooLarge = HOUSE.app(server);
        int limit = limit("headerBytes");
        fits.send(Message.call(NAME, "/" + "x".repeat(limit - 1000), "org.test.I", "Fits"));
        try {
            tooLarge.send(Message.call(NAME, "/" + "x".repeat(limit + 1), "org.test.I", "TooLarge"));
        } catch (IllegalStateException cutOffMeanwhile) {
            assertTrue(cutOffMeanwhile.getMessage().contains("errno"));
        }
        tooLarge.awaitClose();
        assertEquals(fits.uniqueName(), service.awaitCall("Fits").sender());
        assertEquals(List.of(), service.drainFromPeers());
    }

    @Test
    void pendingReplies_oneTooMany_isRefusedInItsPlace() {
        RawClient service = HOUSE.service(NAME);
        RawClient app = HOUSE.app(call(NAME));
        int limit = limit("pendingReplies");
        for (int i = 0; i < limit; i++) {
            app.send(Message.call(NAME, "/", "org.test.I", "Do"));
        }
        assertEquals(LIMITS_EXCEEDED, app.answer(Message.call(NAME, "/", "org.test.I", "TooMany")).errorName());
        Message first = service.awaitCall("Do");
        service.send(Message.reply(first.sender(), first.serial()));
        app.await("reply", message -> message.replySerial() == first.serial());
        app.send(Message.call(NAME, "/", "org.test.I", "Fits"));
        assertEquals(app.uniqueName(), service.awaitCall("Fits").sender());
    }

    @Test
    void matchRules_oneTooMany_isRefused() {
        RawClient app = HOUSE.app(call(NAME));
        int limit = limit("matchRules");
        for (int i = 0; i < limit; i++) {
            app.match("type='signal',path='/n" + i + "'");
        }
        assertEquals(LIMITS_EXCEEDED, assertThrows(DBusError.class, () -> app.match("type='signal',path='/more'")).name());
        app.bus("RemoveMatch", "s", "type='signal',path='/n0'");
        app.match("type='signal',path='/more'");
    }

    @Test
    void messageLongerThanTheSpecificationAllows_closesThatConnection() {
        ContainerServer server = HOUSE.server(call(NAME));
        RawClient app = HOUSE.app(server);
        byte[] bytes = Message.call(NAME, "/", "org.test.I", "Do").serial(9).toBytes();
        bytes[7] = 0x08;
        bytes[6] = 0x01;
        app.sendBytes(bytes);
        app.awaitClose();
        HOUSE.app(server).sync();
    }

    @Test
    void metadata_tooLong_isRefused() {
        List<String> before = HOUSE.helper().servers();
        Map<String, Variant> metadata = Map.of("Long", Variant.of("x".repeat(limit("metadataBytes"))));
        assertEquals(LIMITS_EXCEEDED, assertThrows(DBusError.class,
                () -> HOUSE.helper().add(HelperApi.TYPE, "app", metadata, HelperApi.staying())).name());
        assertEquals(before, HOUSE.helper().servers());
    }

    @Test
    void authentication_tooSlow_isCutOff() {
        ContainerServer server = HOUSE.server();
        List<RawClient> dawdlers = new ArrayList<>();
        for (String text : List.of("", "\0", "\0AUTH EXTERNAL 30\r\n", "\0AUTH EXTERNAL 30\r\nBEGIN\r\n")) {
            RawClient client = HOUSE.keep(RawClient.open(server.socket()));
            dawdlers.add(client);
            if (!text.isEmpty()) {
                client.sendText(text);
            }
        }
        RawClient inTime = HOUSE.app(server);
        for (RawClient client : dawdlers) {
            byte[] ignored = new byte[1000];
            int read = 1;
            while (read > 0) {
                read = client.socket().receive(ignored, 0, ignored.length, RawClient.PATIENCE);
            }
            assertEquals(RawSocket.END, read);
        }
        inTime.sync();
    }

    @Test
    void servers_oneTooMany_isRefused() {
        int limit = limit("servers");
        int there = HOUSE.helper().servers().size();
        for (int i = there; i < limit; i++) {
            HOUSE.server();
        }
        assertEquals(LIMITS_EXCEEDED, assertThrows(DBusError.class, HOUSE::server).name());
    }

    @Test
    void authentication_behindABusThatStands_closesTheFdsThatCameEarly() throws Exception {
        RawClient client = HOUSE.keep(RawClient.open(HOUSE.server(call(NAME)).socket()));
        int[] pipe = Descriptors.pipe();
        byte[] hello = Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "Hello").serial(1).toBytes();
        assertEquals(0, new ProcessBuilder("kill", "-STOP", Long.toString(HOUSE.bus().pid())).start().waitFor());
        try {
            client.authenticate();
            client.sendBytes(hello, pipe[1], pipe[1]);
            client.awaitClose();
        } finally {
            assertEquals(0, new ProcessBuilder("kill", "-CONT", Long.toString(HOUSE.bus().pid())).start().waitFor());
            Descriptors.close(pipe);
        }
    }

    /** The house counts what is left. */
    @Test
    void servers_oneTooManyWithFds_closesThem() {
        int[] pipe = Descriptors.pipe();
        for (int i = HOUSE.helper().servers().size(); i < limit("servers"); i++) {
            HOUSE.server();
        }
        assertEquals(LIMITS_EXCEEDED, assertThrows(DBusError.class, () -> HOUSE.helper().add("org.test.App",
                Map.of("CloseNotification", new Variant("h", 0), "ReadyNotification", new Variant("h", 1)), pipe[0], pipe[1])).name());
        Descriptors.close(pipe);
    }
}
