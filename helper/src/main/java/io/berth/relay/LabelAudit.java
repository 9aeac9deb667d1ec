package io.berth.relay;

import io.berth.api.AuditRecord;
import io.berth.policy.LabelPolicy;
import io.berth.policy.apparmor.AuditLine;
import io.berth.policy.apparmor.Permission;
import io.berth.policy.apparmor.RuleSuggestion;
import io.berth.policy.apparmor.RuleVerdict;
import io.berth.wire.MessageHeader;
import java.nio.charset.StandardCharsets;

/** Tells what the label policy of one connection has decided: dbus-daemon's line, a record, and the error. Loop thread. */
final class LabelAudit {
    private final ConfinedConnection connection;
    private final LabelPolicy policy;
    private final String bus;

    LabelAudit(ConfinedConnection connection, LabelPolicy policy) {
        this.connection = connection;
        this.policy = policy;
        this.bus = connection.view().type();
    }

    /** @param process of the recipient, 0 when unknown */
    void send(RuleVerdict verdict, boolean passes, MessageHeader header, byte[][] theirs, int process) {
        // dbus-daemon calls the other side of a broadcast so
        String name = header.has(MessageHeader.DESTINATION) ? header.text(MessageHeader.DESTINATION) : Bus.NAME;
        Refusal refusal = Refusal.labelled(header, false, header.text(MessageHeader.DESTINATION), why(verdict, "send to " + name, theirs),
                () -> suggestion(verdict, Permission.SEND, header, name, theirs));
        connection.server().audit(connection, header, refusal, word(verdict, passes),
                () -> AuditLine.send(passes, message(header), name, ruled(), new AuditLine.Side(process, label(theirs), "")));
    }

    /** @param process of the sender, 0 when unknown */
    void receive(RuleVerdict verdict, boolean passes, MessageHeader header, byte[][] theirs, int process) {
        String name = header.text(MessageHeader.SENDER);
        Refusal refusal = Refusal.labelled(header, true, name, why(verdict, "receive from " + name, theirs),
                () -> suggestion(verdict, Permission.RECEIVE, header, name, theirs));
        connection.server().audit(connection, header, refusal, word(verdict, passes),
                () -> AuditLine.receive(passes, message(header), name, new AuditLine.Side(process, label(theirs), ""), ruled()));
    }

    void bind(RuleVerdict verdict, boolean passes, MessageHeader header, String name) {
        Refusal refusal = Refusal.driver("own", name, verdict.isDeniedByRule() ? "a deny rule of the policy: bind " + name
                : verdict.allow() ? "an audit rule of the policy: bind " + name : "no rule of the policy allows to bind " + name,
                () -> verdict.isDeniedByRule() || verdict.allow() ? "" : RuleSuggestion.bind(policy.dialect(), bus, name), null);
        connection.server().audit(connection, header, refusal, word(verdict, passes), () -> AuditLine.bind(passes, bus, name, ruled()));
    }

    private static String word(RuleVerdict verdict, boolean passes) {
        return verdict.allow() ? AuditRecord.AUDITED : passes ? "allowed" : "denied";
    }

    private AuditLine.Message message(MessageHeader header) {
        return new AuditLine.Message(header.type(), bus, header.text(MessageHeader.PATH), header.text(MessageHeader.INTERFACE),
                header.text(MessageHeader.MEMBER), header.text(MessageHeader.ERROR_NAME));
    }

    private AuditLine.Side ruled() {
        return new AuditLine.Side(connection.credentials().pid(), policy.label(), "");
    }

    private static String label(byte[][] theirs) {
        return theirs.length == 0 ? "" : new String(theirs[0], StandardCharsets.UTF_8);
    }

    private static String why(RuleVerdict verdict, String what, byte[][] theirs) {
        String whole = what + " with label «" + label(theirs) + "»";
        return verdict.isDeniedByRule() ? "a deny rule of the policy: " + whole
                : verdict.allow() ? "an audit rule of the policy: " + whole : "no rule of the policy allows to " + whole;
    }

    private String suggestion(RuleVerdict verdict, Permission permission, MessageHeader header, String name, byte[][] theirs) {
        if (verdict.allow() || verdict.isDeniedByRule() || theirs.length == 0) {
            return "";
        }
        return RuleSuggestion.message(policy.dialect(), permission, bus, header.text(MessageHeader.PATH), header.text(MessageHeader.INTERFACE),
                header.text(MessageHeader.MEMBER), name.startsWith(":") ? "" : name, label(theirs));
    }

    /** As dbus-daemon begins it (bus/apparmor.c), with what it says about the message. */
    static Answer denied(MessageHeader header, String sender) {
        return Answer.accessDenied("An AppArmor policy prevents this sender from sending this message to this recipient; type=\""
                + Refusal.operation(header) + "\", sender=\"" + sender + "\" interface=\"" + orUnset(header, MessageHeader.INTERFACE) + "\" member=\""
                + orUnset(header, MessageHeader.MEMBER) + "\" error name=\"" + orUnset(header, MessageHeader.ERROR_NAME)
                + "\" requested_reply=\"0\" destination=\"" + orUnset(header, MessageHeader.DESTINATION) + "\"");
    }

    private static String orUnset(MessageHeader header, int field) {
        return header.has(field) ? header.text(field) : "(unset)";
    }

    /** As dbus-daemon says it (bus/services.c). */
    static Answer deniedName(String name, String owner) {
        return Answer.accessDenied("Connection \"" + owner + "\" is not allowed to own the service \"" + name + "\" due to AppArmor policy");
    }
}
