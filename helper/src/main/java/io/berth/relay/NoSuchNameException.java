package io.berth.relay;

import io.berth.kernel.OutcomeException;

/** Nobody on the bus has the name. */
public final class NoSuchNameException extends OutcomeException {
    public NoSuchNameException(String name) {
        super("nobody on the bus has the name " + name);
    }
}
