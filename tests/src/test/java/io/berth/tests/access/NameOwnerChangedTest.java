package io.berth.tests.access;

import static io.berth.tests.house.Rules.see;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names that come, move and go: told of the seen ones, exactly as the bus tells it, and silent about all others. */
class NameOwnerChangedTest {
    private static final String SEEN = "org.test.Seen";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    /** Of well-known names, as {@code name:old>new}, in their order, up to now. */
    private static List<String> changes(RawClient app, RawClient outsider) {
        outsider.send(Message.signal(app.uniqueName(), "/", "org.test.Barrier", "Told"));
        app.awaitSignal("Told");
        return app.drain().stream().filter(message -> message.is(Message.SIGNAL, "NameOwnerChanged"))
                .map(message -> message.args().get(0) + ":" + message.args().get(1) + ">" + message.args().get(2))
                .filter(change -> !change.startsWith(":")).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"type='signal'", "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'",
        "member='NameOwnerChanged',arg0namespace='org.test'", "interface='org.freedesktop.DBus',path='/org/freedesktop/DBus'"})
    void names_comeAndGo_onlyTheSeenAreTold(String rule) {
        RawClient outsider = HOUSE.unconfined();
        RawClient first = HOUSE.unconfined();
        RawClient second = HOUSE.unconfined();
        RawClient hidden = HOUSE.unconfined();
        RawClient app = HOUSE.app(see(SEEN));
        app.match(rule);
        app.drain();
        hidden.own("org.test.Hidden");
        first.bus("RequestName", "su", SEEN, 1);
        second.bus("RequestName", "su", SEEN, 2);
        second.bus("ReleaseName", "s", SEEN);
        first.bus("ReleaseName", "s", SEEN);
        hidden.bus("ReleaseName", "s", "org.test.Hidden");
        assertEquals(List.of(SEEN + ":>" + first.uniqueName(), SEEN + ":" + first.uniqueName() + ">" + second.uniqueName(),
                SEEN + ":" + second.uniqueName() + ">" + first.uniqueName(), SEEN + ":" + first.uniqueName() + ">"),
                changes(app, outsider));
    }

    @Test
    void names_noMatchOfTheAppsOwn_nothingIsTold() {
        RawClient outsider = HOUSE.unconfined();
        RawClient app = HOUSE.app(talk(SEEN));
        RawClient service = HOUSE.unconfined();
        service.own(SEEN);
        service.bus("ReleaseName", "s", SEEN);
        assertEquals(List.of(), changes(app, outsider));
        app.match("type='signal',member='NameOwnerChanged',arg0='org.test.Another'");
        service.own(SEEN);
        assertEquals(List.of(), changes(app, outsider));
    }

    @Test
    void matchAddedTwice_removedOnce_isStillInForce() {
        RawClient outsider = HOUSE.unconfined();
        RawClient app = HOUSE.app(talk(SEEN));
        RawClient service = HOUSE.unconfined();
        String rule = "type='signal',member='NameOwnerChanged'";
        app.match(rule);
        app.match(rule);
        app.bus("RemoveMatch", "s", rule);
        service.own(SEEN);
        assertEquals(List.of(SEEN + ":>" + service.uniqueName()), changes(app, outsider));
        app.bus("RemoveMatch", "s", rule);
        service.bus("ReleaseName", "s", SEEN);
        assertEquals(List.of(), changes(app, outsider));
    }

    @Test
    void peersOfOneServer_comingAndGoing_areTold() {
        ContainerServer server = HOUSE.server();
        RawClient app = HOUSE.app(server);
        app.match("member='NameOwnerChanged'");
        HOUSE.server().connect().close();
        RawClient peer = server.connect();
        peer.close();
        Message came = app.awaitSignal("NameOwnerChanged");
        Message went = app.awaitSignal("NameOwnerChanged");
        assertEquals(List.of(peer.uniqueName(), "", peer.uniqueName()), came.args());
        assertEquals(List.of(peer.uniqueName(), peer.uniqueName(), ""), went.args());
    }
}
