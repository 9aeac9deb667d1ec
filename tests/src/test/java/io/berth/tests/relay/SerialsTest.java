package io.berth.tests.relay;

import static io.berth.tests.house.Rules.call;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.Barrier;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Serials are the app's own, in any order, but for those that Berth keeps; refusals and the driver's replies keep their order. */
class SerialsTest {
    private static final String NAME = "org.test.Service";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static Message getId(int serial) {
        return Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "GetId").serial(serial);
    }

    @ParameterizedTest
    @ValueSource(ints = {0xFFFF0000, 0xFFFF0001, 0xFFFF8000, 0xFFFFFFFF, 0})
    void serial_reservedOrZero_closesThatConnectionOnly(int serial) {
        RawClient service = HOUSE.service(NAME);
        ContainerServer server = HOUSE.server(call(NAME));
        RawClient app = HOUSE.app(server);
        RawClient peer = HOUSE.app(server);
        app.sendBytes(Message.call(NAME, "/", "org.test.I", "Do").serial(serial).toBytes());
        app.awaitClose();
        peer.send(Message.call(NAME, "/", "org.test.I", "Do"));
        assertEquals(peer.uniqueName(), service.awaitCall("Do").sender());
        assertEquals(List.of(), service.drainFromPeers());
    }

    @Test
    void serial_lastBelowTheReserved_passesUnchanged() {
        RawClient service = HOUSE.service(NAME);
        RawClient app = HOUSE.app(call(NAME));
        int serial = 0xFFFEFFFF;
        app.send(Message.call(NAME, "/", "org.test.I", "Do").serial(serial));
        Message call = service.awaitCall("Do");
        assertEquals(serial, call.serial());
        service.send(Message.reply(call.sender(), serial).body("s", "done"));
        assertEquals("done", app.await("reply", message -> message.replySerial() == serial).arg());
    }

    @Test
    void serials_outOfOrder_repliesFindTheirCalls() {
        RawClient service = HOUSE.service(NAME);
        RawClient app = HOUSE.app(call(NAME));
        List<Integer> serials = List.of(9000, 7, 1_000_000, 2, 0x7fffffff, 0x80000000, 5);
        for (int serial : serials) {
            app.send(Message.call(NAME, "/", "org.test.I", "Do").serial(serial));
        }
        List<Message> calls = new ArrayList<>();
        for (int i = 0; i < serials.size(); i++) {
            calls.add(0, service.awaitCall("Do"));
        }
        for (Message call : calls) {
            service.send(Message.reply(call.sender(), call.serial()).body("u", call.serial()));
        }
        for (int serial : serials) {
            assertEquals(serial & 0xffffffffL, app.await("reply", message -> message.replySerial() == serial).arg());
        }
    }

    @Test
    void serial_usedTwiceWhileOutstanding_harmsNobody() {
        RawClient service = HOUSE.service(NAME);
        RawClient app = HOUSE.app(call(NAME));
        app.send(Message.call(NAME, "/", "org.test.I", "First").serial(50));
        app.send(Message.call(NAME, "/", "org.test.I", "Second").serial(50));
        Message first = service.awaitCall("First");
        service.send(Message.reply(first.sender(), 50).body("s", "first"));
        int returns = 0;
        while (returns == 0) {
            Message answer = app.await("answers", message -> message.replySerial() == 50);
            returns += answer.type() == Message.RETURN ? 1 : 0;
        }
        RawClient next = HOUSE.app(talk(NAME));
        next.send(Message.call(NAME, "/", "org.test.I", "Third").serial(50));
        assertEquals(next.uniqueName(), service.awaitCall("Third").sender());
    }

    @Test
    void serial_usedAgainAfterItsReply_works() {
        RawClient service = HOUSE.service(NAME);
        RawClient app = HOUSE.app(call(NAME));
        for (int round = 0; round < 3; round++) {
            app.send(Message.call(NAME, "/", "org.test.I", "Do").serial(50));
            Message call = service.awaitCall("Do");
            service.send(Message.reply(call.sender(), 50).body("u", round));
            assertEquals((long) round, app.await("reply", message -> message.replySerial() == 50).arg());
        }
    }

    @Test
    void refusedCalls_betweenDriverCalls_areAnsweredInTheirPlace() {
        HOUSE.service(NAME);
        RawClient app = HOUSE.app(call("org.test.Other"));
        for (int round = 0; round < 50; round++) {
            int base = 100 + 10 * round;
            app.sendTogether(getId(base), Message.call(NAME, "/", "org.test.I", "Do").serial(base + 1), getId(base + 2),
                    Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "NoSuchMethod").serial(base + 3),
                    Message.call("org.test.Other", "/", "org.test.I", "Do").serial(base + 4), getId(base + 5),
                    Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "ListNames").serial(base + 6),
                    Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "NameHasOwner").body("s", NAME).serial(base + 7),
                    getId(base + 8));
            for (int i = 0; i <= 8; i++) {
                assertEquals(base + i, app.await("reply", message -> message.replySerial() != 0).replySerial());
            }
        }
    }

    @Test
    void refusedCall_afterCallThatIsNotAnswered_doesNotWait() {
        RawClient service = HOUSE.service(NAME);
        RawClient app = HOUSE.app(call(NAME));
        app.sendTogether(Message.call(NAME, "/", "org.test.I", "Slow").serial(10),
                Message.call("org.test.Hidden", "/", "org.test.I", "Do").serial(11), getId(12));
        assertEquals(11, app.await("answer", message -> message.replySerial() != 0).replySerial());
        assertEquals(12, app.await("answer", message -> message.replySerial() != 0).replySerial());
        assertTrue(service.awaitCall("Slow").serial() == 10);
    }

    @Test
    void pipelinedCalls_manyInOneWrite_arriveInOrder() {
        RawClient service = HOUSE.service(NAME);
        RawClient app = HOUSE.app(call(NAME));
        Message[] calls = new Message[2000];
        for (int i = 0; i < calls.length; i++) {
            calls[i] = Message.call(NAME, "/", "org.test.I", "Do").flags(Message.NO_REPLY_EXPECTED).body("u", i);
        }
        app.sendTogether(calls);
        for (int i = 0; i < calls.length; i++) {
            assertEquals((long) i, service.awaitCall("Do").arg());
        }
    }

    @Test
    void bigEndianCalls_andReplies_passBothWays() {
        RawClient service = HOUSE.service(NAME);
        RawClient app = HOUSE.app(call(NAME));
        Message bigName = Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "NameHasOwner").bigEndian().body("s", NAME);
        assertEquals(true, app.call(bigName).arg());
        assertEquals("org.freedesktop.DBus.Error.ServiceUnknown",
                app.answer(Message.call("org.test.Hidden", "/", "org.test.I", "Do").bigEndian()).errorName());
        int serial = app.send(Message.call(NAME, "/", "org.test.I", "Do").bigEndian().body("us", 7, "seven"));
        Message call = service.awaitCall("Do");
        assertEquals(List.of(7L, "seven"), call.args());
        service.send(Message.reply(call.sender(), call.serial()).bigEndian().body("t", 1L << 40));
        assertEquals(1L << 40, app.await("reply", message -> message.replySerial() == serial).arg());
    }

    @Test
    void serial_ofACallThatStillWaits_isRefusedAndReachesNobody() {
        RawClient service = HOUSE.service(NAME);
        ContainerServer server = HOUSE.server(call(NAME));
        RawClient app = HOUSE.app(server);
        Barrier barrier = new Barrier(app, HOUSE.app(server), HOUSE.unconfined());
        app.send(Message.call(NAME, "/", "org.test.I", "First").serial(50));
        for (Message second : List.of(Message.call(NAME, "/", "org.test.I", "Second"), Message.call("org.test.Hidden", "/", "org.test.I", "Second"),
                Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "GetId"))) {
            app.send(second.serial(50));
            Message refusal = app.await("an error", message -> message.replySerial() == 50);
            assertEquals("org.freedesktop.DBus.Error.AccessDenied", refusal.errorName(), second.toString());
        }
        Message first = service.awaitCall("First");
        assertEquals(List.of(), barrier.sentTo(service));
        service.send(Message.reply(first.sender(), 50).body("s", "first"));
        assertEquals("first", app.await("reply", message -> message.replySerial() == 50).arg());
    }
}
