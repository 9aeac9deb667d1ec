package io.berth.tests.policy;

import static io.berth.tests.policy.Confined.DENIED;
import static io.berth.tests.policy.Confined.INTERFACE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an app under a policy hears: the policy's RECEIVE decides about calls, signals and broadcasts; replies need none. */
class ReceiveTest {
    private static final String NAME = "org.test.Service";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static Message call(Confined app, String member) {
        return Message.call(app.name(), "/", INTERFACE, member).flags(Message.NO_REPLY_EXPECTED);
    }

    @Test
    void messages_ofEveryKind_passOnlyWhatFits() {
        RawClient service = HOUSE.service(NAME);
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus receive member=Do peer=(label=unconfined),");
        app.client().match("type='signal',interface='" + INTERFACE + "'");
        assertTrue(app.hears(service, call(app, "Do")));
        assertFalse(app.hears(service, call(app, "Dont")));
        assertTrue(app.hears(service, Message.signal(app.name(), "/", INTERFACE, "Do")));
        assertFalse(app.hears(service, Message.signal(app.name(), "/", INTERFACE, "Dont")));
        assertTrue(app.hears(service, Message.signal(null, "/", INTERFACE, "Do")));
        assertFalse(app.hears(service, Message.signal(null, "/", INTERFACE, "Dont")));
    }

    @Test
    void refusedCall_isAnsweredToItsCaller() {
        RawClient service = HOUSE.service(NAME);
        Confined app = Confined.under(HOUSE, "org.test.App", "");
        Message answer = service.answer(Message.call(app.name(), "/", INTERFACE, "Do"));
        assertEquals(DENIED, answer.errorName());
        assertTrue(((String) answer.arg()).startsWith("An AppArmor policy prevents this sender from sending"), answer::toString);
    }

    @Test
    void name_ofTheSender_isItsUniqueOne() {
        RawClient service = HOUSE.service(NAME);
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus receive peer=(name=" + NAME + "),");
        assertFalse(app.hears(service, call(app, "Do")));
        app.policy("dbus receive peer=(name=" + service.uniqueName() + "),");
        assertTrue(app.hears(service, call(app, "Do")));
        assertFalse(app.hears(HOUSE.unconfined(), call(app, "Do")));
    }

    @Test
    void proposalOf2011_findsTheSenderByAnyOfItsNames() {
        RawClient service = HOUSE.service(NAME);
        Confined app = Confined.with(HOUSE, "org.test.App", HelperApi.policy("dbus org.freedesktop.DBus send,\ndbus " + NAME + " receive,"));
        assertTrue(app.hears(service, call(app, "Do")));
        assertFalse(app.hears(HOUSE.unconfined(), call(app, "Do")));
        service.bus("ReleaseName", "s", NAME);
        assertFalse(app.hears(service, call(app, "Do")));
    }

    @Test
    void replies_thatWereAskedFor_needNoRule() {
        RawClient service = HOUSE.service(NAME);
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus send peer=(name=" + NAME + "),\ndbus receive member=Ask,");
        int serial = app.client().send(Message.call(NAME, "/", INTERFACE, "Do"));
        Message arrived = service.awaitCall("Do");
        service.send(Message.reply(arrived.sender(), arrived.serial()).body("s", "first"));
        service.send(Message.reply(arrived.sender(), arrived.serial()).body("s", "second"));
        service.sync();
        app.client().sync();
        assertEquals(List.of("first"), app.client().drain().stream().filter(message -> message.replySerial() == serial).map(Message::arg).toList());
        int asked = service.send(Message.call(app.name(), "/", INTERFACE, "Ask"));
        Message question = app.client().awaitCall("Ask");
        app.client().send(Message.reply(question.sender(), question.serial()).body("s", "answer"));
        assertEquals("answer", service.await("reply", message -> message.replySerial() == asked).arg());
        assertFalse(app.arrives(service, Message.reply(service.uniqueName(), 99)));
    }

    @Test
    void broadcasts_notAskedFor_stayAway() {
        RawClient service = HOUSE.service(NAME);
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus receive,");
        assertFalse(app.hears(service, Message.signal(null, "/", INTERFACE, "Changed")));
        assertFalse(app.client().drain().stream().anyMatch(message -> message.is(Message.SIGNAL, "NameOwnerChanged")));
        app.client().match("type='signal',member='Changed'");
        assertTrue(app.hears(service, Message.signal(null, "/", INTERFACE, "Changed")));
        assertFalse(app.hears(service, Message.signal(null, "/", INTERFACE, "Other")));
    }

    @Test
    void senderThatHasLeft_isStillJudgedByWhoItWas() {
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus receive peer=(label=unconfined),");
        app.client().match("type='signal',member='Farewell'");
        Confined other = Confined.under(HOUSE, "org.test.Other", "dbus send peer=(label=unconfined),\ndbus send peer=(label=berth//*//org.test.App),");
        for (int i = 0; i < 30; i++) {
            RawClient outside = HOUSE.bus().connect();
            outside.send(Message.signal(null, "/", INTERFACE, "Farewell").body("s", "outside"));
            outside.close();
            RawClient inside = other.server().connect();
            inside.send(Message.signal(null, "/", INTERFACE, "Farewell").body("s", "inside"));
            inside.send(Message.signal(app.name(), "/", INTERFACE, "Farewell").body("s", "inside"));
            inside.sync();
            inside.close();
            assertEquals("outside", app.client().awaitSignal("Farewell").arg());
        }
        app.client().sync();
        assertEquals(List.of(), app.client().drainFromPeers());
    }

    @Test
    void senderThatHasLeft_beforeTheAppReads_isStillJudgedByWhoItWas() {
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus receive peer=(label=unconfined),");
        app.client().match("type='signal',interface='" + INTERFACE + "'");
        Confined other = Confined.under(HOUSE, "org.test.Other", "dbus send,");
        RawClient outside = HOUSE.unconfined();
        byte[] filling = new byte[32 << 10];
        for (int i = 0; i < 300; i++) {
            outside.send(Message.signal(app.name(), "/", INTERFACE, "Filling").body("ay", (Object) filling));
        }
        outside.sync();
        RawClient inside = other.server().connect();
        inside.send(Message.signal(app.name(), "/", INTERFACE, "Farewell"));
        inside.sync();
        inside.close();
        Awaitility.await().until(() -> !(Boolean) outside.bus("NameHasOwner", "s", inside.uniqueName()).arg());
        outside.send(Message.signal(app.name(), "/", INTERFACE, "Last"));
        app.client().awaitSignal("Last");
        assertFalse(app.client().drain().stream().anyMatch(message -> message.is(Message.SIGNAL, "Farewell")));
    }
}
