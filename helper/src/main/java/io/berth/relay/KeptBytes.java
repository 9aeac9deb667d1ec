package io.berth.relay;

import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * What all connections of one loop make the helper keep in memory: beginnings of messages, what the other side does not take, answers
 * that wait for their place. Each connection has limits of its own, but one app may have many. When all together is more than the
 * helper's memory bears, the server that has most loses the connection that has most. Loop thread.
 */
final class KeptBytes {
    /** A quarter of the memory that the start script gives the daemon. */
    static final long MOST = 8 << 20;
    /** From here on less is read at a time, so that many apps with slow peers are slowed and not cut off. */
    private static final long MUCH = MOST / 2;

    private final Relay relay;
    private final Set<ConfinedConnection> connections = new LinkedHashSet<>();
    private long total;
    private boolean tooMuch;

    KeptBytes(Relay relay) {
        this.relay = relay;
    }

    void onOpened(ConfinedConnection connection) {
        connections.add(connection);
    }

    void onClosed(ConfinedConnection connection) {
        connections.remove(connection);
    }

    boolean isMuch() {
        return total > MUCH;
    }

    /** Not now: a judge may be in the middle of a message. @param bytes more, or less than 0 for fewer */
    void add(int bytes) {
        total += bytes;
        if (total > MOST && !tooMuch) {
            tooMuch = true;
            relay.loop().execute(this::relieve);
        }
    }

    private void relieve() {
        while (total > MOST && !connections.isEmpty()) {
            Map<RelayServer, Long> servers = new HashMap<>();
            connections.forEach(connection -> servers.merge(connection.server(), connection.keptBytes(), Long::sum));
            ConfinedConnection most = connections.stream().max(Comparator.<ConfinedConnection>comparingLong(c -> servers.get(c.server()))
                    .thenComparingLong(ConfinedConnection::keptBytes)).orElseThrow();
            if (most.keptBytes() == 0) {
                break;
            }
            most.close("the helper keeps " + total + " bytes for all apps, at most " + MOST + ", and most of them for this one");
        }
        tooMuch = false;
    }
}
