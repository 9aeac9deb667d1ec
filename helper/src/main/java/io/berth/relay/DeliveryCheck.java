package io.berth.relay;

import io.berth.policy.AccessPolicy;
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
    private final byte[] bus;

    DeliveryCheck(ConfinedConnection recipient) {
        this.recipient = recipient;
        this.labels = recipient.view().labels();
        this.bus = Peer.bytes(recipient.view().type());
    }

    /** Whether the sender's policy does not let this recipient have it; what complain mode lets pass is told, and is not forbidden. */
    boolean isForbidden(MessageHeader header) {
        if (!labels.arePoliciesThere() || isToUniqueName(header)) {
            return false;
        }
        if (isUnknown(header)) {
            // a new one that the bus has not told of yet; or one that left so long ago that its policy is forgotten
            recipient.view().catchUp();
            if (isUnknown(header)) {
                return true;
            }
        }
        Peer sender = recipient.owners().find(header, MessageHeader.SENDER);
        if (sender == null) {
            return isForbiddenToDeparted(header);
        }
        ConfinedConnection confined = sender.confined();
        LabelPolicy policy = confined == null ? null : confined.policy().labels();
        RuleVerdict verdict = policy == null ? null : ask(policy, header);
        if (verdict == null || verdict.allow()) {
            return false;
        }
        tell(confined, policy, verdict, header);
        return !confined.policy().complains();
    }

    /** By the rules that were in force when the sender left; when there are none any more, nothing shows that it may. */
    private boolean isForbiddenToDeparted(MessageHeader header) {
        PeerLabels.Departed departed = labels.departed(header.text(MessageHeader.SENDER));
        if (departed == null || departed.rules() == null) {
            return false;
        }
        AccessPolicy rules = departed.rules().get();
        return rules == null || rules.labels() != null && !rules.complains() && !ask(rules.labels(), header).allow();
    }

    private RuleVerdict ask(LabelPolicy policy, MessageHeader header) {
        Peer self = recipient.owners().find(recipient.uniqueName());
        return policy.check(Permission.SEND, bus, header, MessageHeader.DESTINATION,
                self == null ? PeerLabels.UNKNOWN : self.ownedNames(), recipient.labels());
    }

    private void tell(ConfinedConnection sender, LabelPolicy policy, RuleVerdict verdict, MessageHeader header) {
        boolean complains = sender.policy().complains();
        if (!complains) {
            sender.server().countDenied();
        }
        if (verdict.audit()) {
            new LabelAudit(sender, policy).send(verdict, complains, header, recipient.labels(), recipient.credentials().pid());
        }
    }

    private boolean isUnknown(MessageHeader header) {
        return recipient.owners().find(header, MessageHeader.SENDER) == null && labels.departed(header.text(MessageHeader.SENDER)) == null;
    }

    private static boolean isToUniqueName(MessageHeader header) {
        return header.has(MessageHeader.DESTINATION) && header.bytes()[header.start(MessageHeader.DESTINATION)] == ':';
    }
}
