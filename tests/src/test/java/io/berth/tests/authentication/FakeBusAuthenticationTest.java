package io.berth.tests.authentication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.FakeBus;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.RawSocket;
import io.berth.tests.raw.Variant;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a bus gets to hear while a client authenticates: only the daemon's own words (the weakness of CVE-2018-6560). */
class FakeBusAuthenticationTest {
    private static final String OWN_WORDS = "AUTH EXTERNAL( [0-9a-f]+)?|DATA( [0-9a-f]+)?|NEGOTIATE_UNIX_FD|BEGIN";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private FakeBus bus;
    private ContainerServer server;
    private int ownConnections;

    @BeforeEach
    void listen() {
        bus = HOUSE.keep(new FakeBus(HOUSE.runtime().resolve("fake")));
        server = HOUSE.helper().add("org.test.App", HelperApi.arguments(List.of(), "Bus", Variant.of(bus.address())));
        ownConnections = bus.peers().size();
    }

    private List<FakeBus.Peer> forClients() {
        List<FakeBus.Peer> peers = bus.peers();
        return peers.subList(ownConnections, peers.size());
    }

    @Test
    void bytes_beforeBegin_neverReachTheBus() {
        RawClient client = HOUSE.keep(RawClient.open(server.socket()));
        byte[] hello = Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "Hello").serial(1).toBytes();
        client.sendText("\0AUTH EXTERNAL 30\r\n");
        client.readLine();
        ByteArrayOutputStream smuggled = new ByteArrayOutputStream();
        smuggled.writeBytes("SMUGGLED\r\nAUTH SMUGGLED\r\nERROR \"\r\nNEGOTIATE_UNIX_FD SMUGGLED\r\nDATA 534d554747\r\n".getBytes(
                StandardCharsets.US_ASCII));
        smuggled.writeBytes(hello);
        smuggled.writeBytes(new byte[] {'\r', '\n'});
        // in one write, because it may be closed at once
        client.sendBytes(smuggled.toByteArray());
        client.readLine();
        client.socket().endSending();
        while (client.socket().receive(new byte[4096], 0, 4096, RawClient.PATIENCE) != RawSocket.END) {
            continue;
        }
        for (FakeBus.Peer peer : forClients()) {
            assertEquals(List.of(), peer.messages());
            assertTrue(peer.lines().stream().allMatch(line -> line.matches(OWN_WORDS)), peer.lines().toString());
        }
    }

    @Test
    void helloAndMore_pipelinedBehindBegin_comeAfterTheDaemonsOwnWords() {
        RawClient client = HOUSE.keep(RawClient.open(server.socket()));
        client.sendText("\0AUTH EXTERNAL 30\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n");
        client.readLine();
        client.readLine();
        String name = client.hello();
        FakeBus.Peer peer = forClients().get(0);
        assertEquals(peer.name(), name);
        assertTrue(peer.lines().stream().allMatch(line -> line.matches(OWN_WORDS)), peer.lines().toString());
        assertTrue(peer.lines().contains("NEGOTIATE_UNIX_FD"));
        assertEquals("Hello", peer.messages().get(0).member());
    }

    @Test
    void negotiation_clientDidNot_daemonDoesNotEither() {
        RawClient client = HOUSE.keep(RawClient.open(server.socket()));
        client.sendText("\0AUTH EXTERNAL 30\r\nBEGIN\r\n");
        client.readLine();
        client.hello();
        assertTrue(!forClients().get(0).lines().contains("NEGOTIATE_UNIX_FD"));
    }

    @Test
    void clientGone_atAnyMoment_connectionToTheBusGoesToo() {
        for (String text : List.of("", "\0", "\0AUTH EXTERNAL 30\r\n", "\0AUTH EXTERNAL 30\r\nBEGIN\r\n")) {
            try (RawClient client = RawClient.open(server.socket())) {
                if (!text.isEmpty()) {
                    client.sendText(text);
                }
            }
        }
        RawClient.connect(server.socket()).close();
        Awaitility.await().until(() -> forClients().stream().allMatch(FakeBus.Peer::gone));
    }

    /** Each is no Hello, or one that nobody would answer. */
    static List<Message> noHellos() {
        return List.of(Message.call("org.test.Other", RawClient.BUS_PATH, RawClient.BUS, "Hello"),
                Message.call(null, RawClient.BUS_PATH, RawClient.BUS, "Hello"),
                Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "GetId"),
                Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "Hello").flags(Message.NO_REPLY_EXPECTED),
                Message.signal(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "Hello"));
    }

    @ParameterizedTest
    @MethodSource("noHellos")
    void firstMessage_thatIsNoHello_neverReachesTheBus(Message first) {
        RawClient client = HOUSE.keep(RawClient.open(server.socket()));
        client.authenticate();
        client.send(first);
        client.awaitClose();
        Awaitility.await().until(() -> forClients().stream().allMatch(FakeBus.Peer::gone));
        assertEquals(List.of(), forClients().stream().flatMap(peer -> peer.messages().stream()).toList());
    }

    @Test
    void driver_saysWhatNobodyAsked_theAppHearsNothing() {
        RawClient client = HOUSE.keep(RawClient.connect(server.socket()));
        RawClient other = HOUSE.keep(RawClient.connect(server.socket()));
        FakeBus.Peer peer = forClients().stream().filter(one -> one.name().equals(client.uniqueName())).findFirst().orElseThrow();
        int serial = client.send(Message.call(other.uniqueName(), "/", "org.test.I", "Do"));
        Variant driver = new Variant("s", RawClient.BUS);
        peer.say(Message.reply(client.uniqueName(), 77).field(Message.SENDER, driver).serial(1000).toBytes());
        peer.say(Message.error(client.uniqueName(), 78, "org.test.Unasked").field(Message.SENDER, driver).serial(1001).toBytes());
        peer.say(Message.reply(client.uniqueName(), serial).field(Message.SENDER, driver).serial(1002).toBytes());
        peer.say(Message.signal(client.uniqueName(), "/", "org.test.I", "Marker").field(Message.SENDER, new Variant("s", ":1.99")).serial(1003)
                .toBytes());
        client.awaitSignal("Marker");
        assertEquals(List.of(), client.drain().stream().filter(message -> message.replySerial() != 0).toList());
    }
}
