package io.berth.tests.policy;

import static io.berth.tests.house.Rules.call;
import static io.berth.tests.policy.Confined.BASE;
import static io.berth.tests.policy.Confined.INTERFACE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Descriptors;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Policies given, changed, replaced and shown while the app runs. */
class LivePolicyTest {
    private static final String NAME = "org.test.Service";
    private static final String INVALID = "org.freedesktop.DBus.Error.InvalidArgs";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse().configured("policySteps = 4096");

    @Test
    void policy_changedBackAndForth_nextMessageIsJudgedAnew() {
        RawClient service = HOUSE.service(NAME);
        Confined app = Confined.under(HOUSE, "org.test.App", "");
        app.client().match("type='signal',interface='" + INTERFACE + "'");
        for (int round = 0; round < 20; round++) {
            assertFalse(app.reaches(service, NAME, "/", "Do"));
            assertFalse(app.hears(service, Message.signal(null, "/", INTERFACE, "Changed")));
            app.policy("dbus send peer=(name=" + NAME + "),");
            assertTrue(app.reaches(service, NAME, "/", "Do"));
            assertFalse(app.hears(service, Message.signal(null, "/", INTERFACE, "Changed")));
            app.policy("dbus receive,");
            assertTrue(app.hears(service, Message.signal(null, "/", INTERFACE, "Changed")));
            HOUSE.helper().setAccess(app.server(), call(NAME));
            assertTrue(app.reaches(service, NAME, "/", "Do"));
            assertFalse(app.hears(service, Message.signal(null, "/", INTERFACE, "Changed")));
            app.policy("");
        }
    }

    @Test
    void broadcastsInTheQueue_afterAChange_areJudgedByTheNewPolicy() {
        RawClient service = HOUSE.service(NAME);
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus receive,");
        app.client().match("type='signal',interface='" + INTERFACE + "'");
        byte[] filling = new byte[32 << 10];
        int sent = 600;
        for (int i = 0; i < sent; i++) {
            service.send(Message.signal(null, "/", INTERFACE, "Changed").body("ay", (Object) filling));
        }
        service.sync();
        app.policy("");
        service.send(Message.signal(null, "/", INTERFACE, "Last"));
        service.sync();
        int serial = app.client().send(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "GetId"));
        app.client().await("the reply behind them", message -> message.replySerial() == serial);
        List<Message> heard = app.client().drainFromPeers();
        assertFalse(heard.stream().anyMatch(message -> message.is(Message.SIGNAL, "Last")));
        assertTrue(heard.size() < sent, "some were still in the queue and were refused, " + heard.size() + " were not");
    }

    @Test
    void ownedName_noLongerBound_isReleased() {
        RawClient outside = HOUSE.unconfined();
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus send peer=(name=org.freedesktop.DBus),\ndbus bind,");
        app.client().own("org.test.Kept");
        app.client().own("org.test.Lost");
        app.policy("dbus bind name=org.test.Kept,");
        Awaitility.await().until(() -> !(Boolean) outside.bus("NameHasOwner", "s", "org.test.Lost").arg());
        assertEquals(app.name(), outside.bus("GetNameOwner", "s", "org.test.Kept").arg());
        HOUSE.helper().setAccess(app.server());
        Awaitility.await().until(() -> !(Boolean) outside.bus("NameHasOwner", "s", "org.test.Kept").arg());
    }

    @Test
    void text_readBack_isWhatWasGiven() {
        String text = "# what the app needs\n@{own}=org.test.{A,B}\n  dbus   send peer=( name=org.freedesktop.DBus ),\n\n#ä\ndbus bind name=@{own},\n";
        ContainerServer server = HOUSE.helper().add("org.test.App", HelperApi.policy(text));
        assertEquals(text, HOUSE.helper().property(server, "Policy"));
        assertEquals(List.of(), HOUSE.helper().rules(server));
        RawClient watcher = HOUSE.unconfined();
        watcher.match("type='signal',member='PropertiesChanged',path='" + server.object() + "'");
        HOUSE.helper().setPolicy(server, BASE);
        @SuppressWarnings("unchecked")
        Map<String, Variant> changed = (Map<String, Variant>) watcher.awaitSignal("PropertiesChanged").args().get(1);
        assertEquals(Map.of("Policy", BASE), Map.of("Policy", changed.get("Policy").value()));
        HOUSE.helper().setAccess(server, call(NAME));
        assertEquals("", HOUSE.helper().property(server, "Policy"));
        assertEquals(List.of(call(NAME)), HOUSE.helper().rules(server));
    }

    @Test
    void badText_isRefusedWithItsPlace_andChangesNothing() {
        ContainerServer server = HOUSE.helper().add("org.test.App", HelperApi.policy(BASE));
        for (String text : List.of("dbus send peer=(name=a),\n  dbus sent,", "", " \n", "dbus send", "dbus bind member=X,", "dbus send path=/{a},", "@{x}=a\ndbus send path=@{y},")) {
            DBusError refused = assertThrows(DBusError.class, () -> HOUSE.helper().setPolicy(server, text), text);
            assertEquals(INVALID, refused.name(), text);
            assertTrue(text.isBlank() || refused.text().matches("(?s)Policy, line \\d+, column \\d+: found .*, expected .*"), refused::getMessage);
        }
        String message = assertThrows(DBusError.class, () -> HOUSE.helper().setPolicy(server, "dbus send,\n  dbus sent,")).text();
        assertTrue(message.startsWith("Policy, line 2, column 8: "), message);
        assertEquals(BASE, HOUSE.helper().property(server, "Policy"));
        assertThrows(DBusError.class, () -> HOUSE.helper().add("org.test.App", HelperApi.policy("dbus sent,")));
        assertEquals(List.of(server.object()), HOUSE.helper().servers());
    }

    @Test
    void accessRules_addedOrRemoved_areRefusedUnderAPolicy() {
        ContainerServer server = HOUSE.helper().add("org.test.App", HelperApi.policy(BASE));
        assertEquals(INVALID, assertThrows(DBusError.class, () -> HOUSE.helper().addAccess(server, call(NAME))).name());
        assertEquals(INVALID, assertThrows(DBusError.class, () -> HOUSE.helper().removeAccess(server, call(NAME))).name());
        assertEquals(BASE, HOUSE.helper().property(server, "Policy"));
    }

    @Test
    void policies_togetherTooLarge_areRefused() {
        ContainerServer first = HOUSE.helper().add("org.test.App", HelperApi.policy(BASE));
        String large = BASE + "dbus send path=/" + "x".repeat(3_960) + ",";
        DBusError refused = assertThrows(DBusError.class, () -> HOUSE.helper().setPolicy(first, large.replace("xxx", "xxxxxx")));
        assertEquals("org.freedesktop.DBus.Error.LimitsExceeded", refused.name());
        assertEquals(BASE, HOUSE.helper().property(first, "Policy"));
        HOUSE.helper().setPolicy(first, large);
        refused = assertThrows(DBusError.class, () -> HOUSE.helper().add("org.test.App", HelperApi.policy(BASE)));
        assertEquals("org.freedesktop.DBus.Error.LimitsExceeded", refused.name());
        HOUSE.helper().setPolicy(first, large.replace("xxxx", "x"));
        HOUSE.helper().add("org.test.App", HelperApi.policy(BASE));
    }

    @Test
    void changesOfOneCaller_sentTogether_endWithTheLast() {
        ContainerServer server = HOUSE.helper().add("org.test.App", HelperApi.policy(BASE));
        RawClient caller = HOUSE.unconfined();
        StringBuilder slow = new StringBuilder(BASE);
        for (int i = 0; i < 300; i++) {
            slow.append("dbus send peer=(name=org.test.N),\n");
        }
        for (int round = 0; round < 10; round++) {
            caller.sendTogether(HelperApi.call("SetContainerPolicy").body("os", server.object(), slow.toString()),
                    HelperApi.call("SetContainerAccess").body("oa(usos)", server.object(), HelperApi.structs(call(NAME))));
            awaitAnswers(caller, 2);
            assertEquals("", HOUSE.helper().property(server, "Policy"));
            caller.sendTogether(HelperApi.call("SetContainerAccess").body("oa(usos)", server.object(), HelperApi.structs(call(NAME))),
                    HelperApi.call("SetContainerPolicy").body("os", server.object(), slow.toString()),
                    HelperApi.call("SetContainerPolicy").body("os", server.object(), BASE));
            awaitAnswers(caller, 3);
            assertEquals(BASE, HOUSE.helper().property(server, "Policy"));
        }
    }

    private static void awaitAnswers(RawClient caller, int count) {
        for (int i = 0; i < count; i++) {
            caller.await("an answer", message -> message.replySerial() != 0);
        }
    }

    @Test
    void fileDescriptors_passBothWays() {
        RawClient service = HOUSE.service(NAME);
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus (send, receive),");
        int[] pipe = Descriptors.pipe();
        int serial = app.client().send(Message.call(NAME, "/", INTERFACE, "Do").body("h", 0).fds(pipe[0]));
        Message arrived = service.awaitCall("Do");
        assertEquals(1, arrived.fds().length);
        service.send(Message.reply(arrived.sender(), arrived.serial()).body("h", 0).fds(pipe[1]));
        Message reply = app.client().await("reply", message -> message.replySerial() == serial);
        assertEquals(1, reply.fds().length);
        service.send(Message.call(app.name(), "/", INTERFACE, "Take").flags(Message.NO_REPLY_EXPECTED).body("h", 0).fds(pipe[1]));
        Message taken = app.client().awaitCall("Take");
        assertEquals(1, taken.fds().length);
        Descriptors.close(pipe[0], pipe[1], arrived.fds()[0], reply.fds()[0], taken.fds()[0]);
    }

    @Test
    void complainMode_letsPassWhatWouldBeDenied_andNothingThatNeverIs() {
        RawClient service = HOUSE.service(NAME);
        Confined app = Confined.under(HOUSE, "org.test.App", "");
        assertFalse(app.reaches(service, NAME, "/", "Do"));
        HOUSE.helper().setMode(app.server(), "complain");
        assertTrue(app.reaches(service, NAME, "/", "Do"));
        assertTrue(app.hears(service, Message.call(app.name(), "/", INTERFACE, "Do").flags(Message.NO_REPLY_EXPECTED)));
        app.client().own("org.test.Mine");
        assertEquals(Confined.DENIED, app.error(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "RequestName").body("su", "io.berth.X", 0)));
        HOUSE.helper().setMode(app.server(), "enforce");
        assertFalse(app.reaches(service, NAME, "/", "Do"));
        Awaitility.await().until(() -> !(Boolean) service.bus("NameHasOwner", "s", "org.test.Mine").arg());
    }

    /** The house counts what is left. */
    @Test
    void serverWithFds_whosePolicyHasNoRoom_leavesNone() {
        String policy = BASE + "dbus send path=/" + "x".repeat(8_000) + ",";
        int[] pipe = Descriptors.pipe();
        DBusError refusal = assertThrows(DBusError.class, () -> HOUSE.helper().add("org.test.App", HelperApi.policy(policy,
                "CloseNotification", new Variant("h", 0)), pipe[0]));
        Descriptors.close(pipe);
        assertEquals("org.freedesktop.DBus.Error.LimitsExceeded", refusal.name());
    }
}
