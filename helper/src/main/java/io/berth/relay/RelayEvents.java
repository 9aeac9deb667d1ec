package io.berth.relay;

import io.berth.api.AuditRecord;

/** What a {@link RelayServer} tells its owner. Loop thread. */
public interface RelayEvents {
    /** A client got its name, or left. */
    void onConnectionsChanged();

    /** A client has come; it may not have a name yet. */
    void onClient();

    /** The last client has left. */
    void onLastClientLeft();

    void onBusGone();

    /**
     * Another connection of the bus has lost a name; it has left when that is its unique name. May come from inside a judge: nothing
     * may be said on any connection in answer to it, not in this turn.
     */
    void onNameLost(String name, String uniqueName);

    /**
     * The connections are made from a sandbox that portals know for one. Told at most once, before the first of them has its name.
     */
    void onKnownToPortals();

    /** Who made the connections to the bus does so no longer. */
    void onConnectorGone();

    /** @param record whose {@code suppressed} is 0: thinning out is the receiver's */
    void onAudit(AuditRecord record);

    /** Only while it is wanted, see {@link RelayServer#setObserved}. @param record of any message; what it says may have been said before */
    void onObserved(AuditRecord record);
}
