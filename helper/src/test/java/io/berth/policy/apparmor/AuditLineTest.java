package io.berth.policy.apparmor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.policy.apparmor.AuditLine.Message;
import io.berth.policy.apparmor.AuditLine.Side;
import org.junit.jupiter.api.Test;

class AuditLineTest {
    private static final Side APP = new Side(1234, "snap.firefox.firefox", "");
    private static final Side SERVICE = new Side(987, "unconfined", "");
    private static final Message CALL = new Message(1, "session", "/org/foo", "org.foo.Bar", "Do", "");

    @Test
    void send_call_isDbusDaemonsLine() {
        assertEquals("apparmor=\"DENIED\" operation=\"dbus_method_call\"  bus=\"session\" path=\"/org/foo\" interface=\"org.foo.Bar\" member=\"Do\""
                + " mask=\"send\" name=\"org.foo\" pid=1234 label=\"snap.firefox.firefox\" peer_pid=987 peer_label=\"unconfined\"",
                AuditLine.send(false, CALL, "org.foo", APP, SERVICE));
    }

    @Test
    void receive_signal_hasTheNameBeforeTheMask() {
        assertEquals("apparmor=\"ALLOWED\" operation=\"dbus_signal\"  bus=\"system\" path=\"/a\" interface=\"i.f\" member=\"S\""
                + " name=\":1.5\" mask=\"receive\" pid=1234 label=\"snap.firefox.firefox\" peer_pid=987 peer_label=\"unconfined\"",
                AuditLine.receive(true, new Message(4, "system", "/a", "i.f", "S", null), ":1.5", SERVICE, APP));
    }

    @Test
    void error_withoutMostOfIt_leavesItOut() {
        assertEquals("apparmor=\"DENIED\" operation=\"dbus_error\"  bus=\"unknown\" error_name=\"e.E\" mask=\"send\" name=\":1.2\""
                + " label=\"a\" peer_label=\"b\" info=\"No such file\" peer_info=\"Permission denied\"",
                AuditLine.send(false, new Message(3, "", "", null, "", "e.E"), ":1.2", new Side(0, "a", "No such file"), new Side(0, "b", "Permission denied")));
    }

    @Test
    void bindAndEavesdrop_areDbusDaemonsLines() {
        assertEquals("apparmor=\"DENIED\" operation=\"dbus_bind\"  bus=\"system\" name=\"org.foo\" mask=\"bind\" pid=1234 label=\"snap.firefox.firefox\"",
                AuditLine.bind(false, "system", "org.foo", APP));
        assertEquals("apparmor=\"DENIED\" operation=\"dbus_eavesdrop\"  bus=\"session\" mask=\"eavesdrop\" pid=1234 label=\"snap.firefox.firefox\"",
                AuditLine.eavesdrop(false, "session", APP));
    }

    @Test
    void value_thatWouldForgeALine_isEscaped() {
        String line = AuditLine.send(false, new Message(1, "session", "/a\"\napparmor=\"ALLOWED", "\\", "ä\u2028", ""), "x", APP, SERVICE);
        assertEquals("apparmor=\"DENIED\" operation=\"dbus_method_call\"  bus=\"session\" path=\"/a\\x22\\x0aapparmor=\\x22ALLOWED\" interface=\"\\x5c\""
                + " member=\"ä\\x2028\" mask=\"send\" name=\"x\" pid=1234 label=\"snap.firefox.firefox\" peer_pid=987 peer_label=\"unconfined\"", line);
    }
}
