package io.berth.relay;

import io.berth.policy.LabelPolicy;
import io.berth.wire.MessageHeader;

/**
 * What a label policy says of what one connection says and hears; chosen anew with every change of its server's rules. Every
 * answer is null where the message may pass. Replies that were asked for, and what the bus driver says, are not asked about.
 */
interface LabelMediation {
    /** Of a server without a label policy: its access rules decide alone. */
    LabelMediation NONE = new LabelMediation() {
        @Override
        public Flow.Decision send(MessageHeader header) {
            return null;
        }

        @Override
        public Flow.Decision bind(MessageHeader header, String name) {
            return null;
        }

        @Override
        public boolean mayKeep(String name) {
            return true;
        }

        @Override
        public Flow.Decision receive(MessageHeader header) {
            return null;
        }
    };

    static LabelMediation of(ConfinedConnection connection, OutgoingJudge outgoing) {
        LabelPolicy policy = connection.policy().labels();
        return policy == null ? NONE : new PolicyMediation(connection, outgoing, policy);
    }

    /** A call or signal of the app's. @return HOLD, or what {@link OutgoingJudge#answer} has made of it */
    Flow.Decision send(MessageHeader header);

    /** The app wants to own a name. */
    Flow.Decision bind(MessageHeader header, String name);

    /** Whether a name that the app has asked for may stay its own. */
    boolean mayKeep(String name);

    /** A call or signal to the app. @return HOLD, or DROP where the caller is still to be answered */
    Flow.Decision receive(MessageHeader header);
}
