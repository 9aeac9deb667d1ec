package io.berth.server;

import io.berth.api.AuditRecord;

/** Told on the loop thread; must not block. */
public interface RegistryListener {
    default void onServerAdded(ServerInfo server) {
    }

    /** After everything that the server owned has been freed; once per server that was added. */
    default void onServerRemoved(ServerInfo server, CloseReason reason) {
    }

    /** State, access rules, mode, connections, cgroups or mounts changed. */
    default void onServerChanged(ServerInfo before, ServerInfo now) {
    }

    default void onAudit(String serverId, AuditRecord record) {
    }

    /** A kind of message that is new to somebody who observes the server. @return whether it will be told: there was room */
    default boolean onObserved(String serverId, AuditRecord record) {
        return true;
    }

    /** Once for each {@link Registry#observe} that succeeded. @param caller who observed */
    default void onObservationEnded(String serverId, String caller) {
    }
}
