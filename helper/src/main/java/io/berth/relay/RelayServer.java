package io.berth.relay;

import io.berth.api.AuditRecord;
import io.berth.kernel.EventLoop;
import io.berth.kernel.KernelException;
import io.berth.kernel.PeerCredentials;
import io.berth.kernel.Poller;
import io.berth.kernel.Sockets;
import io.berth.kernel.UnixAddress;
import io.berth.policy.AccessPolicy;
import io.berth.wire.MessageHeader;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One listening socket and the connections that came through it, all under the same rules. Owns the socket and the
 * connections; a path in the file system is its owner's. Loop thread.
 */
public final class RelayServer {
    private static final Logger LOG = LoggerFactory.getLogger(RelayServer.class);
    private static final int ACCEPT_AT_ONCE = 16;
    private static final long ACCEPT_AGAIN_NS = 100_000_000;

    private final Relay relay;
    private final BusView view;
    private final String app;
    private final UnixAddress address;
    private final RelayEvents events;
    private final Accounts accounts;
    private final Set<ConfinedConnection> connections = new LinkedHashSet<>();
    private final Optional<Connector> connector;
    /** Where connectors have connected from: whether portals know that sandbox for one. */
    private Optional<Boolean> knownToPortals = Optional.empty();
    private Routes routes;
    private int listener;
    private EventLoop.Watch watch;
    /** Null when nobody wants to know. */
    private Observer observer;
    private int ownedNames;
    private boolean accepting;
    private boolean closed;
    private long forwarded;
    private long denied;

    /**
     * @param view ready
     * @param app  {@code type/app_id}
     * @param listener taken; listens already. Clients wait in its queue until {@link #accept}
     * @param address how it is bound
     * @param connectorSocket borrowed; the connected socket of a {@link Connector}, empty to connect to the bus from here
     * @throws KernelException when something cannot be watched; the listener is closed then
     */
    public RelayServer(Relay relay, BusView view, String app, int listener, UnixAddress address, OptionalInt connectorSocket,
            AccessPolicy policy, RelayEvents events) {
        this.relay = relay;
        this.view = view;
        this.app = app;
        this.address = address;
        this.listener = listener;
        this.events = events;
        this.accounts = new Accounts(relay, relay.budgets());
        Connector made = null;
        try {
            made = connectorSocket.isEmpty() ? null : new Connector(relay, connectorSocket.getAsInt(), this::log, this::onConnectorGone);
            watch = relay.loop().watch(listener, 0, ready -> acceptWaiting());
        } catch (KernelException failure) {
            if (made != null) {
                made.close();
            }
            relay.kernel().close(listener);
            accounts.close();
            throw failure;
        }
        connector = Optional.ofNullable(made);
        routes = new Routes(this, view.owners(), policy);
        view.add(this);
        countPolicy(policy, 1);
    }

    private void countPolicy(AccessPolicy policy, int change) {
        if (policy.labels() != null) {
            view.labels().countPolicies(change);
        }
    }

    /** Begins to take clients. */
    public void accept() {
        accepting = true;
        if (watch != null) {
            watch.interest(Poller.READ);
        }
    }

    private void acceptWaiting() {
        if (!accepting) {
            onShutDown(); // nothing else is told of a socket of which nothing is asked
            return;
        }
        try {
            for (int i = 0; i < ACCEPT_AT_ONCE && listener >= 0; i++) {
                int socket = relay.sockets().accept(listener);
                if (socket == Sockets.WOULD_BLOCK) {
                    return;
                }
                if (socket == Sockets.CLOSED) {
                    onShutDown();
                    return;
                }
                admit(socket);
            }
        } catch (KernelException e) {
            // out of file descriptors: the client waits in the backlog meanwhile
            log(LOG).warn("cannot accept at {}: {}", address, e.getMessage());
            watch.interest(0);
            relay.loop().schedule(ACCEPT_AGAIN_NS, () -> {
                if (watch != null) {
                    watch.interest(Poller.READ);
                }
            });
        }
    }

    /** Who has bound it may do so (shutdown(2)): it will never take a client again. */
    private void onShutDown() {
        log(LOG).warn("the socket at {} was shut down", address);
        stopListening();
    }

    private void admit(int socket) {
        PeerCredentials credentials;
        try {
            credentials = relay.sockets().peerCredentials(socket);
        } catch (KernelException unknown) {
            relay.kernel().close(socket);
            throw unknown;
        }
        String refusal = refusal(credentials);
        if (refusal != null) {
            log(LOG).warn("process {} at {} refused: {}", credentials.pid(), address, refusal);
            relay.kernel().close(socket);
            closePidFd(credentials);
            return;
        }
        accounts.bytes().charge(ConfinedConnection.KEPT_BYTES);
        accounts.connections().charge(1);
        try {
            ConfinedConnection connection = new ConfinedConnection(this, socket, credentials);
            connections.add(connection);
            relay.congestion().onOpened(connection);
        } catch (KernelException unwatched) {
            accounts.bytes().release(ConfinedConnection.KEPT_BYTES);
            accounts.connections().release(1);
            closePidFd(credentials);
            throw unwatched;
        }
        view.countConnection(1);
        events.onClient();
    }

    private void onConnectorGone() {
        if (!closed) {
            events.onConnectorGone();
        }
    }

    /**
     * A process of the app's sandbox has made a connection. Portals know a sandbox by its {@link SandboxMarks}; who has none passes for
     * a program of the host.
     *
     * @param answer told later why it may not be used, null when it may: what the first one has shown is relied on for all
     */
    void admitSandbox(int process, Consumer<String> answer) {
        relay.marks().look(process, known -> {
            if (knownToPortals.isEmpty() && !closed) {
                knownToPortals = Optional.of(known);
                if (known) {
                    events.onKnownToPortals();
                }
            }
            answer.accept(known || !knownToPortals.orElse(true) ? null : "process " + process + " has no " + SandboxMarks.MARK
                    + " at its root, by which portals know the sandbox of the connections before");
        });
    }

    /** Who connects to the bus instead of us. */
    Optional<Connector> connector() {
        return connector;
    }

    private void closePidFd(PeerCredentials credentials) {
        if (credentials.pidFd() >= 0) {
            relay.kernel().close(credentials.pidFd());
        }
    }

    private String refusal(PeerCredentials credentials) {
        Limits limits = relay.limits();
        int perServer = view.isSystem() ? Math.min(limits.systemConnectionsPerServer(), limits.connectionsPerServer())
                : limits.connectionsPerServer();
        if (credentials.uid() != relay.kernel().userId()) {
            return "its user is " + credentials.uid() + ", expected " + relay.kernel().userId();
        }
        if (connections.size() >= perServer) {
            return "the limit of " + perServer + " connections is reached";
        }
        if (view.isSystem() && view.connections() >= limits.systemConnections()) {
            return "the limit of " + limits.systemConnections() + " connections to the system bus is reached";
        }
        if (!accounts.connections().hasRoom(1) || !accounts.hasRoom(ConfinedConnection.KEPT_BYTES)) {
            return "the apps have too many connections together, or take too much memory";
        }
        String label = SecurityLabel.text(credentials.label());
        if (routes.policy().isUnrestricted() && connector.isEmpty() && view.mediatesLabels() && SecurityLabel.isConfined(label)) {
            return "its label is " + label + ", and the bus would judge it by the label of this helper: without rules it needs a"
                    + " Connector under its own label";
        }
        return null;
    }

    /** No new clients; those that are there stay. */
    public void stopListening() {
        if (watch != null) {
            watch.cancel();
            watch = null;
            relay.kernel().close(listener);
            listener = -1;
        }
    }

    /** In force for the next message in either direction; also for what the rules of other apps say of this one. */
    public void setPolicy(AccessPolicy policy) {
        AccessPolicy replaced = routes.policy();
        List<Visibility> views = new ArrayList<>(List.of(new Visibility(this, view.owners().everybody())));
        for (RelayServer other : view.serversSpeakingOf(this)) {
            if (replaced.consentsTo(other.app) != policy.consentsTo(other.app)) {
                views.add(new Visibility(other, connections.stream().map(c -> view.owners().find(c.uniqueName())).filter(Objects::nonNull).toList()));
            }
        }
        countPolicy(policy, 1);
        countPolicy(replaced, -1);
        routes.close();
        routes = new Routes(this, view.owners(), policy);
        view.owners().onConsentChanged();
        List.copyOf(connections).forEach(ConfinedConnection::onPolicyChanged);
        views.forEach(Visibility::tellChanges);
    }

    /** Tells all clients of a name that has become seen or unseen by a change of rules. */
    void tellOwnerChanged(String name, String before, String now) {
        List.copyOf(connections).forEach(connection -> connection.tellOwnerChanged(name, before, now));
    }

    /** A confined connection has got its name. Where the rules show every name, the bus tells it. */
    void onPeerJoined(Peer peer) {
        boolean mayBeSeen = peer.confined().server() == this || routes.policy().seenApps().contains(peer.app());
        if (mayBeSeen && routes.seesOwner(peer.uniqueName()) && !routes.policy().seesName(peer.uniqueName())) {
            for (ConfinedConnection connection : List.copyOf(connections)) {
                if (connection != peer.confined()) {
                    connection.tellOwnerChanged(peer.uniqueName(), "", peer.uniqueName());
                }
            }
        }
    }

    void onNameLost(String name, Peer before) {
        events.onNameLost(name, before.uniqueName());
    }

    void onPeerLeaving(Peer peer) {
        List.copyOf(connections).forEach(connection -> connection.onPeerLeaving(peer));
    }

    void onConnectionsChanged() {
        events.onConnectionsChanged();
    }

    void onClosed(ConfinedConnection connection) {
        connections.remove(connection);
        relay.congestion().onClosed(connection);
        view.countConnection(-1);
        if (!closed) {
            events.onConnectionsChanged();
            if (connections.isEmpty()) {
                events.onLastClientLeft();
            }
        }
    }

    void onBusGone() {
        events.onBusGone();
    }

    void audit(ConfinedConnection connection, MessageHeader header, Refusal refusal, boolean passes) {
        if (!passes) {
            countDenied();
        }
        audit(connection, header, refusal, passes ? "allowed" : "denied", Refusal.NOTHING);
    }

    /**
     * Tells without counting.
     *
     * @param verdict as in an {@link AuditRecord}
     * @param line    makes dbus-daemon's, empty for none
     */
    void audit(ConfinedConnection connection, MessageHeader header, Refusal refusal, String verdict, Supplier<String> line) {
        long kind = AuditKind.of(header, verdict, refusal.operation(), refusal.incoming(), refusal.name(), refusal.rule());
        Supplier<AuditRecord> record = () -> record(verdict, refusal.operation(), refusal.incoming(), connection, header, refusal.name(),
                refusal.rule(), refusal.suggestion().get(), line.get());
        events.onAudit(kind, verdict, record);
        if (observer != null) {
            observer.onAudit(kind, record);
        }
    }

    /** The logger for one line that a client causes, or one that swallows it. */
    Logger log(Logger log) {
        return events.log(log, 1);
    }

    /** @param name the other side, as the message says it, or what a call to the bus is about */
    AuditRecord record(String verdict, String operation, boolean incoming, ConfinedConnection connection, MessageHeader header, String name,
            String rule, String suggestion, String line) {
        return new AuditRecord(verdict, operation, view.busName(), incoming ? "incoming" : "outgoing", otherSide(name),
                header.text(MessageHeader.PATH), header.text(MessageHeader.INTERFACE), header.text(MessageHeader.MEMBER),
                header.unixFds() > 0, connection.uniqueName(), connection.credentials().pid(), rule, suggestion, line, 0);
    }

    /** Whether every message is told from now on. */
    public void setObserved(boolean observed) {
        observer = observed ? new Observer(this, events) : null;
    }

    /** Null when nobody wants to know. */
    Observer observer() {
        return observer;
    }

    /** What a record says of whoever has this name. */
    private AuditRecord.Peer otherSide(String name) {
        Peer peer = view.owners().find(name);
        return peer == null ? AuditRecord.Peer.of(name) : peer.told(name);
    }

    void countDenied() {
        denied++;
    }

    void countForwarded() {
        forwarded++;
    }

    /** Stops listening and disconnects every client. The name of each stays known until the bus reports it gone. */
    public void close() {
        closed = true;
        stopListening();
        for (ConfinedConnection connection : List.copyOf(connections)) {
            connection.close(null);
        }
        connector.ifPresent(Connector::close);
        countPolicy(routes.policy(), -1);
        routes.close();
        view.remove(this);
        accounts.close();
    }

    /** What its connections make us keep, and the bus. */
    Accounts accounts() {
        return accounts;
    }

    /** One more name is asked for. @param bytes of memory. @return whether its connections may own so many together */
    boolean takeName(long bytes) {
        if (ownedNames >= relay.limits().ownedNames() || !accounts.hasRoom(bytes)) {
            return false;
        }
        ownedNames++;
        accounts.bytes().charge(bytes);
        return true;
    }

    void returnName(long bytes) {
        ownedNames--;
        accounts.bytes().release(bytes);
    }

    Relay relay() {
        return relay;
    }

    BusView view() {
        return view;
    }

    Routes routes() {
        return routes;
    }

    String app() {
        return app;
    }

    UnixAddress address() {
        return address;
    }

    /** Whom it tells; this is how its owner finds itself again. */
    public RelayEvents events() {
        return events;
    }

    public boolean hasClients() {
        return !connections.isEmpty();
    }

    /** Unique names of the clients that have one. */
    public List<String> uniqueNames() {
        return connections.stream().map(ConfinedConnection::uniqueName).filter(name -> !name.isEmpty()).toList();
    }

    /** Messages that passed, in either direction. */
    public long messagesForwarded() {
        return forwarded;
    }

    /** Messages that did not, in either direction. */
    public long messagesDenied() {
        return denied;
    }
}
