package io.berth.kernel;

/** Something could not be mounted or unmounted, or a namespace not be entered; the message is for whoever asked for it. */
public final class MountException extends OutcomeException {
    public enum Kind {
        /** What was named cannot be mounted on, or is no mount namespace. */
        INVALID,
        /** Only somebody with more privilege may. */
        DENIED,
        /** The kernel or the installation lacks what is needed. */
        NOT_SUPPORTED,
        FAILED
    }

    private final Kind kind;

    public MountException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
