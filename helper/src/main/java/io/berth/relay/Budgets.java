package io.berth.relay;

import io.berth.budget.Budget;

/**
 * What all connections together may make the helper keep, and the bus: each has limits of its own, but one app may have many
 * connections, and there may be many apps. Loop thread.
 *
 * @param bytes       memory, in bytes of the heap
 * @param descriptors file descriptors that have been received and not been sent on
 * @param connections each takes three file descriptors: client, bus, and the client's process
 * @param matchRules  a bus asks all of them about every message: 20,000 make a call of anybody's 20 ms longer (dbus-daemon)
 * @param calls       that wait for their reply: a bus that loses the caller answers them all before anything else
 */
record Budgets(Budget bytes, Budget descriptors, Budget connections, Budget matchRules, Budget calls) {
    private static final int SERVER_BYTES = 4 << 10;
    private static final int PART = 8;

    /** @param files RLIMIT_NOFILE of this process: half of it may be under way, three eighths be connections */
    static Budgets of(Limits limits, long files) {
        return new Budgets(new Budget(limits.memoryBytes(), SERVER_BYTES, PART, limits.memoryBytes()), new Budget(files / 2, 0, PART, files),
                new Budget(files / 8, 1, PART, limits.connectionsPerServer()),
ofServers(limits.matchRules()), ofServers(limits.pendingReplies()));
    }

    /** @param one that a server may have, as long as there is enough: ten of them together have all */
    private static Budget ofServers(int one) {
        return new Budget(10L * one, Math.max(1, one / 64), PART, one);
    }
}
