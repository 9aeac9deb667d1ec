package io.berth.tests.relay;

import static io.berth.api.AccessFlags.BROADCAST;
import static io.berth.api.AccessFlags.FDS;
import static io.berth.api.AccessFlags.TALK;
import static io.berth.tests.house.Rules.rule;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.berth.api.AccessRule;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Descriptors;
import io.berth.tests.house.FakeBus;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.util.Arrays;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What depends on when a bus answers, and on how it ends: played by one that does exactly as a test says. */
class BusDemandsTest {
    private static final String NAME = "org.test.Service";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private FakeBus bus;

    @BeforeEach
    void listen() {
        bus = HOUSE.keep(new FakeBus(HOUSE.runtime().resolve("fake")));
    }

    private ContainerServer server(AccessRule... rules) {
        return HOUSE.helper().add("org.test.App", HelperApi.arguments(List.of(rules), "Bus", Variant.of(bus.address())));
    }

    private FakeBus.Peer busSideOf(RawClient client) {
        return bus.peers().stream().filter(peer -> peer.name().equals(client.uniqueName())).findFirst().orElseThrow();
    }

    private static List<String> rulesAt(FakeBus.Peer peer) {
        return peer.messages().stream().filter(message -> message.is(Message.CALL, "AddMatch")).map(message -> (String) message.arg()).toList();
    }

    @Test
    void lastServerRemoved_onAnotherBus_theConnectionToItEnds() {
        ContainerServer first = server();
        ContainerServer second = server();
        assertEquals(1, bus.peers().size());
        HOUSE.helper().remove(first);
        RawClient.connect(second.socket()).close();
        HOUSE.helper().remove(second);
        Awaitility.await().until(() -> bus.peers().stream().allMatch(FakeBus.Peer::gone));
    }

    @Test
    void addMatch_beforeTheOwnersAreKnown_waitsForThem() {
        bus.holdOwners();
        RawClient app = HOUSE.app(server(rule(BROADCAST, NAME)));
        int serial = app.send(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "AddMatch").body("s", "type='signal'"));
        FakeBus.Peer peer = busSideOf(app);
        Awaitility.await().until(() -> peer.messages().stream().anyMatch(message -> message.is(Message.CALL, "GetNameOwner")));
        // whoever had been let through would have come with the questions
        Message other = Message.signal(app.uniqueName(), "/", "org.test.I", "Marker").field(Message.SENDER, new Variant("s", ":1.99")).serial(1);
        peer.say(other.toBytes());
        app.awaitSignal("Marker");
        assertEquals(List.of(), rulesAt(peer).stream().filter(rule -> !rule.contains("arg0=")).toList());
        peer.tellOwners();
        app.await("the answer", message -> message.replySerial() == serial);
        assertEquals(1, rulesAt(peer).stream().filter(rule -> !rule.contains("arg0=")).count());
    }

    /** The house counts them. */
    @Test
    void fdsOfAMessage_thatTheBusDoesNotEnd_areClosedWithTheClient() {
        ContainerServer server = server(rule(TALK | FDS, NAME));
        RawClient app = server.connect();
        int[] pipe = Descriptors.pipe();
        byte[] signal = Message.signal(app.uniqueName(), "/", "org.test.I", "Half").field(Message.SENDER, new Variant("s", ":1.99")).serial(2)
                .body("h", 0).fds(pipe[1]).toBytes();
        FakeBus.Peer peer = busSideOf(app);
        peer.say(Message.signal(app.uniqueName(), "/", "org.test.I", "Marker").field(Message.SENDER, new Variant("s", ":1.99")).serial(1).toBytes());
        peer.say(Arrays.copyOf(signal, 20), pipe[1]);
        app.awaitSignal("Marker");
        Descriptors.close(pipe[1]);
        Descriptors.close(pipe[0]);
        app.close();
    }

    @Test
    void clientGone_beforeItsHelloWasAnswered_nobodyWaitsForItAnyMore() {
        ContainerServer server = server();
        bus.holdHello();
        RawClient app = HOUSE.keep(RawClient.open(server.socket()));
        app.authenticate();
        app.send(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "Hello"));
        Awaitility.await().until(() -> bus.peers().size() == 2 && !bus.peers().get(1).messages().isEmpty());
        app.close();
        DBusError error = assertThrows(DBusError.class, () -> HOUSE.helper().connection()
                .call(HelperApi.call("GetConnectionInstanceOnBus").body("ss", ":1.77", bus.address())));
        assertEquals("org.freedesktop.DBus.Error.NameHasNoOwner", error.name());
    }

    @Test
    void question_aboutABusThatNobodyServes_connectsToNothing() {
        DBusError error = assertThrows(DBusError.class, () -> HOUSE.helper().connection()
                .call(HelperApi.call("GetConnectionInstanceOnBus").body("ss", ":1.77", bus.address())));
        assertEquals("org.freedesktop.DBus.Error.Failed", error.name());
        server();
        assertEquals(1, bus.peers().size());
    }

    @Test
    void serverRefused_onAnotherBus_theConnectionToItEnds() {
        int[] pipe = Descriptors.pipe();
        assertThrows(DBusError.class, () -> HOUSE.helper().add("org.test.App",
                HelperApi.arguments(List.of(), "Bus", Variant.of(bus.address()), "Socket", new Variant("h", 0)), pipe[0]));
        Descriptors.close(pipe);
        Awaitility.await().until(() -> bus.peers().stream().allMatch(FakeBus.Peer::gone));
    }

    @Test
    void answerOfTheDriver_saidTwice_arrivesOnce() {
        RawClient app = HOUSE.app(server());
        FakeBus.Peer peer = busSideOf(app);
        int serial = app.send(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "GetId"));
        app.await("the answer", message -> message.replySerial() == serial);
        peer.say(Message.reply(app.uniqueName(), serial).field(Message.SENDER, new Variant("s", RawClient.BUS)).body("s", "again").serial(1000)
                .toBytes());
        peer.say(Message.signal(app.uniqueName(), "/", "org.test.I", "Marker").field(Message.SENDER, new Variant("s", ":1.99")).serial(1001).toBytes());
        app.awaitSignal("Marker");
        assertEquals(List.of(), app.drain().stream().filter(message -> message.replySerial() == serial).toList());
    }
}
