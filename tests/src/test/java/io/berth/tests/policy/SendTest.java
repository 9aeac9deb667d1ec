package io.berth.tests.policy;

import static io.berth.tests.policy.Confined.DENIED;
import static io.berth.tests.policy.Confined.INTERFACE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.EchoService;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an app under a policy says: the policy's SEND and BIND decide, and nothing beside what is never allowed. */
class SendTest {
    private static final String NAME = "org.test.Service";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @Test
    void call_comparedByEveryField_passesOnlyWhatFits() {
        RawClient service = HOUSE.service(NAME);
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus send bus=session path=/a/** interface=org.test.I member=Do* peer=(name=" + NAME + "),");
        assertTrue(app.reaches(service, NAME, "/a/b", "DoIt"));
        assertFalse(app.reaches(service, NAME, "/b/b", "DoIt"));
        assertFalse(app.reaches(service, NAME, "/a/b", "Undo"));
        assertFalse(app.arrives(service, Message.call(NAME, "/a/b", "org.test.J", "DoIt").flags(Message.NO_REPLY_EXPECTED)));
        assertFalse(app.arrives(service, Message.call(NAME, "/a/b", null, "DoIt").flags(Message.NO_REPLY_EXPECTED)));
        app.policy("dbus send bus=system peer=(name=" + NAME + "),");
        assertFalse(app.reaches(service, NAME, "/a/b", "DoIt"));
    }

    @Test
    void name_inARule_isTheTextOfTheHeader() {
        RawClient service = HOUSE.service(NAME);
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus send peer=(name=" + NAME + "),");
        assertTrue(app.reaches(service, NAME, "/", "Do"));
        assertFalse(app.reaches(service, service.uniqueName(), "/", "Do"));
        service.own("org.test.Alias");
        assertFalse(app.reaches(service, "org.test.Alias", "/", "Do"));
        app.policy("dbus send peer=(name=\":1.*\"),");
        assertFalse(app.reaches(service, NAME, "/", "Do"));
        assertTrue(app.reaches(service, service.uniqueName(), "/", "Do"));
    }

    @Test
    void label_ofAnUnconfinedPeer_isUnconfined() {
        RawClient service = HOUSE.service(NAME);
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus send peer=(label=unconfined),");
        assertTrue(app.reaches(service, NAME, "/", "Do"));
        app.policy("dbus send peer=(label=/usr/bin/*),");
        assertFalse(app.reaches(service, NAME, "/", "Do"));
        app.policy("dbus send, deny dbus send peer=(label=unconfined name=" + NAME + "),");
        assertFalse(app.reaches(service, NAME, "/", "Do"));
        assertTrue(app.reaches(service, service.uniqueName(), "/", "Do"));
    }

    @Test
    void refusedCall_answered_hasDbusDaemonsErrorInItsPlace() {
        try (EchoService echo = new EchoService(HOUSE.bus(), NAME)) {
            Confined app = Confined.under(HOUSE, "org.test.App", "dbus send member=Do,");
            app.client().sendTogether(Message.call(NAME, "/", INTERFACE, "Do").body("s", "1"), Message.call(NAME, "/", INTERFACE, "Dont"),
                    Message.call(NAME, "/", INTERFACE, "Do").body("s", "2"));
            List<Message> answers = List.of(app.client().next(), app.client().next(), app.client().next()).stream()
                    .filter(message -> message.replySerial() != 0).toList();
            List<String> what = answers.stream().map(message -> message.type() == Message.ERROR ? message.errorName() : (String) message.arg()).toList();
            assertTrue(what.contains(DENIED), what.toString());
            Message refused = answers.stream().filter(message -> message.type() == Message.ERROR).findFirst().orElseThrow();
            assertEquals("org.freedesktop.DBus", refused.sender());
            assertEquals("An AppArmor policy prevents this sender from sending this message to this recipient; type=\"method_call\", sender=\""
                    + app.name() + "\" interface=\"org.test.I\" member=\"Dont\" error name=\"(unset)\" requested_reply=\"0\" destination=\"" + NAME + "\"",
                    refused.arg());
        }
    }

    @Test
    void unicastSignal_isJudgedAsACallIs() {
        RawClient service = HOUSE.service(NAME);
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus send member=Changed peer=(name=" + NAME + "),");
        assertTrue(app.arrives(service, Message.signal(NAME, "/", INTERFACE, "Changed")));
        assertFalse(app.arrives(service, Message.signal(NAME, "/", INTERFACE, "Other")));
        assertFalse(app.arrives(service, Message.signal(service.uniqueName(), "/", INTERFACE, "Changed")));
    }

    @Test
    void broadcast_isSentToTheBusDriversName() {
        RawClient listener = HOUSE.unconfined();
        listener.match("type='signal',interface='" + INTERFACE + "'");
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus send path=/a peer=(name=org.freedesktop.DBus),");
        assertTrue(app.arrives(listener, Message.signal(null, "/a", INTERFACE, "Changed")));
        assertFalse(app.arrives(listener, Message.signal(null, "/b", INTERFACE, "Changed")));
        app.policy("dbus send path=/a peer=(name=org.test.*),");
        assertFalse(app.arrives(listener, Message.signal(null, "/a", INTERFACE, "Changed")));
    }

    @Test
    void driver_askedWhatNoRuleAllows_refuses() {
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus send member=NameHasOwner peer=(name=org.freedesktop.DBus),");
        assertEquals("none", app.error(driver("NameHasOwner").body("s", NAME)));
        assertEquals(DENIED, app.error(driver("ListNames")));
        assertEquals(DENIED, app.error(driver("RequestName").body("su", NAME, 0)));
    }

    private static Message driver(String member) {
        return Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, member);
    }

    @Test
    void hello_thatNoRuleAllows_isRefusedUntilTheyDo() {
        var server = HOUSE.helper().add("org.test.App", HelperApi.policy("dbus send peer=(name=org.test.Other),"));
        RawClient client = HOUSE.keep(RawClient.open(server.socket()));
        client.authenticate();
        for (int i = 0; i < 3; i++) {
            assertEquals(DENIED, client.answer(driver("Hello")).errorName());
        }
        assertEquals(List.of(), HOUSE.helper().property(server, "Connections"));
        HOUSE.helper().setPolicy(server, Confined.BASE);
        assertTrue(client.hello().startsWith(":"));
        client.sync();
    }

    @Test
    void nothing_isHiddenFromAnApp_thatMayAsk() {
        RawClient service = HOUSE.service(NAME);
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus send peer=(name=org.freedesktop.DBus),");
        assertTrue(((List<?>) app.client().bus("ListNames").arg()).containsAll(List.of(NAME, service.uniqueName())));
        assertEquals(service.uniqueName(), app.client().bus("GetNameOwner", "s", NAME).arg());
        app.client().match("type='signal',member='NameOwnerChanged'");
        RawClient other = HOUSE.service("org.test.Another");
        Message told = app.client().await("name", message -> message.is(Message.SIGNAL, "NameOwnerChanged") && "org.test.Another".equals(message.arg()));
        assertEquals(List.of("org.test.Another", "", other.uniqueName()), told.args());
    }

    @Test
    void owning_needsBind() {
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus send peer=(name=org.freedesktop.DBus),\ndbus bind bus=session name=org.test.Mine.*,");
        assertEquals("none", app.error(driver("RequestName").body("su", "org.test.Mine.A", 4)));
        Message refused = app.client().answer(driver("RequestName").body("su", "org.test.Theirs", 4));
        assertEquals("Connection \"" + app.name() + "\" is not allowed to own the service \"org.test.Theirs\" due to AppArmor policy", refused.arg());
        assertEquals(2L, app.client().bus("ReleaseName", "s", "org.test.Theirs").arg(), "no such name");
        assertEquals(DENIED, app.error(driver("RequestName").body("su", "io.berth.Helper1", 4)));
    }

    @Test
    void whatIsNeverAllowed_staysSo() {
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus,");
        assertEquals(DENIED, app.error(Message.call(RawClient.BUS, RawClient.BUS_PATH, "org.freedesktop.DBus.Monitoring", "BecomeMonitor").body("asu", List.of(), 0)));
        assertEquals(DENIED, app.error(Message.call(RawClient.BUS, RawClient.BUS_PATH, null, "BecomeMonitor").body("asu", List.of(), 0)));
        assertEquals(DENIED, app.error(driver("AddMatch").body("s", "eavesdrop=true")));
        assertEquals(DENIED, app.error(driver("UpdateActivationEnvironment").body("a{ss}", java.util.Map.of())));
        assertEquals(DENIED, app.error(Message.call(RawClient.BUS, RawClient.BUS_PATH, "org.freedesktop.DBus.Debug.Stats", "GetStats")));
        assertEquals(DENIED, app.error(driver("RequestName").body("su", "io.berth.Helper1", 0)));
        assertEquals(DENIED, app.error(HelperApi.call("RemoveContainerServer").body("o", app.server().object())));
        assertEquals("none", app.error(HelperApi.call("GetConnectionInstance").body("s", app.name())));
        RawClient host = HOUSE.service("org.freedesktop.systemd1");
        RawClient service = HOUSE.service(NAME);
        assertFalse(app.reaches(host, "org.freedesktop.systemd1", "/", "Do"));
        assertFalse(app.reaches(host, host.uniqueName(), "/", "Do"));
        assertEquals(DENIED, app.error(driver("StartServiceByName").body("su", "org.freedesktop.systemd1", 0)));
        assertEquals(DENIED, app.error(Message.call(NAME, "/", "org.freedesktop.host.portal.Registry", "Register")));
        assertTrue(app.reaches(service, NAME, "/", "Do"));
    }

    @Test
    void hostEscape_allowedByTheServer_isThePolicysToDecide() {
        RawClient host = HOUSE.service("org.freedesktop.systemd1");
        Confined app = Confined.under(HOUSE, "dbus send member=Do,", "AllowHostEscape", Variant.of(true));
        assertTrue(app.reaches(host, "org.freedesktop.systemd1", "/", "Do"));
        assertFalse(app.reaches(host, "org.freedesktop.systemd1", "/", "Dont"));
    }

    @Test
    void nameWithoutOwner_isLabelledEmpty_andMayTurnOutUnconfined() {
        Confined app = Confined.under(HOUSE, "org.test.App", "dbus send peer=(name=org.test.Nobody),");
        Message call = Message.call("org.test.Nobody", "/", INTERFACE, "Do");
        assertEquals("org.freedesktop.DBus.Error.ServiceUnknown", app.error(call));
        for (String rules : List.of("dbus send peer=(name=org.test.Nobody label=unconfined),",
                "dbus send peer=(name=org.test.Nobody), deny dbus send peer=(label=unconfined),", "dbus send peer=(name=org.test.Other),")) {
            app.policy(rules);
            assertEquals(DENIED, app.error(Message.call("org.test.Nobody", "/", INTERFACE, "Do")), rules);
        }
    }

    @Test
    void proposalOf2011_comparesEveryNameThatThePeerOwns() {
        RawClient service = HOUSE.service(NAME);
        Confined app = Confined.with(HOUSE, "org.test.App", HelperApi.policy("dbus org.freedesktop.DBus send,\ndbus session " + NAME + " method=Do send,"));
        assertTrue(app.reaches(service, NAME, "/", "Do"));
        assertTrue(app.reaches(service, service.uniqueName(), "/", "Do"));
        assertFalse(app.reaches(service, service.uniqueName(), "/", "Dont"));
        service.own("org.test.Alias");
        assertTrue(app.reaches(service, "org.test.Alias", "/", "Do"));
        RawClient other = HOUSE.unconfined();
        assertFalse(app.reaches(other, other.uniqueName(), "/", "Do"));
        service.bus("ReleaseName", "s", NAME);
        assertFalse(app.reaches(service, "org.test.Alias", "/", "Do"));
    }
}
