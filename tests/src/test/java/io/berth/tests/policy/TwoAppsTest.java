package io.berth.tests.policy;

import static io.berth.tests.house.Rules.rule;
import static io.berth.tests.policy.Confined.DENIED;
import static io.berth.tests.policy.Confined.INTERFACE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AccessFlags;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two confined connections: the policy of each side decides about its own, whether they are of one app or of two. */
class TwoAppsTest {
    private static final String A = "berth//org.test.Sandbox//org.test.A";
    private static final String B = "berth//org.test.Sandbox//org.test.B";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static boolean calls(Confined from, Confined to) {
        return from.arrives(to.client(), Message.call(to.name(), "/", INTERFACE, "Do").flags(Message.NO_REPLY_EXPECTED));
    }

    private static boolean broadcasts(Confined from, Confined to) {
        return from.arrives(to.client(), Message.signal(null, "/", INTERFACE, "Changed"));
    }

    @Test
    void call_betweenTwoApps_needsSendAndReceive() {
        Confined a = Confined.under(HOUSE, "org.test.A", "dbus send peer=(label=" + B + "),");
        Confined b = Confined.under(HOUSE, "org.test.B", "dbus receive peer=(label=" + A + "),");
        assertTrue(calls(a, b));
        assertFalse(calls(b, a));
        b.policy("dbus receive peer=(label=unconfined),");
        assertFalse(calls(a, b));
        Message answer = a.client().answer(Message.call(b.name(), "/", INTERFACE, "Do"));
        assertEquals(DENIED, answer.errorName());
        b.policy("dbus receive peer=(label=berth//org.test.Sandbox//*),");
        assertTrue(calls(a, b));
        a.policy("dbus send peer=(label=unconfined),");
        assertFalse(calls(a, b));
        assertEquals(DENIED, a.error(Message.call(b.name(), "/", INTERFACE, "Do")));
    }

    @Test
    void call_betweenConnectionsOfOneServer_needsBothToo() {
        Confined a = Confined.under(HOUSE, "org.test.A", "dbus send peer=(label=" + A + "),");
        Confined other = a.another();
        assertFalse(calls(a, other));
        a.policy("dbus (send, receive) peer=(label=" + A + "),");
        assertTrue(calls(a, other));
        a.policy("dbus receive peer=(label=" + A + "),");
        assertFalse(calls(a, other));
    }

    @Test
    void broadcast_toAnotherApp_needsTheSendersPolicyTowardsItsLabel() {
        Confined a = Confined.under(HOUSE, "org.test.A", "dbus send peer=(name=org.freedesktop.DBus),\ndeny dbus send member=Changed peer=(label=" + B + "),");
        Confined b = Confined.under(HOUSE, "org.test.B", "dbus receive,");
        Confined same = a.another();
        b.client().match("type='signal'");
        same.client().match("type='signal'");
        RawClient outside = HOUSE.unconfined();
        outside.match("type='signal',member='Changed'");
        assertFalse(broadcasts(a, b));
        assertTrue(a.arrives(outside, Message.signal(null, "/", INTERFACE, "Changed")));
        assertTrue(a.arrives(b.client(), Message.signal(null, "/", INTERFACE, "Other")));
        assertFalse(broadcasts(a, same), "RECEIVE is missing");
        a.policy("dbus send peer=(name=org.freedesktop.DBus),\ndbus receive peer=(label=" + A + "),");
        assertTrue(broadcasts(a, b));
        assertTrue(broadcasts(a, same));
    }

    @Test
    void oneSideUnderAccessRules_isDecidedByThem() {
        Confined a = Confined.under(HOUSE, "org.test.A", "dbus send,");
        RawClient plain = HOUSE.app(rule(AccessFlags.CALL, a.name()));
        plain.match("type='signal'");
        assertTrue(a.arrives(plain, Message.call(plain.uniqueName(), "/", INTERFACE, "Do").flags(Message.NO_REPLY_EXPECTED)), "calls are let in");
        assertFalse(a.arrives(plain, Message.signal(null, "/", INTERFACE, "Changed")), "BROADCAST is missing");
        assertFalse(a.hears(plain, Message.call(a.name(), "/", INTERFACE, "Do").flags(Message.NO_REPLY_EXPECTED)), "RECEIVE is missing");
        a.policy("dbus receive,");
        assertTrue(a.hears(plain, Message.call(a.name(), "/", INTERFACE, "Do").flags(Message.NO_REPLY_EXPECTED)));
        assertFalse(a.hears(plain, Message.signal(a.name(), "/", INTERFACE, "Changed")), "SIGNAL is missing");
    }

    @Test
    void broadcastToAnAppUnderAccessRules_needsTheSendersPolicy() {
        RawClient plain = HOUSE.app(HOUSE.helper().add("org.test.B", rule(AccessFlags.BROADCAST, "")));
        plain.match("type='signal'");
        Confined a = Confined.under(HOUSE, "org.test.A", "dbus send, deny dbus send peer=(label=" + B + "),");
        assertFalse(a.arrives(plain, Message.signal(null, "/", INTERFACE, "Changed")));
        a.policy("dbus send,");
        assertTrue(a.arrives(plain, Message.signal(null, "/", INTERFACE, "Changed")));
    }

    @Test
    void broadcastOfASenderThatHasLeft_needsItsPolicyStill() {
        RawClient plain = HOUSE.app(HOUSE.helper().add("org.test.B", rule(AccessFlags.BROADCAST, "")));
        plain.match("type='signal',interface='" + INTERFACE + "'");
        Confined a = Confined.under(HOUSE, "org.test.A", "dbus send, deny dbus send member=Hidden peer=(label=" + B + "),");
        for (int i = 0; i < 30; i++) {
            RawClient leaving = a.server().connect();
            leaving.send(Message.signal(null, "/", INTERFACE, "Hidden"));
            leaving.send(Message.signal(null, "/", INTERFACE, "Shown"));
            leaving.sync();
            leaving.close();
            plain.awaitSignal("Shown");
        }
        assertFalse(plain.drain().stream().anyMatch(message -> message.is(Message.SIGNAL, "Hidden")));
    }

    @Test
    void nameThatChangesHands_isJudgedByWhoGetsTheMessage() {
        Confined a = Confined.under(HOUSE, "org.test.A", "dbus send peer=(name=org.test.Name), deny dbus send peer=(label=" + B + "),");
        Confined b = Confined.under(HOUSE, "org.test.B", "dbus receive,\ndbus bind,\ndbus send peer=(name=org.freedesktop.DBus),");
        assertFalse(calls(a, b));
        RawClient outside = HOUSE.service("org.test.Name");
        Message call = Message.call("org.test.Name", "/", INTERFACE, "Do").flags(Message.NO_REPLY_EXPECTED);
        assertTrue(a.arrives(outside, call));
        outside.bus("ReleaseName", "s", "org.test.Name");
        b.client().own("org.test.Name");
        assertFalse(a.arrives(b.client(), Message.call("org.test.Name", "/", INTERFACE, "Do").flags(Message.NO_REPLY_EXPECTED)));
        assertEquals(DENIED, a.error(Message.call("org.test.Name", "/", INTERFACE, "Do")));
    }

    @Test
    void broadcastOfASenderThatIsForgotten_doesNotArrive() {
        RawClient slow = HOUSE.app(HOUSE.helper().add("org.test.B", rule(AccessFlags.BROADCAST, "")));
        slow.match("type='signal'");
        Confined a = Confined.under(HOUSE, "org.test.A", "dbus send, deny dbus send peer=(label=" + B + "),");
        for (int i = 0; i < 400; i++) {
            slow.send(Message.call(RawClient.BUS, RawClient.BUS_PATH, "org.freedesktop.DBus.Introspectable", "Introspect"));
        }
        try (RawClient leaves = a.server().connect()) {
            leaves.send(Message.signal(null, "/", INTERFACE, "Changed"));
            leaves.sync();
        }
        for (int i = 0; i < 1100; i++) {
            a.server().connect().close();
        }
        a.client().sync();
        slow.sync();
        assertFalse(slow.drain().stream().anyMatch(message -> message.is(Message.SIGNAL, "Changed")));
    }
}
