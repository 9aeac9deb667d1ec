package io.berth.server;

import io.berth.api.AuditRecord;
import io.berth.budget.Account;
import io.berth.kernel.Fault;
import io.berth.kernel.KernelException;
import io.berth.kernel.LogBudget;
import io.berth.kernel.OutcomeException;
import io.berth.policy.AccessPolicy;
import io.berth.policy.LabelPolicy;
import io.berth.policy.NameSet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One container server and all that was acquired for it. {@link AccessTable} knows its rules, {@link Lifetime} finds out what
 * ends it. Every end comes
 * to {@link #requestClose}; what was acquired is undone there, in reverse, and nowhere else. Loop thread.
 */
public final class ContainerServer {
    private static final Logger LOG = LoggerFactory.getLogger(ContainerServer.class);
    /** What it takes in memory by itself, and for each instance. */
    private static final int SERVER_BYTES = 6 << 10;
    private static final int INSTANCE_BYTES = 1 << 10;
    /** As it was given, and in what is told of the server. */
    private static final int METADATA_COPIES = 4;

    private final Registry registry;
    private final String id;
    private final ServerSpec spec;
    private final long createdUs;
    private final LogBudget.Account account;
    private final AuditLog denials;
    /** What a policy allows and wants told; not to push out what was denied. */
    private final AuditLog audited;
    private final Observations observations;
    private final Lifetime lifetime;
    private final List<Runnable> acquired = new ArrayList<>();
    private final CompletableFuture<Void> freed = new CompletableFuture<>();
    private ServerState state = ServerState.PREPARING;
    /** What its creator makes us keep. */
    private final Account memory;
    private final AccessTable access;
    private boolean knownToPortals;
    private Mode mode;
    private Backend.Service service;
    private CloseReason reason;
    /** What was told last; null until the server has been made. */
    private ServerInfo told;

    ContainerServer(Registry registry, String id, ServerSpec spec, long createdUs) {
        this.registry = registry;
        this.id = id;
        this.spec = spec;
        this.createdUs = createdUs;
        this.account = registry.logBudget().open("server " + id);
        this.denials = new AuditLog(account, registry.auditMemory());
        this.audited = new AuditLog(account, registry.auditMemory());
        this.observations = new Observations(registry.auditMemory());
        this.memory = registry.memory().open();
        this.access = new AccessTable(spec, registry.bootTimers(), registry.limits(), memory, new AccessTable.Listener() {
            @Override
            public void onAccessChanged() {
                applyPolicy();
            }

            @Override
            public void onAccessAudit(AuditRecord record) {
                if (account.take(AuditLog.MESSAGES)) {
                    tell(record);
                } else {
                    account.leaveOut(1);
                }
            }
        });
        this.mode = spec.mode();
        this.lifetime = new Lifetime(this, registry, spec.lifetime(), spec.connector().isPresent());
    }

    /** @return completes when the socket is there and, if the server is ready, served; when it fails nothing is left of the server */
    CompletableFuture<ServerInfo> open(Backend backend) {
        acquired.add(memory::close);
        acquired.add(lifetime::close);
        acquired.add(access::close);
        return ask(backend).handle((answer, failure) -> {
            spec.socket().ifPresent(registry.kernel()::close);
            spec.connector().ifPresent(registry.kernel()::close);
            try {
                if (failure != null) {
                    throw Fault.outcome(failure);
                }
                begin(answer);
                return told;
            } catch (OutcomeException refused) {
                free();
                throw refusal(refused);
            } catch (RuntimeException | Error fault) {
                Fault.report(fault);
                throw fault;
            }
        });
    }

    /** A backend may refuse at once; that is no other end than a refusal later. */
    private CompletableFuture<Backend.Service> ask(Backend backend) {
        try {
            takeMemory(SERVER_BYTES + METADATA_COPIES * (spec.metadata().toString().length() + spec.appId().length()));
            access.begin();
            lifetime.begin();
            return backend.open(this, policy());
        } catch (OutcomeException refused) {
            return CompletableFuture.failedFuture(refused);
        }
    }

    /** For what belongs to it until its end. @throws RegistryException LIMITS_EXCEEDED when there is none left */
    private void takeMemory(long bytes) {
        if (!memory.hasRoom(bytes)) {
            throw new RegistryException(RegistryException.Kind.LIMITS_EXCEEDED, "the server would take " + bytes
                    + " bytes of memory, at most " + memory.share() + " now: the limit memoryBytes is for all servers together");
        }
        memory.charge(bytes);
        acquired.add(() -> memory.release(bytes));
    }

    private static OutcomeException refusal(OutcomeException refused) {
        return refused instanceof KernelException lack ? new RegistryException(RegistryException.Kind.FAILED, lack.getMessage()) : refused;
    }

    private void begin(Backend.Service made) {
        acquired.add(made::close);
        service = made;
        if (reason != null) {
            throw new RegistryException(RegistryException.Kind.FAILED, "the server ended while it was made: " + reason.word());
        }
        if (lifetime.isReady()) {
            service.accept();
            state = ServerState.LISTENING;
        }
        lifetime.onMade();
        told = info();
    }

    /** Clients may be accepted from now on. */
    void onReady() {
        if (isMade() && state == ServerState.PREPARING) {
            service.accept();
            state = ServerState.LISTENING;
            tellChange();
        }
    }

    /** Whether its creator has been told of it. */
    boolean isMade() {
        return told != null;
    }

    /** Whether it has ended, though not all may be freed. */
    boolean isClosing() {
        return state == ServerState.CLOSING;
    }

    /** Ends the server; only the first reason counts. @return completes when everything is freed */
    CompletableFuture<Void> requestClose(CloseReason why) {
        if (reason == null) {
            reason = why;
            if (isMade()) {
                free();
            }
        }
        return freed;
    }

    private void free() {
        state = ServerState.CLOSING;
        ServerInfo last = isMade() ? info() : null;
        for (int i = acquired.size() - 1; i >= 0; i--) {
            try {
                acquired.get(i).run();
            } catch (KernelException stays) {
                // bad, but no reason to keep the others
                LOG.error("server {} cannot give back everything: {}", id, stays.getMessage());
            }
        }
        acquired.clear();
        observations.callers().forEach(caller -> {
            observations.remove(caller);
            registry.onObservationEnded(this, caller);
        });
        Fault.reportOf(registry.mounts().release(this).thenRun(() -> {
            denials.close();
            audited.close();
            account.close(LOG);
            registry.onFreed(this, last, reason);
            freed.complete(null);
        }));
    }

    /** No new clients; ends with the last one. */
    void stopListening() {
        if (state == ServerState.LISTENING || state == ServerState.PREPARING) {
            state = ServerState.DRAINING;
            service.stopListening();
            lifetime.stopWaitingForClient();
            if (service.hasClients()) {
                tellChange();
            } else {
                requestClose(CloseReason.REMOVED);
            }
        }
    }

    void onMountsChanged() {
        tellChange();
    }

    void addCgroup(String path) {
        takeMemory(INSTANCE_BYTES);
        lifetime.addCgroup(path);
    }

    /** @param pidFd taken, also when this throws */
    void addProcess(int pidFd) {
        lifetime.addProcess(pidFd);
    }

    /** Changes the rules, all of them or none, and has them in force. */
    void changeAccess(Consumer<AccessTable> change) {
        change.accept(access);
        applyPolicy();
    }

    AccessTable access() {
        return access;
    }

    /**
     * The names of a connection, its unique name among them, when all that the bus knows now has been told.
     *
     * @return completes in a turn of its own; fails with INVALID_ARGUMENT when the server is on another bus than the helper
     */
    CompletableFuture<List<String>> namesOf(String uniqueName) {
        if (!service.isOnHelpersBus()) {
            throw new RegistryException(RegistryException.Kind.INVALID_ARGUMENT, "server " + id + " is on the bus " + spec.bus()
                    + ", expected one on the bus of the caller");
        }
        return service.namesOf(uniqueName);
    }

    /** A connection of the bus has lost a name; it has left when that is its unique name. */
    public void onNameLost(String name, String uniqueName) {
        access.onNameLost(name, uniqueName).ifPresent(ending -> registry.loop().execute(() -> {
            if (!isClosing()) {
                ending.run();
            }
        }));
    }

    void setMode(Mode newMode) {
        mode = newMode;
        applyPolicy();
    }

    /** @param caller who is told, until it is stopped or leaves the bus. @throws RegistryException when it cannot be */
    void observe(String caller, boolean complain) {
        observations.add(caller, complain);
        onObserversChanged();
    }

    /** @return how many messages were left out; empty when this caller did not observe */
    OptionalLong stopObserving(String caller) {
        Observation ended = observations.remove(caller);
        if (ended == null) {
            return OptionalLong.empty();
        }
        onObserversChanged();
        registry.onObservationEnded(this, caller);
        return OptionalLong.of(ended.leftOut());
    }

    private void onObserversChanged() {
        service.setObserved(!observations.isEmpty());
        applyPolicy();
    }

    /** The server's own, or complain while somebody who observes it wants that. */
    private Mode effectiveMode() {
        return observations.complain() ? Mode.COMPLAIN : mode;
    }

    private void applyPolicy() {
        service.setPolicy(policy());
        tellChange();
    }

    /** @throws RegistryException ACCESS_DENIED for a name that hands out the host, which this server may not reach */
    void checkNoHostEscape(Collection<String> names) {
        NameSet forbidden = forbiddenNames();
        names.stream().filter(name -> forbidden != null && forbidden.contains(name)).findFirst().ifPresent(name -> {
            throw new RegistryException(RegistryException.Kind.ACCESS_DENIED,
                    name + " hands out the host; server " + id + " was made without AllowHostEscape");
        });
    }

    /** Names that hand out the host; null where they may. */
    private NameSet forbiddenNames() {
        return spec.allowHostEscape() ? null : knownToPortals ? registry.hostEscapeBesidePortals() : registry.hostEscape();
    }

    private AccessPolicy policy() {
        boolean complains = effectiveMode() == Mode.COMPLAIN;
        return access.labels().map(labels -> AccessPolicy.of(labels, complains, forbiddenNames()))
                .orElseGet(() -> new AccessPolicy(access.all(), access.isUnrestricted(), complains, forbiddenNames()));
    }

    long beginReplacement() {
        return access.beginReplacement();
    }

    /** @param replacement of {@link #beginReplacement} */
    void setLabels(LabelPolicy policy, long replacement) {
        registry.checkRoom(policy, this);
        changeAccess(table -> table.replaceByLabels(policy, replacement));
    }

    int policySteps() {
        return access.labels().map(LabelPolicy::steps).orElse(0);
    }

    // what the backend tells

    public void onClient() {
        lifetime.onClient();
    }

    public void onConnectionsChanged() {
        tellChange();
    }

    public void onLastClientLeft() {
        if (state == ServerState.DRAINING) {
            requestClose(CloseReason.REMOVED);
        } else {
            lifetime.onLastClientLeft();
        }
    }

    void onCreatorGone() {
        lifetime.onCreatorGone(service != null && service.hasClients());
    }

    void onCgroupsChanged() {
        tellChange();
    }

    /** Portals will not take the app for one of the host: its rules about them have effect. */
    public void onKnownToPortals() {
        knownToPortals = true;
        applyPolicy();
    }

    public void onBusGone() {
        requestClose(CloseReason.BUS_GONE);
    }

    public void onConnectorGone() {
        requestClose(CloseReason.CLOSED);
    }

    /**
     * A decision about a message of any client.
     *
     * @param kind   the same for those that say the same thing
     * @param record asked only if it is needed
     */
    public void onAudit(long kind, String verdict, Supplier<AuditRecord> record) {
        AuditLog log = verdict.equals(AuditRecord.AUDITED) ? audited : denials;
        log.add(kind, record, registry.nowUs(), registry.loop().nowNs()).ifPresent(this::tell);
    }

    private void tell(AuditRecord record) {
        account.tellLeftOut(LOG);
        registry.onAudit(this, record);
    }

    /** The same of any message, while somebody observes. */
    public void onObserved(long kind, Supplier<AuditRecord> record) {
        if (observations.isNew(kind) && !registry.onObserved(this, record.get())) {
            observations.leaveOut(kind);
        }
    }

    /**
     * The logger for one line that somebody outside causes, or one that swallows it: what the server may write is limited.
     *
     * @param messages that it makes, with a stack trace
     */
    public Logger log(Logger log, int messages) {
        return account.to(log, messages);
    }

    /** What was refused of late, the latest last. */
    List<Denial> denials() {
        return denials.list();
    }

    private void tellChange() {
        if (isMade() && reason == null) {
            ServerInfo before = told;
            told = info();
            registry.onChanged(before, told);
        }
    }

    public String id() {
        return id;
    }

    public ServerSpec spec() {
        return spec;
    }

    /** What it looks like now; also when it has ended. */
    public ServerInfo info() {
        return new ServerInfo(id, spec.type(), spec.appId(), spec.metadata(), spec.creator(), spec.bus(),
                service == null ? "" : service.socketPath(), service == null ? "" : service.address(), state, access.base(), access.timed(), access.grants(),
                access.labels().map(LabelPolicy::text).orElse(""), access.isUnrestricted(), effectiveMode(),
                service == null ? List.of() : service.connections(), lifetime.cgroups(), registry.mounts().list(this), createdUs,
                service == null ? 0 : service.messagesForwarded(), service == null ? 0 : service.messagesDenied());
    }
}
