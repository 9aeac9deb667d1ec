package io.berth.tests.relay;

import static io.berth.api.AccessFlags.NAME_IS_SUBTREE;
import static io.berth.api.AccessFlags.OWN;
import static io.berth.tests.house.Rules.rule;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.ConnectionClosed;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Limits that are counted down again: of names, of callers, of connections to the system bus. */
class ConnectionLimitsTest {
    private static final String LIMITS_EXCEEDED = "org.freedesktop.DBus.Error.LimitsExceeded";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse().configured("ownedNames = 5", "pendingReplies = 20", "systemConnections = 3",
            "systemConnectionsPerServer = 2");

    @Test
    void ownedNames_oneTooMany_isRefusedUntilOneIsGivenBack() {
        RawClient app = HOUSE.app(rule(OWN | NAME_IS_SUBTREE, "org.test.tree"));
        for (int i = 0; i < 5; i++) {
            app.own("org.test.tree.n" + i);
        }
        assertEquals(LIMITS_EXCEEDED, assertThrows(DBusError.class, () -> app.own("org.test.tree.more")).name());
        assertEquals(4L, app.bus("RequestName", "su", "org.test.tree.n0", 4).arg());
        app.bus("ReleaseName", "s", "org.test.tree.n0");
        app.own("org.test.tree.more");
    }

    @Test
    void callers_oneTooMany_isToldAndTheOthersAreAnswered() {
        RawClient service = HOUSE.unconfined();
        RawClient app = HOUSE.app(talk("org.test.Service"));
        for (int i = 0; i < 20; i++) {
            service.send(Message.call(app.uniqueName(), "/", "org.test.I", "Ask"));
        }
        assertEquals(LIMITS_EXCEEDED, service.answer(Message.call(app.uniqueName(), "/", "org.test.I", "TooMany")).errorName());
        for (int i = 0; i < 20; i++) {
            Message call = app.awaitCall("Ask");
            app.send(Message.reply(call.sender(), call.serial()).body("u", i));
        }
        for (int i = 0; i < 20; i++) {
            assertEquals((long) i, service.await("reply", message -> message.type() == Message.RETURN
                    && message.signature().equals("u")).arg());
        }
        service.send(Message.call(app.uniqueName(), "/", "org.test.I", "Fits"));
        app.awaitCall("Fits");
    }

    @Test
    void callers_thatHaveLeft_makeRoomForOthers() {
        RawClient app = HOUSE.app(talk("org.test.Service"));
        RawClient staying = HOUSE.unconfined();
        int serial = staying.send(Message.call(app.uniqueName(), "/", "org.test.I", "Stays"));
        Message call = app.awaitCall("Stays");
        RawClient leaving = HOUSE.bus().connect();
        for (int i = 0; i < 19; i++) {
            leaving.send(Message.call(app.uniqueName(), "/", "org.test.I", "Ask"));
        }
        for (int i = 0; i < 19; i++) {
            app.awaitCall("Ask");
        }
        leaving.close();
        RawClient next = HOUSE.unconfined();
        Awaitility.await().until(() -> !(Boolean) next.bus("NameHasOwner", "s", leaving.uniqueName()).arg());
        next.send(Message.call(app.uniqueName(), "/", "org.test.I", "Next"));
        app.awaitCall("Next");
        app.send(Message.reply(call.sender(), call.serial()).body("s", "late"));
        assertEquals("late", staying.await("reply", message -> message.replySerial() == serial).arg());
    }

    @Test
    void systemBus_connections_areLimitedForOneServerAndForAll() {
        ContainerServer one = HOUSE.helper().add("org.test.One", HelperApi.arguments(List.of(), "Bus", Variant.of("system")));
        ContainerServer other = HOUSE.helper().add("org.test.Other", HelperApi.arguments(List.of(), "Bus", Variant.of("system")));
        ContainerServer session = HOUSE.server();
        RawClient first = HOUSE.app(one);
        HOUSE.app(one);
        assertThrows(RuntimeException.class, () -> HOUSE.app(one));
        HOUSE.app(other);
        assertThrows(RuntimeException.class, () -> HOUSE.app(other));
        for (int i = 0; i < 4; i++) {
            HOUSE.app(session).sync();
        }
        first.close();
        Awaitility.await().ignoreException(ConnectionClosed.class).ignoreException(IllegalStateException.class)
                .until(() -> HOUSE.app(other).uniqueName() != null);
        assertThrows(RuntimeException.class, () -> HOUSE.app(one));
    }
}
