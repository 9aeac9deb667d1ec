package io.berth.tests.policy;

import static io.berth.tests.policy.Confined.INTERFACE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What verdicts of a policy leave behind: dbus-daemon's lines, in the signal and in the log, where they are due. */
class PolicyAuditTest {
    private static final String NAME = "org.test.Service";
    private static final String LABEL = "berth//org.test.Sandbox//org.test.App";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private RawClient service;
    private RawClient watcher;

    @BeforeEach
    void watch() {
        service = HOUSE.service(NAME);
        watcher = HOUSE.unconfined();
        watcher.match("type='signal',interface='io.berth.Server1',member='Audit'");
    }

    private static String pid(Confined app) {
        return "pid=" + ProcessHandle.current().pid() + " label=\"" + LABEL + "\"";
    }

    /** The next record, which must have this line; the log has it too, as a line that ends so. */
    @SuppressWarnings("unchecked")
    private Map<String, Variant> expect(String line) {
        Map<String, Variant> record = (Map<String, Variant>) watcher.awaitSignal("Audit").arg();
        assertEquals(line, record.get("Line").value());
        Awaitility.await().until(() -> HOUSE.daemon().program().errors().lines().anyMatch(logged -> logged.endsWith(line)));
        return record;
    }

    private void expectNothing(Confined app) {
        app.client().answer(Message.call(NAME, "/end", INTERFACE, "End"));
        expect("apparmor=\"DENIED\" operation=\"dbus_method_call\"  bus=\"session\" path=\"/end\" interface=\"org.test.I\" member=\"End\""
                + " mask=\"send\" name=\"" + NAME + "\" " + pid(app) + " peer_label=\"unconfined\"");
    }

    @Test
    void deniedMessages_areToldInDbusDaemonsWords() {
        Confined app = Confined.under(HOUSE, "org.test.App", "");
        app.client().send(Message.call(NAME, "/a", INTERFACE, "Do"));
        Map<String, Variant> record = expect("apparmor=\"DENIED\" operation=\"dbus_method_call\"  bus=\"session\" path=\"/a\" interface=\"org.test.I\" member=\"Do\""
                + " mask=\"send\" name=\"" + NAME + "\" " + pid(app) + " peer_label=\"unconfined\"");
        assertEquals("denied", record.get("Verdict").value());
        assertEquals("dbus send bus=session path=/a interface=org.test.I member=Do peer=(name=org.test.Service, label=unconfined),", record.get("Suggestion").value());
        app.client().send(Message.signal(null, "/a", INTERFACE, "Changed"));
        expect("apparmor=\"DENIED\" operation=\"dbus_signal\"  bus=\"session\" path=\"/a\" interface=\"org.test.I\" member=\"Changed\""
                + " mask=\"send\" name=\"org.freedesktop.DBus\" " + pid(app) + " peer_label=\"unconfined\"");
        service.send(Message.signal(app.name(), "/a", INTERFACE, "Changed"));
        record = expect("apparmor=\"DENIED\" operation=\"dbus_signal\"  bus=\"session\" path=\"/a\" interface=\"org.test.I\" member=\"Changed\""
                + " name=\"" + service.uniqueName() + "\" mask=\"receive\" " + pid(app) + " peer_label=\"unconfined\"");
        assertEquals("incoming", record.get("Direction").value());
        app.policy("dbus send peer=(name=org.freedesktop.DBus),");
        app.client().answer(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "RequestName").body("su", "org.test.Mine", 0));
        record = expect("apparmor=\"DENIED\" operation=\"dbus_bind\"  bus=\"session\" name=\"org.test.Mine\" mask=\"bind\" " + pid(app));
        assertEquals("dbus bind bus=session name=org.test.Mine,", record.get("Suggestion").value());
        assertEquals(4L, HOUSE.helper().property(app.server(), "MessagesDenied"));
    }

    @Test
    void suggestion_addedToThePolicy_allowsJustThat() {
        Confined app = Confined.under(HOUSE, "org.test.App", "");
        app.client().send(Message.call(NAME, "/a", INTERFACE, "Do"));
        @SuppressWarnings("unchecked")
        Map<String, Variant> record = (Map<String, Variant>) watcher.awaitSignal("Audit").arg();
        app.policy((String) record.get("Suggestion").value());
        assertTrue(app.reaches(service, NAME, "/a", "Do"));
        assertFalse(app.reaches(service, NAME, "/a", "Dont"));
    }

    @Test
    void hello_denied_isToldBeforeThereIsAName() {
        var server = HOUSE.helper().add("org.test.App", HelperApi.policy("dbus bind,"));
        RawClient client = HOUSE.keep(RawClient.open(server.socket()));
        client.authenticate();
        client.answer(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "Hello"));
        expect("apparmor=\"DENIED\" operation=\"dbus_method_call\"  bus=\"session\" path=\"/org/freedesktop/DBus\" interface=\"org.freedesktop.DBus\""
                + " member=\"Hello\" mask=\"send\" name=\"org.freedesktop.DBus\" " + pid(null) + " peer_label=\"unconfined\"");
    }

    @Test
    void otherApp_isToldWithLabelAndProcess() {
        Confined app = Confined.under(HOUSE, "org.test.App", "");
        Confined other = Confined.under(HOUSE, "org.test.Other", "");
        app.client().send(Message.call(other.name(), "/a", INTERFACE, "Do"));
        expect("apparmor=\"DENIED\" operation=\"dbus_method_call\"  bus=\"session\" path=\"/a\" interface=\"org.test.I\" member=\"Do\""
                + " mask=\"send\" name=\"" + other.name() + "\" " + pid(app) + " peer_pid=" + ProcessHandle.current().pid()
                + " peer_label=\"berth//org.test.Sandbox//org.test.Other\"");
    }

    @Test
    void denyRules_areQuiet_unlessAskedToAudit() {
        Confined app = Confined.under(HOUSE, "org.test.App", "deny dbus send member=Quiet, audit deny dbus send member=Loud,");
        assertFalse(app.reaches(service, NAME, "/a", "Quiet"));
        assertFalse(app.reaches(service, NAME, "/a", "Loud"));
        Map<String, Variant> record = expect("apparmor=\"DENIED\" operation=\"dbus_method_call\"  bus=\"session\" path=\"/a\" interface=\"org.test.I\" member=\"Loud\""
                + " mask=\"send\" name=\"" + NAME + "\" " + pid(app) + " peer_label=\"unconfined\"");
        assertEquals("", record.get("Suggestion").value());
        assertEquals(2L, HOUSE.helper().property(app.server(), "MessagesDenied"));
        expectNothing(app);
    }

    @Test
    void auditRules_tellWhatTheyAllow() {
        Confined app = Confined.under(HOUSE, "org.test.App", "audit dbus send member=Loud, dbus send member=Silent, audit dbus receive member=Heard,");
        assertTrue(app.reaches(service, NAME, "/a", "Silent"));
        assertTrue(app.reaches(service, NAME, "/a", "Loud"));
        Map<String, Variant> record = expect("apparmor=\"ALLOWED\" operation=\"dbus_method_call\"  bus=\"session\" path=\"/a\" interface=\"org.test.I\" member=\"Loud\""
                + " mask=\"send\" name=\"" + NAME + "\" " + pid(app) + " peer_label=\"unconfined\"");
        assertEquals("audited", record.get("Verdict").value());
        assertTrue(app.hears(service, Message.call(app.name(), "/a", INTERFACE, "Heard").flags(Message.NO_REPLY_EXPECTED)));
        expect("apparmor=\"ALLOWED\" operation=\"dbus_method_call\"  bus=\"session\" path=\"/a\" interface=\"org.test.I\" member=\"Heard\""
                + " name=\"" + service.uniqueName() + "\" mask=\"receive\" " + pid(app) + " peer_label=\"unconfined\"");
        expectNothing(app);
    }

    @Test
    void complainMode_saysAllowed_andStaysSilentAboutDenyRules() {
        Confined app = Confined.under(HOUSE, "deny dbus send member=Quiet, audit deny dbus send member=Loud,", "Mode", Variant.of("complain"));
        assertTrue(app.reaches(service, NAME, "/a", "Quiet"));
        List<String> members = new ArrayList<>();
        for (String member : List.of("Loud", "Missing")) {
            assertTrue(app.reaches(service, NAME, "/a", member));
            Map<String, Variant> record = expect("apparmor=\"ALLOWED\" operation=\"dbus_method_call\"  bus=\"session\" path=\"/a\" interface=\"org.test.I\" member=\""
                    + member + "\" mask=\"send\" name=\"" + NAME + "\" " + pid(app) + " peer_label=\"unconfined\"");
            assertEquals("allowed", record.get("Verdict").value());
            members.add(member);
        }
        assertEquals(List.of("Loud", "Missing"), members);
        assertEquals(0L, HOUSE.helper().property(app.server(), "MessagesDenied"));
    }

    @Test
    void whatAnAppWrites_cannotForgeALine() {
        Confined app = Confined.under(HOUSE, "org.test.App", "");
        String forged = "/a\" label=\"unconfined\"\napparmor=\"ALLOWED\" operation=\"dbus_bind\"";
        app.client().answer(Message.call(NAME, forged, "i\"\u2028", "m\\\r"));
        expect("apparmor=\"DENIED\" operation=\"dbus_method_call\"  bus=\"session\" path=\"/a\\x22 label=\\x22unconfined\\x22\\x0aapparmor=\\x22ALLOWED\\x22"
                + " operation=\\x22dbus_bind\\x22\" interface=\"i\\x22\\x2028\" member=\"m\\x5c\\x0d\" mask=\"send\" name=\"" + NAME + "\" " + pid(app)
                + " peer_label=\"unconfined\"");
        app.client().answer(Message.call(NAME, "/" + "x".repeat(100_000), INTERFACE, "Long"));
        @SuppressWarnings("unchecked")
        Map<String, Variant> record = (Map<String, Variant>) watcher.awaitSignal("Audit").arg();
        assertTrue(((String) record.get("Line").value()).length() <= 4096);
    }
}
