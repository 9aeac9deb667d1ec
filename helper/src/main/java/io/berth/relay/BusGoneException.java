package io.berth.relay;

import io.berth.kernel.OutcomeException;

/** A bus cannot be reached, or not any more. */
public final class BusGoneException extends OutcomeException {
    public BusGoneException(String message) {
        super(message);
    }
}
