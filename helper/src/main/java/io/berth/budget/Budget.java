package io.berth.budget;

/**
 * So much of one thing (bytes, file descriptors, match rules) may be kept for all container servers together; who keeps how much of
 * it is in their {@link Account}s. Nobody may have more than a part of what is still free, so that who comes late finds something too,
 * and a little is set aside for each. The idea is dbus-broker's (src/util/user.c): with a part of 1/8 ten who take all that they get
 * leave a third, thirty a thirtieth. Not thread-safe.
 */
public final class Budget {
    /** Who wants to know that there is more room, or none left. */
    public interface Listener {
        /** Something has been given back. */
        void onReleased();

        /** More is kept than there should be: it was there before it could be refused. */
        void onExceeded();
    }

    private static final Listener NOBODY = new Listener() {
        @Override
        public void onReleased() {
        }

        @Override
        public void onExceeded() {
        }
    };

    private final long most;
    private final long guaranteed;
    private final int part;
    private final long cap;
    private Listener listener = NOBODY;
    private long total;

    /**
     * @param most       of all together
     * @param guaranteed that each account may have in any case; set aside for as long as it is open
     * @param part       an account may have the n-th part of what is free
     * @param cap        the most that one account may have, however much is free
     */
    public Budget(long most, long guaranteed, int part, long cap) {
        this.most = most;
        this.guaranteed = guaranteed;
        this.part = part;
        this.cap = cap;
    }

    public void setListener(Listener listener) {
        this.listener = listener;
    }

    /** For one server; to be closed with it. */
    public Account open() {
        return new Account(this);
    }

    /** What nobody has and nobody has been promised; less than 0 when more is kept than there should be. */
    public long free() {
        return most - total;
    }

    public long most() {
        return most;
    }

    long guaranteed() {
        return guaranteed;
    }

    /** What an account may have when so much is free. */
    long share(long free) {
        return Math.min(cap, Math.max(guaranteed, free / part));
    }

    void add(long change) {
        total += change;
        if (change < 0) {
            listener.onReleased();
        } else if (total > most) {
            listener.onExceeded();
        }
    }
}
