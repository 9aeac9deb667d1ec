package io.berth.tests.relay;

import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.EchoService;
import io.berth.tests.house.MemoryPeak;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.ConnectionClosed;
import io.berth.tests.raw.Encoder;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.Mutation;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bytes that are no D-Bus: the connection they come from ends, and that is all that happens. */
class MalformedTest {
    private static final String NAME = "org.test.Service";
    private static final int STREAMS = 10_000;

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private ContainerServer server;
    private RawClient witness;

    @BeforeEach
    void connect() {
        HOUSE.keep(new EchoService(HOUSE.bus(), NAME));
        server = HOUSE.server(talk(NAME));
        witness = HOUSE.app();
        witness.sync();
    }

    private static Message goodCall() {
        return Message.call(NAME, "/o", "org.test.I", "Do").serial(9).body("sa{sv}", "text", Map.of("k", Variant.of("v")));
    }

    /** Any bytes the app may say after its authentication, driver calls and service calls of both byte orders. */
    private static byte[] conversation() {
        Encoder all = new Encoder(ByteOrder.LITTLE_ENDIAN);
        all.bytes(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "AddMatch").serial(2).body("s", "type='signal',arg0='x'").toBytes());
        all.bytes(goodCall().toBytes());
        all.bytes(goodCall().bigEndian().serial(10).toBytes());
        all.bytes(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "GetNameOwner").serial(11).bigEndian().body("s", NAME).toBytes());
        all.bytes(Message.signal(NAME, "/o", "org.test.I", "Told").serial(12).body("ay", new byte[40]).toBytes());
        all.bytes(Message.reply(NAME, 3).serial(13).toBytes());
        return all.toBytes();
    }

    @Test
    void conversations_tenThousandSpoiled_harmNobody() {
        byte[] conversation = conversation();
        MemoryPeak peak = new MemoryPeak(HOUSE.daemon().pid());
        for (int seed = 0; seed < STREAMS; seed++) {
            try (RawClient app = server.connect()) {
                app.sendBytes(Mutation.of(conversation, seed));
                app.socket().endSending();
                app.awaitClose();
            } catch (ConnectionClosed | IllegalStateException cutOffEarly) {
                continue;
            } catch (AssertionError stays) {
                throw new AssertionError("seed " + seed, stays);
            }
            if (seed % 500 == 0) {
                witness.sync();
            }
        }
        witness.sync();
        assertTrue(peak.growthKib() < 16 * 1024, "the daemon grew by " + peak.growthKib() + " KiB");
    }

    @Test
    void authentication_thousandSpoiled_harmNobody() {
        byte[] hello = Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "Hello").serial(1).toBytes();
        byte[] begin = new Encoder(ByteOrder.LITTLE_ENDIAN).bytes("\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n".getBytes())
                .bytes(hello).toBytes();
        for (int seed = 0; seed < 1000; seed++) {
            try (RawClient app = RawClient.open(server.socket())) {
                app.sendBytes(Mutation.of(begin, seed));
                app.socket().endSending();
                byte[] ignored = new byte[4096];
                while (app.socket().receive(ignored, 0, ignored.length, RawClient.PATIENCE) > 0) {
                    continue;
                }
            } catch (IllegalStateException cutOffEarly) {
                continue;
            }
        }
        witness.sync();
    }

    static Stream<byte[]> malformed() {
        List<byte[]> all = new ArrayList<>();
        all.add(spoil(0, 'x'));
        all.add(spoil(0, 'B'));
        all.add(spoil(1, 0));
        all.add(spoil(3, 0));
        all.add(spoil(3, 2));
        all.add(goodCall().field(Message.PATH, new Variant("o", "no/slash")).toBytes());
        all.add(goodCall().field(Message.PATH, new Variant("o", "/trailing/")).toBytes());
        all.add(goodCall().field(Message.PATH, new Variant("s", "/o")).toBytes());
        all.add(goodCall().field(Message.DESTINATION, new Variant("u", 7)).toBytes());
        all.add(goodCall().field(Message.INTERFACE, new Variant("s", "nodots")).toBytes());
        all.add(goodCall().field(Message.MEMBER, new Variant("s", "with.dot")).toBytes());
        all.add(goodCall().field(Message.MEMBER, new Variant("s", "")).toBytes());
        all.add(goodCall().field(Message.UNIX_FDS, new Variant("s", "1")).toBytes());
        all.add(Message.call(NAME, "/o", "org.test.I", null).serial(9).toBytes());
        all.add(Message.call(NAME, null, "org.test.I", "Do").serial(9).toBytes());
        all.add(Message.signal(NAME, "/o", null, "Do").serial(9).toBytes());
        all.add(Message.ofType(Message.RETURN).serial(9).toBytes());
        all.add(Message.ofType(Message.ERROR).serial(9).field(Message.REPLY_SERIAL, new Variant("u", 1)).toBytes());
        all.add(goodCall().rawBody("a", new byte[8]).toBytes());
        all.add(goodCall().rawBody("(", new byte[8]).toBytes());
        all.add(goodCall().rawBody("a".repeat(40) + "y", new byte[8]).toBytes());
        return all.stream();
    }

    private static byte[] spoil(int at, int value) {
        byte[] bytes = goodCall().toBytes();
        bytes[at] = (byte) value;
        return bytes;
    }

    @ParameterizedTest(name = "{index}")
    @MethodSource("malformed")
    void message_malformed_closesItsConnectionOnly(byte[] bytes) {
        RawClient app = HOUSE.app(server);
        app.sendBytes(bytes);
        app.awaitClose();
        witness.sync();
        RawClient next = HOUSE.app(server);
        assertEquals(Message.RETURN, next.answer(Message.call(NAME, "/", "org.test.I", "Do")).type());
    }

    @Test
    void destination_thatIsNoBusName_isNobody() {
        RawClient app = HOUSE.app(server);
        try {
            assertEquals(Message.ERROR, app.answer(goodCall().field(Message.DESTINATION, new Variant("s", "nodots"))).type());
        } catch (ConnectionClosed cutOff) {
            app = HOUSE.app(server);
        }
        app.send(goodCall().serial(0).field(Message.DESTINATION, new Variant("s", "no dots")).flags(Message.NO_REPLY_EXPECTED));
        witness.sync();
    }

    @Test
    void fieldsAndTypesNobodyKnows_areIgnoredAsTheSpecificationSays() {
        RawClient app = HOUSE.app(server);
        assertEquals(Message.RETURN, app.answer(Message.call(NAME, "/o", "org.test.I", "Do").field(200, new Variant("s", "new"))).type());
        app.send(Message.ofType(9).field(Message.PATH, new Variant("o", "/")));
        app.sync();
    }
}
