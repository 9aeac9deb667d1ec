package io.berth.tests.relay;

import static io.berth.tests.house.Rules.call;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.tests.house.Barrier;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A reply passes once, for a call that waits for it, from the peer that was called; in both directions. */
class RepliesOnceTest {
    private static final String NAME = "org.test.Service";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private RawClient service;
    private RawClient other;
    private RawClient app;
    private Barrier barrier;

    @BeforeEach
    void connect() {
        service = HOUSE.service(NAME);
        other = HOUSE.unconfined();
        ContainerServer server = HOUSE.server(call(NAME));
        app = HOUSE.app(server);
        barrier = new Barrier(app, HOUSE.app(server), HOUSE.unconfined());
    }

    private static List<String> replies(List<Message> messages) {
        return messages.stream().filter(message -> message.replySerial() != 0)
                .map(message -> message.type() == Message.ERROR ? message.errorName() : (String) message.arg()).toList();
    }

    @Test
    void replyToCall_sentTwice_arrivesOnce() {
        app.send(Message.call(NAME, "/", "org.test.I", "Do"));
        Message call = service.awaitCall("Do");
        service.send(Message.reply(call.sender(), call.serial()).body("s", "first"));
        service.send(Message.reply(call.sender(), call.serial()).body("s", "second"));
        service.send(Message.error(call.sender(), call.serial(), "org.test.Third"));
        assertEquals(List.of("first"), replies(barrier.received(service)));
    }

    @Test
    void replyToCall_fromAnotherPeer_isDropped() {
        app.send(Message.call(NAME, "/", "org.test.I", "Do"));
        Message call = service.awaitCall("Do");
        other.send(Message.reply(call.sender(), call.serial()).body("s", "forged"));
        assertEquals(List.of(), replies(barrier.received(other)));
        service.send(Message.reply(call.sender(), call.serial()).body("s", "true"));
        assertEquals(List.of("true"), replies(barrier.received(service)));
    }

    @Test
    void replyToApp_withoutCall_isDropped() {
        service.send(Message.reply(app.uniqueName(), 77).body("s", "unasked"));
        service.send(Message.error(app.uniqueName(), 78, "org.test.Unasked"));
        assertEquals(List.of(), replies(barrier.received(service)));
    }

    @Test
    void replyToCall_noReplyExpected_isDropped() {
        app.send(Message.call(NAME, "/", "org.test.I", "Do").flags(Message.NO_REPLY_EXPECTED));
        Message call = service.awaitCall("Do");
        assertEquals(Message.NO_REPLY_EXPECTED, call.flags());
        service.send(Message.reply(call.sender(), call.serial()).body("s", "unasked"));
        assertEquals(List.of(), replies(barrier.received(service)));
    }

    @Test
    void replyOfApp_withoutCall_neverReachesAnyone() {
        app.send(Message.reply(service.uniqueName(), 5).body("s", "unasked"));
        app.send(Message.reply(NAME, 6).body("s", "unasked"));
        app.send(Message.error(service.uniqueName(), 7, "org.test.Unasked"));
        assertEquals(List.of(), barrier.sentTo(service));
    }

    @Test
    void replyOfApp_sentTwice_arrivesOnce() {
        service.send(Message.call(app.uniqueName(), "/", "org.test.I", "Ask"));
        Message call = app.awaitCall("Ask");
        app.send(Message.error(call.sender(), call.serial(), "org.test.First").body("s", "text"));
        app.send(Message.reply(call.sender(), call.serial()).body("s", "second"));
        assertEquals(List.of("org.test.First"), replies(barrier.sentTo(service)));
    }

    @Test
    void replyOfApp_toAnotherPeer_isDropped() {
        service.send(Message.call(app.uniqueName(), "/", "org.test.I", "Ask"));
        Message call = app.awaitCall("Ask");
        app.send(Message.reply(other.uniqueName(), call.serial()).body("s", "misled"));
        assertEquals(List.of(), barrier.sentTo(other));
        app.send(Message.reply(call.sender(), call.serial()).body("s", "right"));
        assertEquals(List.of("right"), replies(barrier.sentTo(service)));
    }

    @Test
    void replyOfApp_noReplyExpected_isDropped() {
        service.send(Message.call(app.uniqueName(), "/", "org.test.I", "Ask").flags(Message.NO_REPLY_EXPECTED));
        Message call = app.awaitCall("Ask");
        app.send(Message.reply(call.sender(), call.serial()).body("s", "unasked"));
        assertEquals(List.of(), barrier.sentTo(service));
    }

    @Test
    void calleeGone_beforeItsReply_appGetsNoReply() {
        RawClient leaving = HOUSE.bus().connect();
        leaving.own("org.test.Leaving");
        RawClient caller = HOUSE.app(talk("org.test.Leaving"));
        int serial = caller.send(Message.call("org.test.Leaving", "/", "org.test.I", "Do"));
        leaving.awaitCall("Do");
        leaving.close();
        assertEquals("org.freedesktop.DBus.Error.NoReply",
                caller.await("an error", message -> message.replySerial() == serial).errorName());
    }

    @Test
    void name_handedOverMidCall_replyOfTheOldOwnerArrives() {
        service.bus("ReleaseName", "s", NAME);
        service.bus("RequestName", "su", NAME, 1);
        int serial = app.send(Message.call(NAME, "/", "org.test.I", "Do"));
        Message call = service.awaitCall("Do");
        other.bus("RequestName", "su", NAME, 2);
        service.send(Message.reply(call.sender(), call.serial()).body("s", "old owner"));
        assertEquals("old owner", app.await("reply", message -> message.replySerial() == serial).arg());
    }

    @Test
    void refusedCall_noReplyExpected_isNotAnswered() {
        for (String destination : List.of("org.test.Hidden", NAME, RawClient.BUS)) {
            app.send(Message.call(destination, "/", "org.test.I", destination.equals(NAME) ? "Register" : "Do")
                    .flags(Message.NO_REPLY_EXPECTED));
        }
        app.sync();
        assertEquals(List.of(), replies(app.drain()));
    }
}
