package io.berth.server;

/**
 * How much there may be.
 *
 * @param servers            at once
 * @param instancesPerServer cgroups and processes whose life ends one server
 * @param rulesPerServer     base and timed rules of one server
 */
public record RegistryLimits(int servers, int instancesPerServer, int rulesPerServer) {
}
