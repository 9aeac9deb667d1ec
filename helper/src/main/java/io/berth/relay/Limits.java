package io.berth.relay;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What one app may cost. Small numbers of our own, so that an app reaches them before the bus's.
 *
 * @param servers                   container servers of this helper
 * @param instancesPerServer        cgroups and processes whose life ends one server
 * @param mountsPerServer           places in mount namespaces where one server's socket is
 * @param connectionsPerServer      clients of one server
 * @param systemConnectionsPerServer the same on the system bus, where a user has 256 connections in all (dbus-daemon's
 *                                  max_connections_per_user)
 * @param systemConnections         clients of all servers on the system bus
 * @param queuedBytes               bytes that wait for one side of a connection to read, before it is cut off
 * @param fdsInFlight               received file descriptors of one connection that no message has claimed yet
 * @param memoryBytes               memory, in bytes, that all apps together may make the helper keep; and as much that their creators may
 * @param matchRules                match rules of one server, those among them by which we follow names for it
 * @param pendingReplies            calls of one server without an answer; and of others to one connection
 * @param ownedNames                names that the connections of one server have asked for
 * @param headerBytes               header of one message
 * @param inspectedBytes            body of a message to or from the bus driver, which must be read whole
 * @param authenticateMs            milliseconds from connect() to a unique name
 * @param headerMs                  milliseconds from the first byte of a message to the end of what is read of it before it is judged
 * @param metadataBytes             metadata of one server
 * @param rulesPerServer            access rules of one server
 * @param grantsPerServer           rules that services have granted to one server
 * @param grantsPerCaller           rules that one service has granted, to all servers
 * @param policySteps               label policies of all servers together, in steps of their patterns: some 30 bytes each
 */
public record Limits(int servers, int instancesPerServer, int mountsPerServer, int connectionsPerServer, int systemConnectionsPerServer,
        int systemConnections, int queuedBytes, int fdsInFlight, int memoryBytes, int matchRules, int pendingReplies, int ownedNames, int headerBytes,
        int inspectedBytes, int authenticateMs, int headerMs, int metadataBytes, int rulesPerServer, int grantsPerServer, int grantsPerCaller, int policySteps) {

    private static final int LEAST_MEMORY = 1 << 20;

    public static Limits defaults() {
        return new Limits(2048, 64, 64, 64, 32, 128, 512 << 10, 512, 12 << 20, 1024, 2048, 256, 256 << 10, 512 << 10, 10_000, 30_000, 16 << 10, 1024, 256, 512, 512 << 10);
    }

    /** Names as in the configuration file and the {@code Limits} property, with values. */
    public Map<String, Integer> asMap() {
        Map<String, Integer> map = new LinkedHashMap<>();
        for (var component : getClass().getRecordComponents()) {
            try {
                map.put(component.getName(), (Integer) component.getAccessor().invoke(this));
            } catch (ReflectiveOperationException impossible) {
                throw new AssertionError(impossible);
            }
        }
        return map;
    }

    /**
     * These limits with some changed.
     *
     * @param changes by name; each 1 to 2^30, {@code memoryBytes} at least 1 MiB, {@code headerBytes} and {@code inspectedBytes} at most 512 KiB
     * @throws IllegalArgumentException naming what is unknown or out of range
     */
    public Limits with(Map<String, Integer> changes) {
        Map<String, Integer> all = asMap();
        changes.forEach((name, value) -> {
            if (!all.containsKey(name)) {
                throw new IllegalArgumentException("no limit is called «" + name + "»; there are "
                        + String.join(", ", new TreeMap<>(all).keySet()));
            }
            int least = name.equals("memoryBytes") ? LEAST_MEMORY : 1;
            int most = name.equals("headerBytes") || name.equals("inspectedBytes") ? 512 << 10 : 1 << 30;
            if (value < least || value > most) {
                throw new IllegalArgumentException(name + " is " + value + ", expected " + least + " to " + most);
            }
            all.put(name, value);
        });
        return new Limits(all.get("servers"), all.get("instancesPerServer"), all.get("mountsPerServer"),
                all.get("connectionsPerServer"), all.get("systemConnectionsPerServer"), all.get("systemConnections"), all.get("queuedBytes"), all.get("fdsInFlight"), all.get("memoryBytes"), all.get("matchRules"),
                all.get("pendingReplies"), all.get("ownedNames"), all.get("headerBytes"), all.get("inspectedBytes"),
                all.get("authenticateMs"), all.get("headerMs"), all.get("metadataBytes"), all.get("rulesPerServer"),
                all.get("grantsPerServer"), all.get("grantsPerCaller"), all.get("policySteps"));
    }
}
