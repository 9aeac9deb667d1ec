package io.berth.server;

import io.berth.api.AccessRule;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * All container servers of this helper. Every method may be called from any thread; the work is done on the loop thread
 * and the future completes there. A future fails with {@link RegistryException} when the request cannot be met.
 */
public final class Registry {
    /** Completes when connect() to the server's address works. */
    public CompletableFuture<ServerInfo> add(ServerSpec spec) {
        throw new UnsupportedOperationException();
    }

    /** Completes when everything the server owned is freed. */
    public CompletableFuture<Void> remove(String id, CloseReason reason) {
        throw new UnsupportedOperationException();
    }

    public CompletableFuture<Void> stopListening(String id) {
        throw new UnsupportedOperationException();
    }

    public CompletableFuture<Void> setAccess(String id, List<AccessRule> rules) {
        throw new UnsupportedOperationException();
    }

    public CompletableFuture<Void> addAccess(String id, List<AccessRule> rules) {
        throw new UnsupportedOperationException();
    }

    public CompletableFuture<Void> removeAccess(String id, List<AccessRule> rules) {
        throw new UnsupportedOperationException();
    }

    public CompletableFuture<Void> setMode(String id, Mode mode) {
        throw new UnsupportedOperationException();
    }

    /** Fails with {@code UNKNOWN_SERVER}. */
    public CompletableFuture<ServerInfo> get(String id) {
        throw new UnsupportedOperationException();
    }

    public CompletableFuture<List<ServerInfo>> list() {
        throw new UnsupportedOperationException();
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
        throw new UnsupportedOperationException();
    }

    /** Whether the owner of a unique name on the session bus is a confined connection. */
    public CompletableFuture<Boolean> isConfined(String uniqueName) {
        throw new UnsupportedOperationException();
    }

    /** A connection has left the helper's bus: ends what must not outlive it. */
    public void creatorGone(String uniqueName) {
        throw new UnsupportedOperationException();
    }

    /** Ends every server with {@link CloseReason#HELPER_EXIT}; completes when all is freed. */
    public CompletableFuture<Void> shutdown() {
        throw new UnsupportedOperationException();
    }

    public void addListener(RegistryListener listener) {
        throw new UnsupportedOperationException();
    }
}
