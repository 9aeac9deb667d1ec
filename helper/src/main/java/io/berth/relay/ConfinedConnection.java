package io.berth.relay;

import io.berth.api.AppId;
import io.berth.kernel.EventLoop;
import io.berth.kernel.FdQueue;
import io.berth.kernel.KernelException;
import io.berth.kernel.PeerCredentials;
import io.berth.kernel.Poller;
import io.berth.policy.AccessPolicy;
import io.berth.wire.MalformedException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client of a container server and the connection to the bus that stands for it: first an {@link Opening}, then
 * two {@link Flow}s whose messages {@link OutgoingJudge} and {@link IncomingJudge} decide about. Owns both sockets, what
 * waits on them, and the client's pidfd, which stays until the bus has reported the name gone. Loop thread.
 */
final class ConfinedConnection {
    /** Its life, in order. */
    private enum Stage { OPENING, RELAYING, CLOSED }

    private static final Logger LOG = LoggerFactory.getLogger(ConfinedConnection.class);
    private static final long DRAIN_NS = 10_000_000_000L;
    private static final long HELLO_NS = 3_000_000_000L;
    private static final int MOST_DEFERRED = 64;
    private static final String STAYS_INSIDE = "it stays inside one message while the bus has to be told of changes";
    /** Lines of a stack trace, so many as are usual. */
    private static final int STACK_TRACE = 40;
    /** What it takes in memory by itself, {@link Peer} included. */
    static final int KEPT_BYTES = 4 << 10;
    /** So much is read at once before there is a name, in bytes. */
    static final int OPENING_BYTES = 4 << 10;

    private final Relay relay;
    private final RelayServer server;
    private final BusView view;
    private final PeerCredentials credentials;
    private final byte[][] labels;
    private final Endpoint client;
    private final OwnCalls calls = new OwnCalls();
    private final long openedNs;
    private final BroadcastOwners broadcastOwners;
    private Stage stage = Stage.OPENING;
    private Opening opening;
    private EventLoop.Timer timer;
    /** Until the message has ended that was under way when something was revoked. */
    private EventLoop.Timer revoking;
    private long revokedIn;
    /** Until the bus has answered the Hello of a connection that a connector made. */
    private EventLoop.Timer answering;
    private Endpoint bus;
    private Flow outgoing;
    private Flow incoming;
    private OutgoingJudge outgoingJudge;
    private IncomingJudge incomingJudge;
    private String uniqueName;
    /** The process that has made the connection to the bus; 0 for this one. */
    private int connector;
    private long hello = -1;
    private boolean nameGone = true;
    private boolean clientEnded;

    /** @param socket taken, as the credentials */
    ConfinedConnection(RelayServer server, int socket, PeerCredentials credentials) {
        this.relay = server.relay();
        this.server = server;
        this.view = server.view();
        this.openedNs = relay.loop().nowNs();
        this.credentials = credentials;
        this.labels = SecurityLabel.ofConfined(AppId.parse(server.app()), credentials.label());
        this.broadcastOwners = new BroadcastOwners(this);
        this.opening = new Opening(this);
        this.client = new Endpoint(relay, server.accounts(), socket, guarded(this::onClientReady));
        long limit = relay.limits().authenticateMs();
        this.timer = relay.loop().schedule(limit * 1_000_000,
                () -> close((opening == null ? "no unique name" : opening.late()) + " within " + limit + " ms"));
    }

    private void onClientReady(int events) {
        if ((events & Poller.WRITE) != 0) {
            client.flush();
            resume(incoming, client.outbox(), bus);
        }
        if ((events & ~Poller.WRITE) != 0 && stage != Stage.CLOSED) {
            readClient();
        }
    }

    private void readClient() {
        if (!client.isReading()) {
            client.onHangUpWhileNotReading();
        } else if (stage == Stage.RELAYING) {
            readFrom(outgoing);
        } else if (relay.congestion().holdsBack(this)) {
            client.setReading(false);
        } else {
            opening.onClientReadable(client);
        }
    }

    private void onBusReady(int events) {
        if ((events & Poller.WRITE) != 0) {
            bus.flush();
            resume(outgoing, bus.outbox(), client);
            endWhenDrained();
        }
        if ((events & ~Poller.WRITE) != 0 && stage != Stage.CLOSED) {
            if (!bus.isReading()) {
                bus.onHangUpWhileNotReading();
            } else if (stage == Stage.OPENING) {
                opening.onBusReadable(bus);
            } else {
                readFrom(incoming);
            }
        }
    }

    /** A malformed stream, or the lack of something, ends this connection and nothing else. */
    void guarded(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException failure) {
            onFailure(failure);
        }
    }

    /** The same for a handler, made once, so that no event makes an object. */
    private EventLoop.Handler guarded(EventLoop.Handler handler) {
        return events -> {
            try {
                handler.onReady(events);
            } catch (RuntimeException failure) {
                onFailure(failure);
            }
        };
    }

    private void onFailure(RuntimeException failure) {
        if (failure instanceof MalformedException || failure instanceof KernelException) {
            close(failure.getMessage());
            return;
        }
        // a mistake of ours that one app can make happen must not end the others
        server.events().log(LOG, STACK_TRACE).error("fault while relaying for process {} at {}", credentials.pid(), server.address(), failure);
        close("of a fault in the helper");
    }

    /** The connection to the bus was made by this process of the sandbox, not by us. */
    void made(int process) {
        connector = process;
    }

    /** The opening has a socket to the bus, which is taken. */
    Endpoint connected(int socket) {
        bus = new Endpoint(relay, server.accounts(), socket, guarded(this::onBusReady));
        return bus;
    }

    /** Both sides have authenticated; {@code early} is what the client has said since, with its file descriptors. */
    void opened(ByteBuffer early, FdQueue arrived) {
        stage = Stage.RELAYING;
        outgoingJudge = new OutgoingJudge(this);
        incomingJudge = new IncomingJudge(this, outgoingJudge);
        outgoing = Flow.toBus(relay, server.accounts(), client, bus.outbox(), new Observer.Judge(outgoingJudge, this, false));
        incoming = Flow.toApp(relay, server.accounts(), bus, client.outbox(), new Observer.Judge(incomingJudge, this, true));
        outgoing.hold(early, arrived);
        opening = null;
        resumeOutgoing();
    }

    private void readFrom(Flow flow) {
        if (relay.congestion().holdsBack(this)) {
            client.setReading(false);
            bus.setReading(false);
            return;
        }
        // what comes before the name has to wait
        if (!flow.readOnce(uniqueName == null ? OPENING_BYTES : server.accounts().readBytes())) {
            if (flow == outgoing) {
                clientEnded = true;
                client.setReading(false);
                client.onHangUpWhileNotReading();
                endWhenDrained();
            } else {
                closeAfterDelivery();
            }
            return;
        }
        afterWork();
    }

    /** What both sides do when messages have been judged: send, wait, or give up. */
    private void afterWork() {
        if (stage == Stage.CLOSED) {
            return;
        }
        if (bus.outbox().isOverLimit() || client.outbox().isOverLimit()) {
            close("more than " + relay.limits().queuedBytes() + " bytes wait for one side to read");
            return;
        }
        client.flush();
        bus.flush();
        if (outgoing.takeYielded()) {
            relay.loop().execute(this::resumeOutgoing);
        }
        if (incoming.takeYielded()) {
            relay.loop().execute(this::resumeIncoming);
        }
        boolean outgoingIsFree = !clientEnded && !outgoing.isPaused() && bus.outbox().isEmpty();
        boolean incomingIsFree = client.outbox().isEmpty() && !incoming.isPaused();
        boolean heldBack = (outgoingIsFree || incomingIsFree) && relay.congestion().holdsBack(this);
        client.setReading(outgoingIsFree && !heldBack);
        bus.setReading(incomingIsFree && !heldBack);
        if (client.isHungUp() && client.isReading()) {
            relay.loop().execute(() -> guarded(this::readHungUp));
        }
        if (bus.isHungUp() && bus.isReading()) {
            relay.loop().execute(() -> guarded(() -> {
                if (stage == Stage.RELAYING) {
                    readFrom(incoming);
                }
            }));
        }
    }

    /** It may be read again. */
    void onRoom() {
        if (stage == Stage.OPENING) {
            client.setReading(!opening.isClientDone());
        } else {
            guarded(this::afterWork);
        }
    }

    private void readHungUp() {
        if (stage == Stage.RELAYING && client.isReading()) {
            readFrom(outgoing);
        }
    }

    /** The sink of a flow has room again. */
    private void resume(Flow flow, Outbox sink, Endpoint source) {
        if (flow != null && sink.isEmpty() && stage == Stage.RELAYING) {
            if (flow.hasHeld() && !flow.isPaused()) {
                flow.resume();
            }
            afterWork();
        }
    }

    /** Judging goes on with what was held back; not from inside a judge. */
    void resumeOutgoing() {
        resume(outgoing);
    }

    /** The same in the other direction. */
    void resumeIncoming() {
        resume(incoming);
    }

    private void resume(Flow flow) {
        guarded(() -> {
            if (stage == Stage.RELAYING) {
                flow.resume();
                afterWork();
            }
        });
    }

    /** The client has gone, and what it said last is still to be delivered. */
    private void endWhenDrained() {
        if (clientEnded && stage == Stage.RELAYING) {
            if (bus.outbox().isEmpty()) {
                close(null);
            } else {
                closeIn(DRAIN_NS);
            }
        }
    }

    /** The bus has gone, and what it said last is still to be delivered. */
    private void closeAfterDelivery() {
        bus.setReading(false);
        bus.onHangUpWhileNotReading();
        client.flush();
        if (client.outbox().isEmpty()) {
            close("the bus has closed the connection");
        } else {
            closeIn(DRAIN_NS);
        }
    }

    private void closeIn(long delayNs) {
        if (timer == null) {
            timer = relay.loop().schedule(delayNs, () -> close("the other side does not read what it was sent last"));
        }
    }

    // what the judges need

    RelayServer server() {
        return server;
    }

    Relay relay() {
        return relay;
    }

    BusView view() {
        return view;
    }

    OwnerTable owners() {
        return view.owners();
    }

    AccessPolicy policy() {
        return server.routes().policy();
    }

    Flow outgoing() {
        return outgoing;
    }

    Flow incoming() {
        return incoming;
    }

    OwnCalls calls() {
        return calls;
    }

    BroadcastOwners broadcastOwners() {
        return broadcastOwners;
    }

    /** What label policies may call it; one or more. */
    byte[][] labels() {
        return labels;
    }

    boolean hasName() {
        return uniqueName != null;
    }

    /** Empty before the bus has given one. */
    String uniqueName() {
        return uniqueName == null ? "" : uniqueName;
    }

    PeerCredentials credentials() {
        return credentials;
    }

    /** Whether a name exists for this app: by the rules, as its own, as a neighbour, or because it has spoken. */
    boolean sees(String name) {
        Peer owner = view.owners().find(name);
        return name.equals(uniqueName) || server.routes().sees(name) || incomingJudge.hasHeardFrom(owner == null ? name : owner.uniqueName());
    }

    /** Whether the connection of this unique name exists for this app with all its names. */
    boolean seesOwner(String unique) {
        return unique.equals(uniqueName) || server.routes().seesOwner(unique) || incomingJudge.hasHeardFrom(unique);
    }

    /** Sends a call of our own to the bus driver, between two messages of the app's. */
    void call(IntFunction<byte[]> message, OwnCalls.Handler handler) {
        if (stage == Stage.RELAYING) {
            injectOutgoing(calls.make(message, handler));
        }
    }

    /** A message of our own to the bus, which something that was allowed depends on. */
    void injectOutgoing(byte[] message) {
        if (!outgoing.inject(message)) {
            revokedIn = outgoing.messages();
            if (outgoing.deferredMessages() > MOST_DEFERRED) {
                relay.loop().execute(() -> close(STAYS_INSIDE));
            } else if (revoking == null) {
                awaitEndOfMessage();
            }
        }
        bus.flush();
    }

    /** An app must not keep what was revoked by never ending a message. */
    private void awaitEndOfMessage() {
        long inside = outgoing.messages();
        revoking = relay.loop().schedule(DRAIN_NS / 2, () -> guarded(() -> {
            revoking = null;
            if (stage == Stage.RELAYING && outgoing.isInsideMessage()) {
                if (outgoing.messages() == inside) {
                    close(STAYS_INSIDE);
                } else if (outgoing.messages() == revokedIn) {
                    awaitEndOfMessage();
                }
            }
        }));
    }

    /** An answer to somebody who has called the app. Who calls must not be able to have it cut off: beyond some there is none. */
    void answerCaller(byte[] message) {
        if (outgoing.deferredMessages() < MOST_DEFERRED / 2) {
            outgoing.inject(message);
        }
        bus.flush();
    }

    /** A message of our own to the app. */
    void injectIncoming(byte[] message) {
        if (stage == Stage.RELAYING) {
            incoming.inject(message);
            if (client.outbox().isOverLimit() || incoming.deferredMessages() * 256 > relay.limits().queuedBytes()) {
                relay.loop().execute(() -> close("it does not read"));
            }
            client.flush();
        }
    }

    /** Hello is on its way; nothing else is until the bus has answered. */
    void onHelloSent() {
        hello = view.hellos().begin();
        outgoing.pause();
        if (connector != 0) {
            // whoever asks which app a connection belongs to waits for this answer, and the app has the other end of what brings it
            answering = relay.loop().schedule(HELLO_NS, () -> {
                if (uniqueName == null) {
                    close("the bus did not answer its Hello within " + HELLO_NS / 1_000_000 + " ms");
                }
            });
        }
    }

    /**
     * The bus has given a name. Where somebody else has made the connection, it may be a bus of his own that said so: the bus
     * itself must know of a connection of that name and of that process.
     */
    void onNamed(String name) {
        if (connector == 0) {
            begin(name);
            return;
        }
        view.credentials(name, found -> guarded(() -> {
            String refusal = refusal(name, found);
            if (stage != Stage.CLOSED && refusal == null) {
                server.admitSandbox(connector, answer -> guarded(() -> admit(name, answer)));
            } else {
                admit(name, refusal);
            }
        }));
    }

    private void admit(String name, String refusal) {
        if (stage != Stage.CLOSED && refusal == null) {
            begin(name);
        } else if (stage != Stage.CLOSED) {
            close(refusal);
        }
    }

    private String refusal(String name, Optional<ConnectionCredentials> found) {
        int process = found.map(ConnectionCredentials::process).orElse(0);
        if (process != connector) {
            return "process " + connector + " connected it, but " + name + " is " + (process == 0 ? "nobody" : "process " + process);
        }
        String label = SecurityLabel.text(credentials.label());
        return view.mediatesLabels() && policy().isUnrestricted() && SecurityLabel.isConfined(label) && !label.equals(found.get().label())
                ? "its label is " + label + ", but the label of its connector " + found.get().label() : null;
    }

    /** What the app has said after Hello can go on now. */
    private void begin(String name) {
        uniqueName = name;
        nameGone = false;
        view.register(name, this);
        view.hellos().end(hello);
        timer.cancel();
        timer = null;
        server.onConnectionsChanged();
        relay.loop().execute(this::resumeOutgoing);
    }

    /** All that an AddMatch waited for is there. */
    void onOwnersKnown() {
        if (stage == Stage.RELAYING && outgoing.hasHeld()) {
            relay.loop().execute(this::resumeOutgoing);
        }
    }

    void onPolicyChanged() {
        guarded(() -> {
            if (stage == Stage.RELAYING) {
                broadcastOwners.follow(policy());
                outgoingJudge.onPolicyChanged();
            }
        });
    }

    /** A name has become seen or unseen by a change of the rules. */
    void tellOwnerChanged(String name, String before, String now) {
        String owner = before.isEmpty() ? now : before;
        guarded(() -> {
            if (stage == Stage.RELAYING && uniqueName != null && !incomingJudge.hasHeardFrom(owner)
                    && outgoingJudge.driver().matches().wantOwnerChanged(name, before, now)) {
                injectIncoming(Bus.ownerChanged(calls.serial(), null, name, before, now));
            }
        });
    }

    /** The bus view hears that a peer leaves; the bus may tell this connection only later. */
    void onPeerLeaving(Peer peer) {
        guarded(() -> {
            if (stage == Stage.RELAYING) {
                incomingJudge.onPeerLeaving(peer);
            }
        });
    }

    boolean isOpen() {
        return stage != Stage.CLOSED;
    }

    /** @param reason for the log; null when the client has just left */
    void close(String reason) {
        if (stage == Stage.CLOSED) {
            return;
        }
        stage = Stage.CLOSED;
        if (reason != null) {
            server.log(LOG).info("connection {} of process {} at {} closed: {}", uniqueName(), credentials.pid(), server.address(), reason);
        }
        if (timer != null) {
            timer.cancel();
        }
        if (revoking != null) {
            revoking.cancel();
        }
        if (answering != null) {
            answering.cancel(); // it would keep the connection in memory
        }
        if (outgoing != null) {
            outgoing.close();
            incoming.close();
            outgoingJudge.close();
            incomingJudge.close();
            broadcastOwners.close();
        }
        if (opening != null) {
            opening.close();
        }
        client.close();
        if (bus != null) {
            bus.close();
        }
        if (hello >= 0) {
            view.hellos().end(hello);
        }
        if (nameGone) {
            free();
        } else {
            view.onConfinedClosed(uniqueName);
        }
        server.onClosed(this);
    }

    /** What is on its way and takes memory. */
    long keptBytes() {
        return client.outbox().keptBytes() + (bus == null ? 0 : bus.outbox().keptBytes())
                + (outgoing == null ? 0 : outgoing.keptBytes() + incoming.keptBytes() + outgoingJudge.keptBytes());
    }

    /** Received file descriptors that are on their way. */
    int keptFds() {
        return client.outbox().keptFds() + (bus == null ? 0 : bus.outbox().keptFds()) + (opening == null ? 0 : opening.keptFds())
                + (outgoing == null ? 0 : outgoing.unclaimedFds() + incoming.unclaimedFds());
    }

    /** How long the oldest of what is on its way has been there. */
    long keptNs() {
        long now = relay.loop().nowNs();
        long age = Math.max(opening == null || opening.keptFds() == 0 ? 0 : now - openedNs, age(client.outbox(), now));
        if (bus != null) {
            age = Math.max(age, age(bus.outbox(), now));
        }
        return outgoing == null ? age : Math.max(age, Math.max(outgoing.heldNs(now), incoming.heldNs(now)));
    }

    private static long age(Outbox outbox, long now) {
        return outbox.isEmpty() ? 0 : now - outbox.sinceNs();
    }

    /** A message of the client's has begun and takes too long. */
    boolean isLate() {
        return stage == Stage.RELAYING && client.isReading()
                && outgoing.heldNs(relay.loop().nowNs()) > relay.limits().headerMs() * 1_000_000L;
    }

    /** The bus, or the loss of it, has ended the name. */
    void onNameGone() {
        if (!nameGone) {
            nameGone = true;
            if (stage == Stage.CLOSED) {
                free();
            }
        }
    }

    private void free() {
        server.accounts().bytes().release(KEPT_BYTES);
        server.accounts().connections().release(1);
        if (credentials.pidFd() >= 0) {
            relay.kernel().close(credentials.pidFd());
        }
    }
}
