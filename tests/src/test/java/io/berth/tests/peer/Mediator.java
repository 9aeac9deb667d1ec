package io.berth.tests.peer;

import io.berth.tests.raw.RawClient;

/** Something with a socket that stands between one app and a bus and keeps one policy. Closing it takes the socket away. */
interface Mediator extends AutoCloseable {
    /** A new client behind it, authenticated and named; the caller's. */
    RawClient connect();

    /** Returns when it knows of every change of names that the bus has made so far. */
    void settle();

    @Override
    void close();
}
