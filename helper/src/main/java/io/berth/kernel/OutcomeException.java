package io.berth.kernel;

/**
 * How something can end besides well: expected by whoever asked for it, with a message for him. Whatever else is thrown is a
 * {@link Fault}.
 */
public abstract class OutcomeException extends RuntimeException {
    protected OutcomeException(String message) {
        super(message);
    }

    /** For subclasses that are made often: without a stack trace. */
    protected OutcomeException(String message, boolean writableStackTrace) {
        super(message, null, false, writableStackTrace);
    }
}
