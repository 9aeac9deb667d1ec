package io.berth.relay;

import io.berth.policy.LabelPolicy;
import io.berth.policy.apparmor.Permission;
import io.berth.policy.apparmor.RuleVerdict;
import io.berth.wire.MessageHeader;

/**
 * Asks the label policy of one server about one of its connections, as a bus with AppArmor asks its kernel (dbus,
 * bus/apparmor.c): SEND towards the label of whoever has the name in the header, RECEIVE from the label of the sender, BIND.
 * A message whose other side is not known for certain is held until it is. Loop thread.
 */
final class PolicyMediation implements LabelMediation {
    private static final byte[][] NO_NAMES = {};
    /** Of a service that is not running, before it is started. */
    private static final byte[][] NO_LABEL = {{}};

    private final ConfinedConnection connection;
    private final RelayServer server;
    private final OutgoingJudge outgoing;
    private final LabelPolicy policy;
    private final PeerLabels labels;
    private final byte[] bus;
    private final boolean complains;
    private final LabelAudit audit;
    private final Settling sending;
    private final Settling receiving;

    PolicyMediation(ConfinedConnection connection, OutgoingJudge outgoing, LabelPolicy policy) {
        this.connection = connection;
        this.server = connection.server();
        this.outgoing = outgoing;
        this.policy = policy;
        this.labels = connection.view().labels();
        this.bus = Peer.bytes(connection.view().type());
        this.complains = connection.policy().complains();
        this.audit = new LabelAudit(connection, policy);
        this.sending = new Settling(connection::resumeOutgoing);
        this.receiving = new Settling(connection::resumeIncoming);
    }

    /** Whether the bus has told all that it knew when the message came that is judged now. */
    private final class Settling {
        private final Runnable goOn;
        private boolean under;
        private boolean done;

        Settling(Runnable goOn) {
            this.goOn = goOn;
        }

        /** @return if it has not, the message is judged again when it has */
        boolean isDone() {
            if (!done && !under) {
                under = true;
                connection.view().settle(() -> {
                    under = false;
                    done = true;
                    later(goOn);
                });
            }
            return done;
        }

        Flow.Decision decided(Flow.Decision decision) {
            done &= decision == Flow.Decision.HOLD;
            return decision;
        }
    }

    private void later(Runnable task) {
        connection.relay().loop().execute(task);
    }

    @Override
    public Flow.Decision send(MessageHeader header) {
        return sending.decided(header.has(MessageHeader.DESTINATION) ? unicast(header)
                : header.type() == MessageHeader.SIGNAL ? broadcast(header) : null);
    }

    private Flow.Decision unicast(MessageHeader header) {
        if (header.is(MessageHeader.DESTINATION, Bus.NAME_BYTES)) {
            return sent(ask(Permission.SEND, header, NO_NAMES, labels.ofBus()), header, labels.ofBus(), 0);
        }
        Peer peer = connection.owners().find(header, MessageHeader.DESTINATION);
        if (peer == null) {
            return sending.isDone() ? sent(askBeforeStart(header), header, NO_LABEL, 0) : Flow.Decision.HOLD;
        }
        if (peer.isUndecided()) {
            connection.view().hellos().whenAnswered(() -> later(connection::resumeOutgoing));
            return Flow.Decision.HOLD;
        }
        byte[][] theirs = labels.of(peer);
        if (theirs == null) {
            labels.ask(peer, connection::resumeOutgoing);
            return Flow.Decision.HOLD;
        }
        RuleVerdict verdict = ask(Permission.SEND, header, peer.ownedNames(), theirs);
        // not before it is settled: so long it takes to refuse what nobody has, too
        return verdict.allow() || sending.isDone() ? sent(verdict, header, theirs, PeerLabels.process(peer))
                : Flow.Decision.HOLD;
    }

    /** The bus may start the service, and nobody knows as whom: outside the sandboxes, where it is not ours to ask again, as anybody. */
    private RuleVerdict askBeforeStart(MessageHeader header) {
        RuleVerdict verdict = ask(Permission.SEND, header, NO_NAMES, NO_LABEL);
        RuleVerdict started = ask(Permission.SEND, header, NO_NAMES, PeerLabels.UNCONFINED);
        return verdict.allow() && !started.allow() ? started : verdict;
    }

    /** Who listens is known to the bus alone: it passes when it may be heard by everybody who is not behind this helper. */
    private Flow.Decision broadcast(MessageHeader header) {
        byte[][][] listeners = labels.ofOutside(connection::resumeOutgoing);
        if (listeners == null) {
            return Flow.Decision.HOLD;
        }
        RuleVerdict verdict = null;
        byte[][] label = NO_LABEL;
        for (int i = 0; i < listeners.length && (verdict == null || verdict.allow()); i++) {
            label = listeners[i];
            verdict = ask(Permission.SEND, header, NO_NAMES, label);
        }
        return verdict == null ? null : sent(verdict, header, label, 0);
    }

    private Flow.Decision sent(RuleVerdict verdict, MessageHeader header, byte[][] theirs, int process) {
        boolean passes = passes(verdict);
        if (verdict.audit()) {
            audit.send(verdict, passes, header, theirs, process);
        }
        return passes ? null : outgoing.answer(header, LabelAudit.denied(header, connection.uniqueName()));
    }

    @Override
    public Flow.Decision bind(MessageHeader header, String name) {
        RuleVerdict verdict = policy.checkBind(bus, name);
        boolean passes = passes(verdict);
        if (verdict.audit()) {
            audit.bind(verdict, passes, header, name);
        }
        return passes ? null : outgoing.answer(header, LabelAudit.deniedName(name, connection.uniqueName()));
    }

    @Override
    public boolean mayKeep(String name) {
        return complains || policy.checkBind(bus, name).allow();
    }

    @Override
    public Flow.Decision receive(MessageHeader header) {
        return header.has(MessageHeader.SENDER) ? receiving.decided(hear(header)) : Flow.Decision.DROP;
    }

    private Flow.Decision hear(MessageHeader header) {
        Peer sender = connection.owners().find(header, MessageHeader.SENDER);
        if (sender == null) {
            return hearDeparted(header);
        }
        byte[][] theirs = labels.of(sender);
        if (theirs == null) {
            labels.ask(sender, connection::resumeIncoming);
            return Flow.Decision.HOLD;
        }
        RuleVerdict verdict = ask(Permission.RECEIVE, header, sender.ownedNames(), theirs);
        return verdict.allow() || !policy.isAboutOwners() || receiving.isDone() ? received(verdict, header, theirs, PeerLabels.process(sender))
                : Flow.Decision.HOLD;
    }

    /** What somebody has said before it left; who that was must be known. */
    private Flow.Decision hearDeparted(MessageHeader header) {
        PeerLabels.Departed sender = labels.departed(header.text(MessageHeader.SENDER));
        if (sender != null) {
            return received(ask(Permission.RECEIVE, header, NO_NAMES, sender.labels()), header, sender.labels(), sender.process());
        }
        return receiving.isDone() ? received(RuleVerdict.unmatched(), header, PeerLabels.UNKNOWN, 0) : Flow.Decision.HOLD;
    }

    private Flow.Decision received(RuleVerdict verdict, MessageHeader header, byte[][] theirs, int process) {
        boolean passes = passes(verdict);
        if (verdict.audit()) {
            audit.receive(verdict, passes, header, theirs, process);
        }
        return passes ? null : Flow.Decision.DROP;
    }

    private RuleVerdict ask(Permission permission, MessageHeader header, byte[][] owned, byte[][] theirs) {
        int field = permission == Permission.SEND ? MessageHeader.DESTINATION : MessageHeader.SENDER;
        return theirs.length == 0 ? RuleVerdict.unmatched() : policy.check(permission, bus, header, field, owned, theirs);
    }

    private boolean passes(RuleVerdict verdict) {
        boolean passes = verdict.allow() || complains;
        if (!passes) {
            server.countDenied();
        }
        return passes;
    }
}
