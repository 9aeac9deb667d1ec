package io.berth.relay;

import io.berth.kernel.EventLoop;
import io.berth.kernel.KernelException;
import io.berth.kernel.NativeBuffer;
import io.berth.kernel.PeerCredentials;
import io.berth.kernel.Poller;
import io.berth.kernel.Sockets;
import io.berth.kernel.UnixAddress;
import io.berth.wire.BodyReader;
import io.berth.wire.BusAddress;
import io.berth.wire.MalformedException;
import io.berth.wire.MessageHeader;
import io.berth.wire.MessageWriter;
import io.berth.wire.SaslClient;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The helper's own connection to one bus: it is always read and tells who owns which name, for all servers on that bus.
 * It knows which of the bus's connections are confined ones, and waits for those that are just getting their name.
 *
 * <p>Owns its socket. The servers on the bus are told when it is gone; they close themselves. Loop thread.
 */
public final class BusView {
    private static final Logger LOG = LoggerFactory.getLogger(BusView.class);

    private static final String CLOSED = "closed the connection";

    private final Relay relay;
    private final String busName;
    private final List<BusAddress> addresses;
    private final CompletableFuture<BusView> ready = new CompletableFuture<>();
    private final OwnerTable owners;
    private final OwnCalls calls = new OwnCalls();
    private final Set<RelayServer> servers = new LinkedHashSet<>();
    private final HelloQueue hellos = new HelloQueue();
    private final PeerLabels labels;
    /** What connections outside of sandboxes make us keep. */
    private final Accounts accounts;
    private final MessageHeader header = new MessageHeader();
    private BusAddress address;
    private SaslClient sasl;
    private Endpoint endpoint;
    private Flow flow;
    private EventLoop.Timer deadline;
    private Runnable whenGone = () -> { };
    private int connections;
    private boolean mediatesLabels;

    /**
     * @param busName   {@code session}, {@code system} or an address, for messages and audits
     * @param addresses where it listens, tried in order
     */
    public BusView(Relay relay, String busName, List<BusAddress> addresses) {
        this.relay = relay;
        this.busName = busName;
        this.addresses = addresses;
        this.labels = new PeerLabels(this, relay.loop());
        this.accounts = new Accounts(relay, relay.budgets());
        this.owners = new OwnerTable(accounts.bytes());
    }

    /** @return completes with this view when it knows all names, fails when the bus cannot be reached */
    public CompletableFuture<BusView> open(Runnable whenGone) {
        this.whenGone = whenGone;
        try {
            endpoint = new Endpoint(relay, accounts, connect(), this::onReady);
            sasl = new SaslClient(relay.kernel().userId(), true);
            endpoint.outbox().write(sasl.start(), Outbox.NO_FDS);
            endpoint.flush();
            deadline = relay.loop().schedule(relay.limits().authenticateMs() * 1_000_000L,
                    () -> fail("did not answer within " + relay.limits().authenticateMs() + " ms"));
        } catch (KernelException e) {
            fail("cannot be reached: " + e.getMessage());
        }
        return ready;
    }

    private int connect() {
        KernelException failure = null;
        for (BusAddress candidate : addresses) {
            try {
                int fd = relay.sockets().connect(socketAddress(candidate));
                if (fd != Sockets.WOULD_BLOCK) {
                    address = candidate;
                    return fd;
                }
                failure = new KernelException("connect " + candidate.name(), 11, "too many connections wait there");
            } catch (KernelException e) {
                failure = e;
            }
        }
        throw failure;
    }

    private static UnixAddress socketAddress(BusAddress address) {
        return new UnixAddress(address.name(), address.isAbstract());
    }

    private void onReady(int events) {
        if ((events & Poller.WRITE) != 0) {
            endpoint.flush();
        }
        if ((events & ~Poller.WRITE) == 0 || endpoint.isClosed()) {
            return;
        }
        try {
            if (flow == null) {
                authenticate();
            } else if (!flow.readOnce(Relay.READ_BYTES)) {
                fail(CLOSED);
            } else {
                endpoint.flush();
            }
        } catch (MalformedException e) {
            fail("sent " + e.getMessage());
        }
    }

    private void authenticate() {
        NativeBuffer buffer = relay.receiveBuffer();
        int n = relay.sockets().receive(endpoint.socket(), buffer.address(), 4096, null);
        if (n == Sockets.WOULD_BLOCK) {
            return;
        }
        if (n <= 0) {
            fail(CLOSED);
            return;
        }
        ByteBuffer input = buffer.bytes().duplicate().limit(n).position(0);
        switch (sasl.read(input)) {
            case FAILED -> fail(sasl.failure());
            case DONE -> begin();
            default -> { }
        }
    }

    private void begin() {
        flow = Flow.toHere(relay, accounts, relay.viewBuffer(), header, endpoint, new Flow.Judge() {
            @Override
            public boolean needsBody(MessageHeader header) {
                return Bus.isFrom(header);
            }

            @Override
            public Flow.Decision judge(MessageHeader header, ByteBuffer buffer, int body) {
                if (Bus.isFrom(header)) {
                    onMessage(new BodyReader(buffer, body, header.bodyLength(), header.isBigEndian()));
                }
                return Flow.Decision.DROP;
            }
        });
        call(serial -> Bus.call(serial, "Hello").toBytes(), null);
        call(serial -> Bus.call(serial, "AddMatch").string(Bus.ownerChanges(null)).toBytes(), null);
        call(serial -> MessageWriter.methodCall(serial, Bus.NAME, Bus.PATH, Bus.PROPERTIES, "Get").string(Bus.NAME).string("Features")
                .toBytes(), this::onFeatures);
        credentials(Bus.NAME, labels::onBus);
        call(serial -> Bus.call(serial, "ListNames").toBytes(), this::onNames);
    }

    private void onFeatures(BodyReader body) {
        if (body != null && body.signature().equals("as")) {
            List<String> features = body.strings();
            mediatesLabels = features.contains("AppArmor") || features.contains("SELinux");
        }
    }

    private void onNames(BodyReader body) {
        if (body == null) {
            fail("does not tell its names");
            return;
        }
        for (String name : body.strings()) {
            if (name.startsWith(":")) {
                owners.peer(name).announce();
            } else if (!name.equals(Bus.NAME)) {
                askOwner(name);
            }
        }
        settle(() -> {
            deadline.cancel();
            ready.complete(this);
        });
    }

    private void askOwner(String name) {
        call(serial -> Bus.call(serial, "GetNameOwner").string(name).toBytes(),
                reply -> owners.setOwner(name, reply == null ? "" : reply.string()));
    }

    private void call(IntFunction<byte[]> message, OwnCalls.Handler handler) {
        if (endpoint.isClosed()) {
            if (handler != null) {
                handler.onReply(null);
            }
            return;
        }
        endpoint.outbox().write(calls.make(message, handler), Outbox.NO_FDS);
        endpoint.flush();
    }

    /** Of the bus driver; what others say is nothing to us. */
    private void onMessage(BodyReader body) {
        if (header.type() == MessageHeader.SIGNAL) {
            if (Bus.isOwnerChanged(header)) {
                onOwnerChanged(body.string(), body.string(), body.string());
            }
        } else {
            calls.take(header, body);
        }
    }

    private void onOwnerChanged(String name, String before, String now) {
        if (!name.startsWith(":")) {
            Peer owner = owners.find(name);
            owners.setOwner(name, now);
            if (owner != null && !owner.uniqueName().equals(now)) {
                servers.forEach(server -> server.onNameLost(name, owner));
            }
        } else if (now.isEmpty()) {
            forget(name);
        } else {
            Peer peer = owners.peer(name);
            peer.announce();
            labels.onPeer(peer);
            if (peer.confined() == null && hellos.hasOutstanding()) {
                peer.setUndecided(true);
                hellos.whenAnswered(() -> peer.setUndecided(false));
            }
        }
    }

    private void forget(String uniqueName) {
        Peer peer = owners.find(uniqueName);
        if (peer != null) {
            servers.forEach(server -> server.onPeerLeaving(peer));
            owners.remove(uniqueName);
            labels.onGone(peer);
            servers.forEach(server -> server.onNameLost(uniqueName, peer));
            if (peer.confined() != null) {
                peer.confined().onNameGone();
            }
        }
    }

    /**
     * Reads what the bus has told already. For a judge that sees a message from a connection whose owning of a name this
     * view may not have heard of yet.
     */
    void catchUp() {
        if (flow != null && !endpoint.isClosed()) {
            onReady(Poller.READ);
        }
    }

    /** Runs a task when all that the bus knows now has been told to this view. */
    void settle(Runnable task) {
        call(Bus::ping, reply -> task.run());
    }

    /** The names of a connection when all that the bus knows now has been told; in a turn of its own. */
    public CompletableFuture<List<String>> namesOf(String uniqueName) {
        CompletableFuture<List<String>> names = new CompletableFuture<>();
        settle(() -> relay.loop().execute(() -> {
            Peer peer = owners.find(uniqueName);
            names.complete(peer == null ? List.of() : List.copyOf(peer.names()));
        }));
        return names;
    }

    OwnerTable owners() {
        return owners;
    }

    PeerLabels labels() {
        return labels;
    }

    HelloQueue hellos() {
        return hellos;
    }

    /** A confined connection has got its name; nothing of it has reached the bus yet. */
    void register(String uniqueName, ConfinedConnection connection) {
        Peer peer = owners.peer(uniqueName);
        owners.setConfined(peer, connection);
        servers.forEach(server -> server.onPeerJoined(peer));
    }

    /**
     * Our connection behind a name has closed. The bus will tell that the name has gone; if it told before the name was
     * registered, it must be asked.
     */
    void onConfinedClosed(String uniqueName) {
        Peer peer = owners.find(uniqueName);
        if (peer != null && !peer.isAnnounced() && !endpoint.isClosed()) {
            call(serial -> Bus.call(serial, "NameHasOwner").string(uniqueName).toBytes(), reply -> {
                if (reply != null && !reply.bool()) {
                    forget(uniqueName);
                } else {
                    peer.announce();
                }
            });
        }
    }

    /**
     * Which confined connection a name belongs to.
     *
     * @return completes with it, or with empty for a name of an unconfined connection; fails with
     *         {@link NoSuchNameException} for a name nobody has
     */
    public CompletableFuture<Optional<ConfinedPeer>> identify(String name) {
        Peer known = owners.find(name);
        // the bus may have told of a confined connection's name before it answered that connection's Hello
        if (known != null && !known.isUndecided()) {
            return CompletableFuture.completedFuture(confined(known));
        }
        CompletableFuture<Optional<ConfinedPeer>> answer = new CompletableFuture<>();
        if (name.equals(Bus.NAME)) {
            answer.complete(Optional.empty());
            return answer;
        }
        if (hellos.isCrowded()) {
            answer.completeExceptionally(new BusGoneException("too many questions about names wait for connections that are getting theirs"));
            return answer;
        }
        hellos.whenAnswered(() -> settle(() -> {
            Peer peer = owners.find(name);
            if (peer == null) {
                answer.completeExceptionally(new NoSuchNameException(name));
            } else {
                answer.complete(confined(peer));
            }
        }));
        return answer;
    }

    private static Optional<ConfinedPeer> confined(Peer peer) {
        return Optional.ofNullable(peer.confined()).map(c -> new ConfinedPeer(c.server(), peer.uniqueName(), c.credentials()));
    }

    /** Connects one more time, for a confined connection. @return as {@link Sockets#connect} */
    int connectOnceMore() {
        return relay.sockets().connect(socketAddress(address));
    }

    /** @return why a socket that somebody else has connected cannot lead to this bus; null when it may: credentials must tell */
    String refusal(int socket) {
        PeerCredentials mine = peer(endpoint.socket());
        PeerCredentials other = peer(socket);
        return other.pid() == mine.pid() && other.uid() == mine.uid() ? null
                : "the connector has connected to process " + other.pid() + " of user " + other.uid() + ", expected process " + mine.pid()
                        + " of user " + mine.uid() + ", which listens for the " + busName + " bus";
    }

    /** Who called listen(2) at the other end; without a pidfd. */
    private PeerCredentials peer(int socket) {
        PeerCredentials peer = relay.sockets().peerCredentials(socket);
        if (peer.pidFd() >= 0) {
            relay.kernel().close(peer.pidFd());
        }
        return peer;
    }

    /** Asks the bus who a connection is. @param answer told empty when it has no such connection, or is gone itself */
    void credentials(String uniqueName, Consumer<Optional<ConnectionCredentials>> answer) {
        call(serial -> Bus.call(serial, "GetConnectionCredentials").string(uniqueName).toBytes(),
                body -> answer.accept(Optional.ofNullable(body).filter(told -> header.text(MessageHeader.SIGNATURE).equals("a{sv}")).map(ConnectionCredentials::read)));
    }

    /** Whether the bus looks at security labels, so that it matters whose label connects. */
    boolean mediatesLabels() {
        return mediatesLabels;
    }

    /** The other servers of this bus whose rules about an app depend on that app's own rules. */
    List<RelayServer> serversSpeakingOf(RelayServer server) {
        return servers.stream().filter(other -> other != server && other.routes().policy().seenApps().contains(server.app())).toList();
    }

    void add(RelayServer server) {
        servers.add(server);
    }

    void remove(RelayServer server) {
        servers.remove(server);
    }

    public boolean isUsed() {
        return !servers.isEmpty();
    }

    /** How many confined connections there are to this bus. */
    int connections() {
        return connections;
    }

    void countConnection(int change) {
        connections += change;
    }

    public String busName() {
        return busName;
    }

    /** As dbus-daemon calls its type to AppArmor; empty for a bus of which only the address is known. */
    String type() {
        return busName.equals("session") || isSystem() ? busName : "";
    }

    boolean isSystem() {
        return busName.equals("system");
    }

    /** As the bus says it; 32 hexadecimal digits. */
    public String guid() {
        return sasl.guid();
    }

    boolean passesFds() {
        return sasl.fdsAgreed();
    }

    private void fail(String reason) {
        if (endpoint != null && endpoint.isClosed()) {
            return;
        }
        close();
        if (!ready.completeExceptionally(new BusGoneException("the " + busName + " bus " + reason))) {
            if (reason.equals(CLOSED)) {
                LOG.info("the {} bus {}", busName, reason); // as at every session's end
            } else {
                LOG.warn("the {} bus {}: its servers end", busName, reason);
            }
            // not now: a judge may be reading this view in the middle of a message
            relay.loop().execute(() -> {
                new ArrayList<>(servers).forEach(RelayServer::onBusGone);
                whenGone.run();
            });
        }
    }

    /** The servers on this bus must have been closed. */
    public void close() {
        if (deadline != null) {
            deadline.cancel();
        }
        if (flow != null) {
            flow.close();
        }
        if (endpoint != null) {
            endpoint.close();
        }
        owners.everybody().forEach(peer -> {
            owners.remove(peer.uniqueName());
            if (peer.confined() != null) {
                peer.confined().onNameGone();
            }
        });
        accounts.close();
        hellos.giveUp();
        calls.giveUp();
    }
}
