package io.berth.server;

import io.berth.api.AccessRule;
import io.berth.api.AuditRecord;
import io.berth.kernel.EventLoop;
import io.berth.kernel.KernelException;
import io.berth.kernel.Poller;
import io.berth.policy.AccessPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * One container server: its rules, what ends it, and all that was acquired for it. Every end comes to
 * {@link #requestClose}; what was acquired is undone there, in reverse, and nowhere else. Loop thread.
 */
public final class ContainerServer {
    private final Registry registry;
    private final String id;
    private final ServerSpec spec;
    private final long createdUs;
    private final AuditThinner thinner = new AuditThinner();
    private final List<Runnable> acquired = new ArrayList<>();
    private final CompletableFuture<Void> freed = new CompletableFuture<>();
    private ServerState state = ServerState.PREPARING;
    private List<AccessRule> rules;
    private boolean unrestricted;
    private Mode mode;
    private Backend.Service service;
    private EventLoop.Timer startTimer;
    private boolean hadClient;
    private CloseReason reason;
    private ServerInfo told;

    ContainerServer(Registry registry, String id, ServerSpec spec, long createdUs) {
        this.registry = registry;
        this.id = id;
        this.spec = spec;
        this.createdUs = createdUs;
        this.rules = List.copyOf(spec.allow());
        this.unrestricted = spec.unrestricted();
        this.mode = spec.mode();
    }

    /** @return completes when clients can connect; when it fails nothing is left of the server */
    CompletableFuture<ServerInfo> open(Backend backend) {
        CompletableFuture<ServerInfo> opened = new CompletableFuture<>();
        ask(backend).whenComplete((answer, failure) -> {
            if (failure != null) {
                free();
                opened.completeExceptionally(failure);
                return;
            }
            service = answer;
            acquired.add(answer::close);
            if (reason != null) {
                // the end came while the bus was asked
                free();
                opened.completeExceptionally(new RegistryException(RegistryException.Kind.FAILED,
                        "the server ended while it was made: " + reason.word()));
                return;
            }
            state = ServerState.LISTENING;
            startTimeout();
            told = info();
            opened.complete(told);
        });
        return opened;
    }

    /** A backend may refuse at once; that is no other end than a refusal later. */
    private CompletableFuture<Backend.Service> ask(Backend backend) {
        try {
            spec.closeNotification().ifPresent(this::watchForClose);
            return backend.open(this, policy());
        } catch (RuntimeException refused) {
            return CompletableFuture.failedFuture(refused);
        }
    }

    private void watchForClose(int fd) {
        acquired.add(() -> registry.kernel().close(fd));
        try {
            EventLoop.Watch watch = registry.loop().watch(fd, Poller.READ, events -> requestClose(CloseReason.CLOSED));
            acquired.add(watch::cancel);
        } catch (KernelException unfit) {
            throw new RegistryException(RegistryException.Kind.INVALID_ARGUMENT,
                    "CloseNotification cannot be waited for, expected a pipe or socket: " + unfit.getMessage());
        }
    }

    private void startTimeout() {
        if (spec.startTimeoutUs() > 0 && !hadClient) {
            long delayNs = Math.min(spec.startTimeoutUs(), Long.MAX_VALUE / 2000) * 1000;
            startTimer = registry.loop().schedule(delayNs, () -> requestClose(CloseReason.NEVER_STARTED));
            acquired.add(startTimer::cancel);
        }
    }

    /** Ends the server; only the first reason counts. @return completes when everything is freed */
    CompletableFuture<Void> requestClose(CloseReason why) {
        if (reason == null) {
            reason = why;
            if (state != ServerState.PREPARING) {
                free();
            }
        }
        return freed;
    }

    private void free() {
        boolean wasListening = state != ServerState.PREPARING;
        state = ServerState.CLOSING;
        ServerInfo last = wasListening ? info() : null;
        for (int i = acquired.size() - 1; i >= 0; i--) {
            acquired.get(i).run();
        }
        acquired.clear();
        registry.onFreed(this, last, reason);
        freed.complete(null);
    }

    /** No new clients; ends with the last one. */
    void stopListening() {
        if (state == ServerState.LISTENING) {
            state = ServerState.DRAINING;
            service.stopListening();
            if (startTimer != null) {
                startTimer.cancel();
            }
            if (service.hasClients()) {
                tellChange();
            } else {
                requestClose(CloseReason.REMOVED);
            }
        }
    }

    /** The rules take the place of {@code Unrestricted} too. */
    void setAccess(List<AccessRule> newRules) {
        rules = List.copyOf(newRules);
        unrestricted = false;
        applyPolicy();
    }

    List<AccessRule> rules() {
        return rules;
    }

    boolean isUnrestricted() {
        return unrestricted;
    }

    void setMode(Mode newMode) {
        mode = newMode;
        applyPolicy();
    }

    private void applyPolicy() {
        service.setPolicy(policy());
        tellChange();
    }

    private AccessPolicy policy() {
        return new AccessPolicy(rules, unrestricted, mode == Mode.COMPLAIN, spec.allowHostEscape() ? null : registry.hostEscape());
    }

    // what the backend tells

    public void onClient() {
        hadClient = true;
        if (startTimer != null) {
            startTimer.cancel();
        }
    }

    public void onConnectionsChanged() {
        tellChange();
    }

    public void onLastClientLeft() {
        if (state == ServerState.DRAINING) {
            requestClose(CloseReason.REMOVED);
        } else if (endsWithItsClients()) {
            requestClose(CloseReason.INSTANCES_GONE);
        }
    }

    /** Nothing else was named that would end it. */
    private boolean endsWithItsClients() {
        return spec.closeNotification().isEmpty() && spec.outliveCreator().orElse(true);
    }

    void onCreatorGone() {
        boolean abandoned = spec.outliveCreator().isEmpty() && endsWithItsClients() && (service == null || !service.hasClients());
        if (abandoned || !spec.outliveCreator().orElse(true)) {
            requestClose(CloseReason.CREATOR_GONE);
        }
    }

    public void onBusGone() {
        requestClose(CloseReason.BUS_GONE);
    }

    public void onAudit(AuditRecord record) {
        thinner.admit(record, registry.loop().nowNs()).ifPresent(told -> registry.onAudit(this, told));
    }

    private void tellChange() {
        if (state == ServerState.LISTENING || state == ServerState.DRAINING) {
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
                service == null ? "" : service.socketPath(), service == null ? "" : service.address(), state, rules, unrestricted, mode,
                service == null ? List.of() : service.connections(), createdUs,
                service == null ? 0 : service.messagesForwarded(), service == null ? 0 : service.messagesDenied());
    }
}
