package io.berth.server;

/**
 * How much there may be.
 *
 * @param servers            at once
 * @param instancesPerServer cgroups and processes whose life ends one server
 * @param rulesPerServer     base and timed rules of one server
 * @param grantsPerServer    rules that services have granted to one server
 * @param grantsPerCaller    rules that one service has granted, to all servers
 * @param policySteps        of the patterns of all label policies together
 * @param memoryBytes        of what creators and services make the helper keep: rules, policies, metadata
 */
public record RegistryLimits(int servers, int instancesPerServer, int rulesPerServer, int grantsPerServer, int grantsPerCaller, int policySteps, int memoryBytes) {
}
