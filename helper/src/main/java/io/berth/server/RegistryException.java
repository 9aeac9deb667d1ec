package io.berth.server;

import io.berth.kernel.OutcomeException;

/** A request that cannot be met; the message names the value and what was expected. */
public final class RegistryException extends OutcomeException {
    /** What kind of refusal it is; the control objects turn it into a D-Bus error name. */
    public enum Kind { INVALID_ARGUMENT, ACCESS_DENIED, UNKNOWN_SERVER, LIMITS_EXCEEDED, NOT_SUPPORTED, NOT_CONTAINER, NAME_HAS_NO_OWNER, FAILED }

    private final Kind kind;

    public RegistryException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
