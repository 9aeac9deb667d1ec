package io.berth.tests.raw;

/** The other side ended the connection. */
public final class ConnectionClosed extends RuntimeException {
    private static final long serialVersionUID = 1;

    ConnectionClosed() {
        super("the other side closed the connection");
    }
}
