package io.berth.relay;

/** Nobody on the bus has the name. */
public final class NoSuchNameException extends RuntimeException {
    public NoSuchNameException(String name) {
        super("nobody on the bus has the name " + name);
    }
}
