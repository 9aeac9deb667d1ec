package io.berth.policy;

/** What may happen to one message, or to one question about a name. */
public enum Verdict {
    ALLOWED,
    /** Would be {@link #MISSING} or {@link #UNSEEN}, but complain mode lets it pass and audits it. */
    COMPLAINED,
    /** The name is seen, the permission is not there. */
    MISSING,
    /** For this app the name does not exist. */
    UNSEEN,
    /** The name hands out the host and the server was not made with AllowHostEscape. */
    HOST_ESCAPE;

    public boolean passes() {
        return this == ALLOWED || this == COMPLAINED;
    }
}
