package io.berth.relay;

import io.berth.budget.Account;
import io.berth.kernel.FdQueue;
import io.berth.kernel.Sockets;

/**
 * What the connections of one server make the helper keep, and the bus. Loop thread.
 */
final class Accounts {
    private static final int FEWEST_READ_BYTES = 8 << 10;
    /** A server that has no more than this under way is read in any case, whatever else it and others have. */
    private static final int FREE_BYTES = 32 << 10;

    private static final int REFUSED_PER_TURN = 64;

    private final Relay relay;
    private final Account bytes;
    private final Account descriptors;
    private final Account connections;
    private final Account matchRules;
    private final Account calls;
    private long underWay;
    private int takenBack;
    private long refusedIn;
    private int refused;

    Accounts(Relay relay, Budgets budgets) {
        this.relay = relay;
        this.bytes = budgets.bytes().open();
        this.descriptors = budgets.descriptors().open();
        this.connections = budgets.connections().open();
        this.matchRules = budgets.matchRules().open();
        this.calls = budgets.calls().open();
    }

    /** Memory, in bytes of the heap. */
    Account bytes() {
        return bytes;
    }

    /** Something is under way, and will not be for ever. @param change in bytes of memory; less than 0 for what has gone */
    void keep(long change) {
        underWay += change;
        bytes.charge(change);
    }

    /** Whether it may keep so many bytes more for long; what is under way will not stay. */
    boolean hasRoom(long amount) {
        return bytes.hasRoom(amount - underWay);
    }

    /** Whether nothing more is to be read for this server before it has less under way. */
    boolean isFull() {
        return bytes.isOver() && underWay > FREE_BYTES;
    }

    /** How much to read at once now: what one side does not take is kept. */
    int readBytes() {
        return (int) Math.max(FEWEST_READ_BYTES, Math.min(Relay.READ_BYTES, bytes.share() - bytes.used()));
    }

    /** File descriptors that have been received and not been sent on. */
    Account descriptors() {
        return descriptors;
    }

    Account connections() {
        return connections;
    }

    /** Match rules at the bus. */
    Account matchRules() {
        return matchRules;
    }

    /** Calls that wait for their reply. */
    Account calls() {
        return calls;
    }

    /** Whether a read, which may bring {@value Sockets#MAX_FDS} file descriptors, leaves enough for others. */
    boolean mayBringDescriptors() {
        return relay.budgets().descriptors().free() >= Sockets.MAX_FDS && !descriptors.isOver();
    }

    /**
     * A message was refused, which takes longer than to let it pass, and for which no bus makes the sender wait.
     *
     * @return whether there may be another in this turn of the loop: it is other servers' then
     */
    boolean mayRefuseMore() {
        long turn = relay.loop().nowNs();
        refused = turn == refusedIn ? refused + 1 : 1;
        refusedIn = turn;
        return refused < REFUSED_PER_TURN;
    }

    /** A connection was closed because of what it kept. */
    void onTakenBack() {
        takenBack++;
    }

    /** How often that was so: who has had little taken back is read first when there is room. */
    int takenBack() {
        return takenBack;
    }

    /** Closes received file descriptors. */
    void close(int[] fds) {
        relay.closeAll(fds);
        descriptors.release(fds.length);
    }

    /** The same. */
    void close(FdQueue fds) {
        descriptors.release(fds.size());
        while (fds.size() > 0) {
            relay.kernel().close(fds.remove());
        }
    }

    /** What is still charged is released later. */
    void close() {
        bytes.close();
        descriptors.close();
        connections.close();
        matchRules.close();
        calls.close();
    }
}
