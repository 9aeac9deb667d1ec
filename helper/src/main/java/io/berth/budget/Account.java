package io.berth.budget;

/** What is kept for one container server, of a {@link Budget}. What is charged must be released, also after it was closed. Not thread-safe. */
public final class Account {
    private final Budget budget;
    private long used;
    private boolean closed;

    Account(Budget budget) {
        this.budget = budget;
        budget.add(budget.guaranteed());
    }

    public long used() {
        return used;
    }

    /** The most that it may have now. */
    public long share() {
        return budget.share(budget.free());
    }

    /** Whether it has more than it may have now. */
    public boolean isOver() {
        return used > share();
    }

    /** Whether it may have so much more. */
    public boolean hasRoom(long amount) {
        long grown = used + amount;
        return grown <= budget.share(budget.free() - (counted(grown) - counted(used)));
    }

    /** Charges what is there already. @param amount 0 or more */
    public void charge(long amount) {
        change(amount);
    }

    /** @param amount of what was charged */
    public void release(long amount) {
        change(-amount);
    }

    private void change(long amount) {
        long before = counted(used);
        used += amount;
        long change = counted(used) - before;
        if (change != 0) {
            budget.add(change);
        }
    }

    /** What the budget counts: what is set aside is as good as used. */
    private long counted(long amount) {
        return closed ? amount : Math.max(amount, budget.guaranteed());
    }

    /** Nothing is set aside for it any more. */
    public void close() {
        if (!closed) {
            long before = counted(used);
            closed = true;
            budget.add(used - before);
        }
    }
}
