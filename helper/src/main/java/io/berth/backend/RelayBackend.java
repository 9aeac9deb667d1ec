package io.berth.backend;

import io.berth.api.AuditRecord;
import io.berth.kernel.Fault;
import io.berth.kernel.Kernel;
import io.berth.kernel.KernelException;
import io.berth.kernel.OutcomeException;
import io.berth.kernel.Sockets;
import io.berth.policy.AccessPolicy;
import io.berth.relay.BusGoneException;
import io.berth.relay.BusView;
import io.berth.relay.NoSuchNameException;
import io.berth.relay.Relay;
import io.berth.relay.RelayEvents;
import io.berth.relay.RelayServer;
import io.berth.server.Backend;
import io.berth.server.ContainerServer;
import io.berth.server.RegistryException;
import io.berth.server.RegistryException.Kind;
import io.berth.wire.BusAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.slf4j.Logger;

/** Serves sockets by relaying to a bus, whichever it is. Keeps one view per bus for as long as it is of use. Loop thread. */
public final class RelayBackend implements Backend {
    private final Kernel kernel;
    private final Sockets sockets;
    private final Relay relay;
    private final SocketDirectory directory;
    private final Map<String, String> addresses;
    private final Map<List<BusAddress>, CompletableFuture<BusView>> views = new HashMap<>();

    /**
     * @param directory      where sockets go; borrowed
     * @param sessionAddress of the helper's own bus
     * @param systemAddress  of the system bus
     */
    public RelayBackend(Kernel kernel, Relay relay, SocketDirectory directory, String sessionAddress, String systemAddress) {
        this.kernel = kernel;
        this.sockets = kernel.sockets();
        this.relay = relay;
        this.directory = directory;
        this.addresses = Map.of("session", sessionAddress, "system", systemAddress);
    }

    @Override
    public CompletableFuture<Service> open(ContainerServer server, AccessPolicy policy) {
        return view(server.spec().bus()).thenApply(view -> {
            try {
                return serve(server, view, policy);
            } catch (RegistryException refused) {
                // not now: others that have waited for the view too get it in this very turn
                relay.loop().execute(() -> forgetIfUnused(view));
                throw refused;
            }
        });
    }

    private void forgetIfUnused(BusView view) {
        if (!view.isUsed() && !addresses.containsKey(view.busName())) {
            views.values().removeIf(future -> future.getNow(null) == view);
            view.close();
        }
    }

    private Service serve(ContainerServer server, BusView view, AccessPolicy policy) {
        checkConnector(server);
        Optional<ServerSocket> socket = Optional.empty();
        try {
            ServerSocket made = server.spec().socket().isPresent()
                    ? ServerSocket.adopt(kernel, sockets, server.spec().socket().getAsInt())
                    : ServerSocket.make(sockets, directory.socket(server.id()));
            socket = Optional.of(made);
            return new RelayService(server, view, made, policy);
        } catch (IllegalArgumentException unfit) {
            throw new RegistryException(Kind.INVALID_ARGUMENT, "Socket: " + unfit.getMessage());
        } catch (KernelException failure) {
            socket.ifPresent(ServerSocket::unlink);
            throw new RegistryException(Kind.FAILED, failure.getMessage());
        }
    }

    private void checkConnector(ContainerServer server) {
        try {
            server.spec().connector().ifPresent(sockets::checkConnected);
        } catch (IllegalArgumentException unfit) {
            throw new RegistryException(Kind.INVALID_ARGUMENT, "Connector: " + unfit.getMessage());
        }
    }

    @Override
    public CompletableFuture<Optional<Found>> identify(String bus, String busName) {
        String known = canonical(bus);
        if (!addresses.containsKey(known) && !views.containsKey(parse(known))) {
            throw new RegistryException(Kind.FAILED, "there is no container server on the bus at " + bus);
        }
        return view(bus).thenCompose(view -> view.identify(busName)).handle((found, failure) -> {
            if (failure != null) {
                throw refusal(failure);
            }
            return found.map(peer -> new Found(((RelayService) peer.server().events()).server, peer.uniqueName(), peer.credentials()));
        });
    }

    /** The view of a bus; the first one who asks opens it. */
    private CompletableFuture<BusView> view(String given) {
        String bus = canonical(given);
        List<BusAddress> where = parse(bus);
        CompletableFuture<BusView> view = views.get(where);
        if (view == null) {
            BusView made = new BusView(relay, bus, where);
            view = new CompletableFuture<>();
            views.put(where, view);
            CompletableFuture<BusView> answer = view;
            Fault.reportOf(made.open(() -> views.remove(where)).handle((ready, failure) -> {
                if (failure == null) {
                    answer.complete(ready);
                } else {
                    views.remove(where);
                    answer.completeExceptionally(refusal(failure));
                }
                return null;
            }));
        }
        return view;
    }

    /** Leaves every bus. The servers must have been closed. */
    public void close() {
        List.copyOf(views.values()).stream().map(view -> view.getNow(null)).filter(Objects::nonNull).forEach(BusView::close);
        views.clear();
    }

    private List<BusAddress> parse(String bus) {
        try {
            return BusAddress.parse(addresses.getOrDefault(bus, bus), System.getenv("XDG_RUNTIME_DIR"));
        } catch (IllegalArgumentException e) {
            throw new RegistryException(Kind.INVALID_ARGUMENT,
                    "Bus is «" + bus + "», expected session, system or a unix: address (" + e.getMessage() + ")");
        }
    }

    /** {@code session} or {@code system} also for their addresses: a unique name must lead to one view, whoever writes how. */
    private String canonical(String bus) {
        List<BusAddress> where = parse(bus);
        return addresses.keySet().stream().filter(known -> parse(known).stream().anyMatch(one -> where.stream().anyMatch(one::isSamePlace)))
                .findFirst().orElse(bus);
    }

    private static OutcomeException refusal(Throwable failure) {
        OutcomeException cause = Fault.outcome(failure);
        return cause instanceof NoSuchNameException ? new RegistryException(Kind.NAME_HAS_NO_OWNER, cause.getMessage())
                : cause instanceof BusGoneException || cause instanceof KernelException
                ? new RegistryException(Kind.FAILED, cause.getMessage()) : cause;
    }

    /** The connection of one server's socket to the registry's server. */
    private final class RelayService implements Service, RelayEvents {
        private final ContainerServer server;
        private final BusView view;
        private final ServerSocket socket;
        private final RelayServer clients;

        RelayService(ContainerServer server, BusView view, ServerSocket socket, AccessPolicy policy) {
            this.server = server;
            this.view = view;
            this.socket = socket;
            this.clients = new RelayServer(relay, view, server.spec().type() + "/" + server.spec().appId(), socket.fd(),
                    socket.address(), server.spec().connector(), policy, this);
        }

        @Override
        public String socketPath() {
            return socket.address().isAbstract() ? "" : socket.address().name();
        }

        @Override
        public String address() {
            return BusAddress.format(socket.address().name(), socket.address().isAbstract(), view.guid());
        }

        @Override
        public void accept() {
            clients.accept();
        }

        @Override
        public void setPolicy(AccessPolicy policy) {
            clients.setPolicy(policy);
        }

        @Override
        public void setObserved(boolean observed) {
            clients.setObserved(observed);
        }

        @Override
        public void stopListening() {
            clients.stopListening();
            socket.unlink();
        }

        @Override
        public boolean hasClients() {
            return clients.hasClients();
        }

        @Override
        public boolean isOnHelpersBus() {
            return view.busName().equals("session");
        }

        @Override
        public CompletableFuture<List<String>> namesOf(String uniqueName) {
            return view.namesOf(uniqueName);
        }

        @Override
        public List<String> connections() {
            return clients.uniqueNames();
        }

        @Override
        public long messagesForwarded() {
            return clients.messagesForwarded();
        }

        @Override
        public long messagesDenied() {
            return clients.messagesDenied();
        }

        @Override
        public void close() {
            try {
                socket.unlink();
            } finally {
                clients.close();
                forgetIfUnused(view);
            }
        }

        @Override
        public void onConnectionsChanged() {
            server.onConnectionsChanged();
        }

        @Override
        public void onClient() {
            server.onClient();
        }

        @Override
        public void onLastClientLeft() {
            server.onLastClientLeft();
        }

        @Override
        public void onBusGone() {
            server.onBusGone();
        }

        @Override
        public void onNameLost(String name, String uniqueName) {
            server.onNameLost(name, uniqueName);
        }

        @Override
        public void onKnownToPortals() {
            server.onKnownToPortals();
        }

        @Override
        public void onConnectorGone() {
            server.onConnectorGone();
        }

        @Override
        public void onAudit(long kind, String verdict, Supplier<AuditRecord> record) {
            server.onAudit(kind, verdict, record);
        }

        @Override
        public void onObserved(long kind, Supplier<AuditRecord> record) {
            server.onObserved(kind, record);
        }

        @Override
        public Logger log(Logger log, int messages) {
            return server.log(log, messages);
        }
    }
}
