package io.berth.relay;

import io.berth.policy.LabelPolicy;
import io.berth.policy.apparmor.Permission;
import io.berth.policy.apparmor.RuleVerdict;
import io.berth.wire.MessageHeader;

/**
 * Asks the label policy of a confined sender once more where its message arrives at another confined connection: only here is
 * known who hears a broadcast, and who got what was sent to a well-known name, which may have been nobody's then. Loop thread.
 */
final class DeliveryCheck {
    private final ConfinedConnection recipient;
    private final PeerLabels labels;

    DeliveryCheck(ConfinedConnection recipient) {
        this.recipient = recipient;
        this.labels = recipient.view().labels();
    }

    /** Whether the sender's policy does not let this recipient have it; what complain mode lets pass is told, and is not forbidden. */
    boolean isForbidden(MessageHeader header) {
        if (!labels.arePoliciesThere() || isToUniqueName(header)) {
            return false;
        }
        Peer sender = recipient.owners().find(header, MessageHeader.SENDER);
        ConfinedConnection confined = sender == null ? null : sender.confined();
        RelayServer server = confined == null ? serverOfDeparted(sender, header) : confined.server();
        LabelPolicy policy = server == null ? null : server.routes().policy().labels();
        if (policy == null) {
            return false;
        }
        Peer self = recipient.owners().find(recipient.uniqueName());
        RuleVerdict verdict = policy.check(Permission.SEND, Peer.bytes(recipient.view().type()), header, MessageHeader.DESTINATION,
                self == null ? PeerLabels.UNKNOWN : self.ownedNames(), recipient.labels());
        if (verdict.allow()) {
            return false;
        }
        boolean complains = server.routes().policy().complains();
        if (!complains) {
            server.countDenied();
        }
        if (verdict.audit() && confined != null) {
            new LabelAudit(confined, policy).send(verdict, complains, header, recipient.labels(), recipient.credentials().pid());
        }
        return !complains;
    }

    private static boolean isToUniqueName(MessageHeader header) {
        return header.has(MessageHeader.DESTINATION) && header.bytes()[header.start(MessageHeader.DESTINATION)] == ':';
    }

    private RelayServer serverOfDeparted(Peer sender, MessageHeader header) {
        PeerLabels.Departed departed = sender == null ? labels.departed(header.text(MessageHeader.SENDER)) : null;
        return departed == null ? null : departed.server();
    }
}
