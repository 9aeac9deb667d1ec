package io.berth.tests.life;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.FakeBus;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A bus that takes its time with Hello: until it has answered, nobody is told that a name is no app's. */
class IdentityWhileHelloTest {
    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse().configured("authenticateMs = 1500");

    private static byte[] nameAppears(String name) {
        return Message.signal(null, RawClient.BUS_PATH, RawClient.BUS, "NameOwnerChanged").serial(900)
                .field(Message.SENDER, new Variant("s", RawClient.BUS)).body("sss", name, "", name).toBytes();
    }

    private static Message ask(String name, FakeBus bus) {
        return HelperApi.call("GetConnectionInstanceOnBus").body("ss", name, bus.address());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void question_whileHelloIsOutstanding_waitsForItsAnswer(boolean busToldOfTheName) {
        FakeBus bus = HOUSE.keep(new FakeBus(HOUSE.runtime().resolve("fake")));
        ContainerServer server = HOUSE.helper().add("org.test.App", HelperApi.arguments(List.of(), "Bus", Variant.of(bus.address())));
        FakeBus.Peer daemons = bus.peers().get(0);
        int before = bus.peers().size();
        bus.holdHello();
        RawClient app = HOUSE.keep(RawClient.open(server.socket()));
        app.authenticate();
        app.send(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "Hello"));
        Awaitility.await().until(() -> bus.peers().size() > before && !bus.peers().get(before).messages().isEmpty());
        FakeBus.Peer apps = bus.peers().get(before);
        if (busToldOfTheName) {
            daemons.say(nameAppears(apps.name()));
        }

        RawClient asking = HOUSE.unconfined();
        int question = asking.send(ask(apps.name(), bus));
        new HelperApi(asking).servers();
        assertTrue(asking.drain().stream().noneMatch(message -> message.replySerial() == question), "answered too early");
        apps.welcome();
        Message answer = asking.await("answer", message -> message.replySerial() == question);
        assertEquals(Message.RETURN, answer.type(), answer.toString());
        assertEquals(server.object(), answer.arg());
    }

    @Test
    void question_helloNeverAnswered_isAnsweredWhenTheAppsTimeIsOver() {
        FakeBus bus = HOUSE.keep(new FakeBus(HOUSE.runtime().resolve("fake")));
        ContainerServer server = HOUSE.helper().add("org.test.App", HelperApi.arguments(List.of(), "Bus", Variant.of(bus.address())));
        int before = bus.peers().size();
        bus.holdHello();
        RawClient app = HOUSE.keep(RawClient.open(server.socket()));
        app.authenticate();
        app.send(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "Hello"));
        Awaitility.await().until(() -> bus.peers().size() > before && !bus.peers().get(before).messages().isEmpty());
        RawClient asking = HOUSE.unconfined();
        int question = asking.send(ask(bus.peers().get(before).name(), bus));
        app.awaitClose();
        assertEquals("org.freedesktop.DBus.Error.NameHasNoOwner",
                asking.await("answer", message -> message.replySerial() == question).errorName());
    }
}
