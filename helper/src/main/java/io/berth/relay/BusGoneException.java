package io.berth.relay;

/** A bus cannot be reached, or not any more. */
public final class BusGoneException extends RuntimeException {
    public BusGoneException(String message) {
        super(message);
    }
}
