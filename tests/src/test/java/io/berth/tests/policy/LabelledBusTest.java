package io.berth.tests.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** On a bus that tells security labels: they are asked for once, and no message is judged by another one meanwhile. */
class LabelledBusTest {
    private static final String SECRET = ":1.900";
    private static final String PLAIN = ":1.901";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private FakeBus bus;
    private FakeBus.Peer view;
    private ContainerServer server;
    private RawClient app;
    private FakeBus.Peer appOnBus;

    @BeforeEach
    void open() {
        bus = HOUSE.keep(new FakeBus(HOUSE.runtime().resolve("labelled bus")));
        bus.label(RawClient.BUS, "/usr/bin/dbus-daemon (enforce)");
        bus.label(SECRET, "/usr/bin/secret (complain)");
        bus.label(PLAIN, "unconfined");
    }

    private void connect(String rules) {
        connect(rules, () -> { });
    }

    /** @param prepare when the daemon knows that the bus has labels, and nobody else is there yet */
    private void connect(String rules, Runnable prepare) {
        server = HOUSE.helper().add("org.test.App", HelperApi.policy("dbus send peer=(name=org.freedesktop.DBus label=/usr/bin/dbus-daemon),\n" + rules,
                "Bus", Variant.of(bus.address().replace(" ", "%20"))));
        view = bus.peers().get(0);
        prepare.run();
        appear(SECRET);
        appear(PLAIN);
        int before = bus.peers().size();
        app = HOUSE.app(server);
        appOnBus = bus.peers().get(before);
    }

    private void appear(String name) {
        view.say(ownerChanged(name, "", name));
    }

    private static byte[] ownerChanged(String name, String old, String now) {
        return Message.signal(null, RawClient.BUS_PATH, RawClient.BUS, "NameOwnerChanged").serial(999)
                .field(Message.SENDER, new Variant("s", RawClient.BUS)).body("sss", name, old, now).toBytes();
    }

    private boolean reaches(String destination) {
        int before = sent().size();
        app.send(Message.signal(destination, "/", "org.test.I", "Do"));
        app.sync();
        return sent().size() > before;
    }

    private List<Message> sent() {
        return appOnBus.messages().stream().filter(message -> "Do".equals(message.member())).toList();
    }

    private boolean hears(String sender) {
        appOnBus.say(Message.signal(appOnBus.name(), "/", "org.test.I", "Heard").serial(7).field(Message.SENDER, new Variant("s", sender)).toBytes());
        app.sync();
        return app.drain().stream().anyMatch(message -> message.is(Message.SIGNAL, "Heard"));
    }

    private long asked(String name) {
        return view.messages().stream().filter(message -> "GetConnectionCredentials".equals(message.member()) && name.equals(message.arg())).count();
    }

    @Test
    void labels_ofOthers_areWhatTheBusSays() {
        connect("dbus (send, receive) peer=(label=/usr/bin/secret),");
        assertTrue(reaches(SECRET));
        assertFalse(reaches(PLAIN));
        assertTrue(hears(SECRET));
        assertFalse(hears(PLAIN));
        HOUSE.helper().setPolicy(server, "dbus send peer=(name=org.freedesktop.DBus),\ndbus (send, receive) peer=(label=unconfined),");
        assertFalse(reaches(SECRET));
        assertTrue(reaches(PLAIN));
        assertFalse(hears(SECRET));
        assertTrue(hears(PLAIN));
        assertEquals(1, asked(SECRET));
        assertEquals(1, asked(PLAIN));
    }

    @Test
    void messages_toAndFromWhomIsNotKnownYet_areHeldInTheirOrder() {
        connect("dbus send peer=(label=unconfined),\ndbus receive peer=(label=/usr/bin/secret),", bus::holdLabels);
        app.send(Message.signal(SECRET, "/1", "org.test.I", "Do"));
        app.send(Message.signal(PLAIN, "/2", "org.test.I", "Do"));
        int last = app.send(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "GetId"));
        appOnBus.say(Message.signal(appOnBus.name(), "/3", "org.test.I", "Heard").serial(7).field(Message.SENDER, new Variant("s", PLAIN)).toBytes());
        appOnBus.say(Message.signal(appOnBus.name(), "/4", "org.test.I", "Heard").serial(8).field(Message.SENDER, new Variant("s", SECRET)).toBytes());
        Awaitility.await().until(() -> asked(SECRET) == 1 && asked(PLAIN) == 1);
        assertEquals(List.of(), sent());
        assertFalse(appOnBus.messages().stream().anyMatch(message -> "GetId".equals(message.member())));
        view.tellLabels();
        app.await("the reply behind them", message -> message.replySerial() == last);
        assertEquals(List.of("/2"), sent().stream().map(message -> message.path()).toList());
        app.sync();
        assertEquals(List.of("/4"), app.drain().stream().filter(message -> message.is(Message.SIGNAL, "Heard"))
                .map(message -> message.path()).toList());
    }

    @Test
    void broadcast_passesOnlyWhenEverybodyOutsideMayHearIt() {
        connect("dbus send peer=(name=org.freedesktop.DBus), deny dbus send peer=(label=/usr/bin/secret),");
        assertFalse(reaches(null));
        view.say(ownerChanged(SECRET, SECRET, ""));
        Awaitility.await().until(() -> reaches(null));
    }

    @Test
    void peerThatTheBusDoesNotKnow_isRefused() {
        connect("dbus (send, receive),");
        appear(":1.902");
        assertFalse(reaches(":1.902"));
        assertFalse(hears(":1.902"));
        assertFalse(hears(":1.903"), "of whom the bus has not told at all");
        assertTrue(reaches(SECRET));
    }

    @Test
    void driver_isLabelledToo() {
        connect("");
        app.sync();
        HOUSE.helper().setPolicy(server, "dbus send peer=(name=org.freedesktop.DBus label=unconfined),");
        assertEquals(Confined.DENIED, app.answer(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "GetId")).errorName());
    }
}
