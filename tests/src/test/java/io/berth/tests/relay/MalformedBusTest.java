package io.berth.tests.relay;

import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.FakeBus;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.ConnectionClosed;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Encoder;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.Mutation;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Optional;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A bus that talks nonsense to one connection: that connection ends, and apps of other buses do not notice. */
class MalformedBusTest {
    private static final int STREAMS = 1000;

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private FakeBus bus;
    private ContainerServer server;
    private RawClient witness;

    @BeforeEach
    void listen() {
        bus = HOUSE.keep(new FakeBus(HOUSE.runtime().resolve("fake")));
        server = HOUSE.helper().add("org.test.App",
                HelperApi.arguments(List.of(talk("")), "Bus", Variant.of(bus.address())));
        witness = HOUSE.app();
    }

    private static byte[] conversation(String to) {
        Variant sender = new Variant("s", ":1.777");
        Encoder all = new Encoder(ByteOrder.LITTLE_ENDIAN);
        all.bytes(Message.signal(null, "/o", "org.test.I", "Broadcast").serial(2).field(Message.SENDER, sender).body("s", "x").toBytes());
        all.bytes(Message.call(to, "/o", "org.test.I", "Ask").serial(3).field(Message.SENDER, sender).body("ay", new byte[50]).toBytes());
        all.bytes(Message.signal(null, RawClient.BUS_PATH, RawClient.BUS, "NameOwnerChanged").serial(4)
                .field(Message.SENDER, new Variant("s", RawClient.BUS)).body("sss", "org.test.X", "", ":1.777").toBytes());
        all.bytes(Message.reply(to, 1).serial(5).field(Message.SENDER, sender).bigEndian().body("u", 1).toBytes());
        return all.toBytes();
    }

    @Test
    void conversations_spoiledByTheBus_endThatConnectionOnly() {
        for (int seed = 0; seed < STREAMS; seed++) {
            try (RawClient app = server.connect()) {
                // the bus counts a client among its peers only after it has answered it
                FakeBus.Peer peer = Awaitility.await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1))
                        .until(() -> bus.peers().stream().filter(each -> each.name().equals(app.uniqueName())).findFirst(), Optional::isPresent)
                        .orElseThrow();
                peer.say(Mutation.of(conversation(app.uniqueName()), seed));
                app.socket().endSending();
                app.awaitClose();
            } catch (ConnectionClosed | DBusError | IllegalStateException ended) {
                continue;
            }
            if (seed % 100 == 0) {
                witness.sync();
            }
        }
        witness.sync();
        assertTrue(HOUSE.app(server).uniqueName().startsWith(":"));
    }

    @Test
    void nonsense_onTheDaemonsOwnConnection_endsThatServerOnly() {
        bus.peers().get(0).say("nonsense nonsense nonsense nonsense nonsense".getBytes());
        Awaitility.await().until(() -> !HOUSE.helper().servers().contains(server.object()));
        witness.sync();
    }
}
