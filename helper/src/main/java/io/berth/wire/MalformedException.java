package io.berth.wire;

/** Bytes or text that are not what the D-Bus specification says they must be. The message says what and where. */
public final class MalformedException extends RuntimeException {
    public MalformedException(String message) {
        super(message, null, false, false);
    }
}
