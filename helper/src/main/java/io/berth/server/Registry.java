package io.berth.server;

import io.berth.api.AccessRule;
import io.berth.api.AppId;
import io.berth.api.AuditRecord;
import io.berth.api.PrintableText;
import io.berth.budget.Budget;
import io.berth.kernel.BootTimers;
import io.berth.kernel.Cgroups;
import io.berth.kernel.EventLoop;
import io.berth.kernel.Kernel;
import io.berth.kernel.LogBudget;
import io.berth.kernel.PeerCredentials;
import io.berth.policy.LabelPolicy;
import io.berth.policy.NameSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All container servers of this helper. Every method may be called from any thread; the work is done on the loop thread
 * and the future completes there. A future fails with {@link RegistryException} when the request cannot be met.
 */
public final class Registry {
    private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

    private final Kernel kernel;
    private final EventLoop loop;
    private final Backend backend;
    private final NameSet hostEscape;
    private final NameSet hostEscapeBesidePortals;
    private final RegistryLimits limits;
    private final Budget memory;
    private final BootTimers bootTimers;
    private final Cgroups cgroups;
    private final PolicyCompiler compiler;
    private final MountTable mounts;
    private final LogBudget logBudget;
    private final AuditMemory auditMemory = new AuditMemory();
    private final Map<String, ContainerServer> servers = new LinkedHashMap<>();
    private final List<RegistryListener> listeners = new ArrayList<>();
    private long lastId;
    private boolean shutDown;

    /**
     * @param hostEscape   names that hand out the host
     * @param mounts       where sockets are mounted
     */
    public Registry(Kernel kernel, EventLoop loop, Backend backend, NameSet hostEscape, RegistryLimits limits, MountTable mounts) {
        this.kernel = kernel;
        this.loop = loop;
        this.backend = backend;
        this.hostEscape = hostEscape;
        this.hostEscapeBesidePortals = hostEscape.without("org.freedesktop.portal");
        this.limits = limits;
        this.memory = new Budget(limits.memoryBytes(), 0, 2, limits.memoryBytes());
        this.bootTimers = new BootTimers(kernel, loop);
        this.cgroups = kernel.openCgroups(loop);
        this.compiler = new PolicyCompiler(loop);
        this.mounts = mounts;
        this.logBudget = new LogBudget(loop::nowNs);
    }

    /** Completes when connect() to the server's address works; before it is ready, clients wait there. */
    public CompletableFuture<ServerInfo> add(ServerSpec spec) {
        return onLoop(() -> {
            if (shutDown || servers.size() >= limits.servers()) {
                spec.fds().forEach(kernel::close);
                throw shutDown ? new RegistryException(RegistryException.Kind.FAILED, "the helper is about to exit")
                        : new RegistryException(RegistryException.Kind.LIMITS_EXCEEDED,
                                "the limit of " + limits.servers() + " container servers is reached");
            }
            try {
                spec.labels().ifPresent(policy -> checkRoom(policy, null));
            } catch (RegistryException tooLarge) {
                spec.fds().forEach(kernel::close);
                throw tooLarge;
            }
            ContainerServer server = new ContainerServer(this, Long.toString(++lastId), spec, nowUs());
            servers.put(server.id(), server);
            return server.open(backend).thenApply(info -> {
                listeners.forEach(listener -> listener.onServerAdded(info));
                return info;
            });
        });
    }

    /** Completes when everything the server owned is freed. */
    public CompletableFuture<Void> remove(String id, CloseReason reason) {
        return onLoop(() -> find(id).requestClose(reason));
    }

    public CompletableFuture<Void> stopListening(String id) {
        return change(id, ContainerServer::stopListening);
    }

    /** The rules take the place of the base rules, or of {@code Unrestricted}. */
    public CompletableFuture<Void> setAccess(String id, List<AccessRule> rules) {
        return change(id, server -> server.changeAccess(access -> access.replaceBase(rules)));
    }

    /** Fails with {@code INVALID_ARGUMENT}, naming line and column, when the text is no policy, and changes nothing then. */
    public CompletableFuture<Void> setPolicy(String id, String text) {
        return onLoop(() -> {
            ContainerServer server = find(id);
            long replacement = server.beginReplacement();
            return compilePolicy(text, new AppId(server.spec().type(), server.spec().appId())).thenCompose(policy ->
                    change(id, same -> same.setLabels(policy, replacement)));
        });
    }

    /** Compiles a label policy for a server that is to be made. Fails as {@link #setPolicy}. */
    public CompletableFuture<LabelPolicy> compilePolicy(String text, AppId app) {
        return compiler.compile(text, app.label());
    }

    /** Compiled policies are what servers need most memory for. @param owner whose policy it replaces; null for a new server */
    void checkRoom(LabelPolicy policy, ContainerServer owner) {
        long steps = policy.steps() + servers.values().stream().filter(server -> server != owner).mapToLong(ContainerServer::policySteps).sum();
        if (steps > limits.policySteps()) {
            throw new RegistryException(RegistryException.Kind.LIMITS_EXCEEDED, "the policy has " + policy.steps() + " steps of patterns: with those"
                    + " of other servers " + steps + ", and the limit policySteps is " + limits.policySteps());
        }
    }

    /** A rule that is there already is not added again. */
    public CompletableFuture<Void> addAccess(String id, List<AccessRule> rules) {
        return change(id, server -> server.changeAccess(access -> access.addToBase(rules)));
    }

    /**
     * Adds rules that go by themselves; the time that the machine sleeps counts.
     *
     * @param durationUs microseconds, above 0; fails with {@code INVALID_ARGUMENT} for more than a hundred years
     * @param by         who has asked for it
     */
    public CompletableFuture<Void> addTimedAccess(String id, List<AccessRule> rules, long durationUs, Caller by) {
        return change(id, server -> {
            if (durationUs < 1 || durationUs > AccessTable.LONGEST_US) {
                throw new RegistryException(RegistryException.Kind.INVALID_ARGUMENT, "duration " + Long.toUnsignedString(durationUs)
                        + ": expected at most " + AccessTable.LONGEST_US + " microseconds (a hundred years), or 0 for base rules");
            }
            server.changeAccess(access -> access.addTimed(rules, nowUs(), durationUs, by));
        });
    }

    /** Of the base and timed; fails with {@code INVALID_ARGUMENT}, and removes none, when a rule is neither. */
    public CompletableFuture<Void> removeAccess(String id, List<AccessRule> rules) {
        return change(id, server -> server.changeAccess(access -> access.remove(rules)));
    }

    /**
     * A service opens itself to a server, by rules about names that it owns now; an empty name means its unique name. The rules go
     * when it loses the name or leaves the bus. Fails with {@code INVALID_ARGUMENT} for what nobody may grant, {@code ACCESS_DENIED}
     * for names of others and for names that hand out the host, {@code LIMITS_EXCEEDED}.
     */
    public CompletableFuture<Void> grantAccess(String id, List<AccessRule> rules, Caller by) {
        return onLoop(() -> find(id).namesOf(by.uniqueName()).thenAccept(owned -> {
            ContainerServer server = find(id);
            server.checkNoHostEscape(owned);
            int elsewhere = servers.values().stream().filter(other -> other != server)
                    .mapToInt(other -> other.access().grantsBy(by.uniqueName())).sum();
            server.changeAccess(access -> access.grant(rules, by, owned, elsewhere));
        }));
    }

    /** Takes back what this service has granted; fails with {@code INVALID_ARGUMENT}, and takes back nothing, for what it has not. */
    public CompletableFuture<Void> revokeAccess(String id, List<AccessRule> rules, Caller by) {
        return change(id, server -> server.changeAccess(access -> access.revoke(rules, by)));
    }

    /** @param path as {@link Cgroups#watch} takes it; fails with {@code INVALID_ARGUMENT} when it is none */
    public CompletableFuture<Void> addCgroup(String id, String path) {
        return change(id, server -> server.addCgroup(path));
    }

    /** @param pidFd taken, whatever comes of it; fails with {@code INVALID_ARGUMENT} when it is none */
    public CompletableFuture<Void> addProcess(String id, int pidFd) {
        return loop.submit(() -> {
            ContainerServer server = servers.get(id);
            if (server == null || !server.isMade()) {
                kernel.close(pidFd);
            }
            find(id).addProcess(pidFd);
            return null;
        });
    }

    /**
     * Mounts the server's socket into another mount namespace. Fails with {@code INVALID_ARGUMENT}, {@code ACCESS_DENIED} or
     * {@code NOT_SUPPORTED} and leaves the namespace as it was then.
     *
     * @param namespace     its fd is taken, whatever comes of it
     * @param target        absolute, without empty components, {@code .} and {@code ..}
     * @param hideDirectory whether the target's directory is to be empty but for Berth's sockets
     */
    public CompletableFuture<Void> bindMount(String id, NamespaceSpec namespace, String target, boolean hideDirectory) {
        return onLoop(() -> mounts.add(findOrClose(id, Optional.of(namespace)), namespace, target, hideDirectory));
    }

    /**
     * Undoes {@link #bindMount}; fails with {@code INVALID_ARGUMENT} when there is no such mount.
     *
     * @param namespace its fd is taken, whatever comes of it; empty for every namespace
     * @param target    empty for every target
     */
    public CompletableFuture<Void> unmount(String id, Optional<NamespaceSpec> namespace, Optional<String> target) {
        return onLoop(() -> mounts.remove(findOrClose(id, namespace), namespace, target));
    }

    private ContainerServer findOrClose(String id, Optional<NamespaceSpec> namespace) {
        try {
            return find(id);
        } catch (RegistryException unknown) {
            namespace.ifPresent(spec -> spec.close(kernel));
            throw unknown;
        }
    }

    public CompletableFuture<Void> setMode(String id, Mode mode) {
        return change(id, server -> server.setMode(mode));
    }

    /**
     * Tells the listeners of every kind of message of this server's clients, once, until it is stopped or the caller leaves.
     * Fails with {@code LIMITS_EXCEEDED} or, for a caller that observes it already, {@code INVALID_ARGUMENT}.
     *
     * @param caller   unique name on the helper's bus
     * @param complain let pass meanwhile what the rules do not allow
     */
    public CompletableFuture<Void> observe(String id, String caller, boolean complain) {
        return change(id, server -> server.observe(caller, complain));
    }

    /** @return how many messages were of too many kinds to be told; fails with {@code INVALID_ARGUMENT} for who does not observe */
    public CompletableFuture<Long> stopObserving(String id, String caller) {
        return loop.submit(() -> find(id).stopObserving(caller).orElseThrow(() ->
                new RegistryException(RegistryException.Kind.INVALID_ARGUMENT, caller + " does not observe server " + id)));
    }

    /** What was refused of late, the latest last. */
    public CompletableFuture<List<Denial>> denials(String id) {
        return loop.submit(() -> find(id).denials());
    }

    /** Fails with {@code UNKNOWN_SERVER}. */
    public CompletableFuture<ServerInfo> get(String id) {
        return loop.submit(() -> find(id).info());
    }

    public CompletableFuture<List<ServerInfo>> list() {
        return loop.submit(() -> servers.values().stream().filter(server -> server.isMade() && !server.isClosing()).map(ContainerServer::info).toList());
    }

    /**
     * Waits while a Hello that could be this name's is under way.
     *
     * @param bus           {@code session}, {@code system} or an address
     * @param busName       unique or well-known
     * @param wantProcessFd whether the credentials carry a pidfd of the receiver's own
     * @return fails with {@code NOT_CONTAINER} or {@code NAME_HAS_NO_OWNER}
     */
    public CompletableFuture<ConfinedIdentity> identify(String bus, String busName, boolean wantProcessFd) {
        return onLoop(() -> backend.identify(bus, busName).thenApply(found -> {
            Backend.Found connection = found.orElseThrow(() -> new RegistryException(RegistryException.Kind.NOT_CONTAINER,
                    busName + " is not a confined connection"));
            PeerCredentials c = connection.credentials();
            int pidFd = wantProcessFd && c.pidFd() >= 0 ? kernel.duplicate(c.pidFd()) : -1;
            return new ConfinedIdentity(connection.server().info(), connection.uniqueName(),
                    new PeerCredentials(c.uid(), c.gid(), c.pid(), c.groups(), c.label(), pidFd));
        }));
    }

    /** A connection has left the helper's bus: ends what must not outlive it. */
    public void creatorGone(String uniqueName) {
        loop.execute(() -> {
            List.copyOf(servers.values()).forEach(server -> server.stopObserving(uniqueName));
            List.copyOf(servers.values()).stream()
                    .filter(server -> server.spec().creator().uniqueName().equals(uniqueName)).forEach(ContainerServer::onCreatorGone);
        });
    }

    /** Ends every server with {@link CloseReason#HELPER_EXIT}; completes when all is freed. */
    public CompletableFuture<Void> shutdown() {
        return onLoop(() -> {
            shutDown = true;
            return CompletableFuture.allOf(List.copyOf(servers.values()).stream()
                    .map(server -> server.requestClose(CloseReason.HELPER_EXIT)).toArray(CompletableFuture[]::new));
        });
    }

    public void addListener(RegistryListener listener) {
        loop.execute(() -> listeners.add(listener));
    }

    private CompletableFuture<Void> change(String id, Consumer<ContainerServer> action) {
        return loop.submit(() -> {
            action.accept(find(id));
            return null;
        });
    }

    private <T> CompletableFuture<T> onLoop(Callable<CompletableFuture<T>> task) {
        return loop.submit(task).thenCompose(future -> future);
    }

    private ContainerServer find(String id) {
        ContainerServer server = servers.get(id);
        if (server == null || !server.isMade() || server.isClosing()) {
            throw new RegistryException(RegistryException.Kind.UNKNOWN_SERVER, "there is no container server «" + id + "»");
        }
        return server;
    }

    // what the servers tell

    /** @param last what it was; null when it was never announced */
    void onFreed(ContainerServer server, ServerInfo last, CloseReason reason) {
        servers.remove(server.id());
        if (last != null) {
            server.log(LOG, 1).info("server {} of {} removed: {}", server.id(), PrintableText.of(last.appId()), reason.word());
            listeners.forEach(listener -> listener.onServerRemoved(last, reason));
        }
    }

    void onChanged(ServerInfo before, ServerInfo now) {
        listeners.forEach(listener -> listener.onServerChanged(before, now));
    }

    void onAudit(ContainerServer server, AuditRecord record) {
        listeners.forEach(listener -> listener.onAudit(server.id(), record));
    }

    /** @return whether it could be told */
    boolean onObserved(ContainerServer server, AuditRecord record) {
        boolean told = true;
        for (RegistryListener listener : listeners) {
            told &= listener.onObserved(server.id(), record);
        }
        return told;
    }

    void onObservationEnded(ContainerServer server, String caller) {
        listeners.forEach(listener -> listener.onObservationEnded(server.id(), caller));
    }

    /** Microseconds since the epoch. */
    long nowUs() {
        return System.currentTimeMillis() * 1000;
    }

    Kernel kernel() {
        return kernel;
    }

    EventLoop loop() {
        return loop;
    }

    /** What may be written to the log of what others cause. */
    public LogBudget logBudget() {
        return logBudget;
    }

    AuditMemory auditMemory() {
        return auditMemory;
    }

    MountTable mounts() {
        return mounts;
    }

    Cgroups cgroups() {
        return cgroups;
    }

    /** What those who make servers, and services that grant them something, make us keep, in bytes. */
    Budget memory() {
        return memory;
    }

    RegistryLimits limits() {
        return limits;
    }

    BootTimers bootTimers() {
        return bootTimers;
    }

    /** For a server whose connections come from a sandbox that portals know for one. */
    NameSet hostEscapeBesidePortals() {
        return hostEscapeBesidePortals;
    }

    NameSet hostEscape() {
        return hostEscape;
    }
}
