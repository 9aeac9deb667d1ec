package io.berth.server;

import io.berth.kernel.PeerCredentials;
import io.berth.policy.AccessPolicy;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A way to get a container server's socket served: by relaying to any bus, or by a bus that can do it itself. Loop thread. */
public interface Backend {
    /** One socket being served. Owns the socket, its file if it has made it, and its clients. */
    interface Service {
        /** Empty for a socket with an abstract name. */
        String socketPath();

        /** As a D-Bus server address. */
        String address();

        /** In force for the next message in either direction. */
        void setPolicy(AccessPolicy policy);

        /** Whether {@link ContainerServer#onObserved} is told of every message. */
        void setObserved(boolean observed);

        /** Begins to accept clients; until then they wait in the socket's queue. */
        void accept();

        void stopListening();

        boolean hasClients();

        /** Whether it is the helper's own bus, where its callers are. */
        boolean isOnHelpersBus();

        /**
         * The names of a connection of this bus, when all that the bus knows now has been told here.
         *
         * @return completes in a turn of the loop of its own, with no name for a connection that is not there
         */
        CompletableFuture<List<String>> namesOf(String uniqueName);

        /** Unique names. */
        List<String> connections();

        long messagesForwarded();

        long messagesDenied();

        /** Frees everything. */
        void close();
    }

    /**
     * Which server a connection belongs to.
     *
     * @param server      the one that {@link #open} was called for
     * @param credentials the pidfd is borrowed and valid during this turn of the loop
     */
    record Found(ContainerServer server, String uniqueName, PeerCredentials credentials) {
    }

    /**
     * Makes the socket, or takes up the one of the server's spec, which is borrowed until the result is there.
     *
     * @return fails with {@link RegistryException} and leaves nothing behind then
     */
    CompletableFuture<Service> open(ContainerServer server, AccessPolicy policy);

    /** @return completes with empty for an unconfined connection, fails with {@link RegistryException} for a name nobody has */
    CompletableFuture<Optional<Found>> identify(String bus, String busName);
}
