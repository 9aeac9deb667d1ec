package io.berth.relay;

import io.berth.api.AuditRecord;
import java.util.function.Supplier;
import org.slf4j.Logger;

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

    /**
     * Thinning out is the receiver's.
     *
     * @param kind    the same number for decisions that say the same thing
     * @param verdict as in the record
     * @param record  makes it, with a {@code suppressed} of 0; to be asked now or not at all
     */
    void onAudit(long kind, String verdict, Supplier<AuditRecord> record);

    /**
     * Any message, only while it is wanted, see {@link RelayServer#setObserved}; what it says may have been said before.
     *
     * @param kind   as for {@link #onAudit}
     * @param record the same
     */
    void onObserved(long kind, Supplier<AuditRecord> record);

    /**
     * The logger for one line that a client causes; where that is too much for this server, one that swallows it.
     *
     * @param messages that it makes: more than one with a stack trace
     */
    Logger log(Logger log, int messages);
}
