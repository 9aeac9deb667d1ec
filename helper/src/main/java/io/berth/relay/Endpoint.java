package io.berth.relay;

import io.berth.kernel.EventLoop;
import io.berth.kernel.KernelException;
import io.berth.kernel.Poller;

/**
 * One socket of a connection: its watch and what waits to be written to it. Who reads and what it means is its user's.
 * Owns the socket. Loop thread.
 */
final class Endpoint {
    private static final long AGAIN_NS = 50_000_000;

    private final Relay relay;
    private final int socket;
    private final Outbox outbox;
    private final EventLoop.Handler handler;
    private EventLoop.Watch watch;
    private EventLoop.Timer again;
    private boolean reading = true;
    private boolean hungUp;
    private boolean closed;

    /**
     * @param accounts of whom it makes us keep something for
     * @param socket  taken
     * @param handler told of READ, WRITE, ERROR and HANGUP
     * @throws KernelException when it cannot be watched; the socket is closed then
     */
    Endpoint(Relay relay, Accounts accounts, int socket, EventLoop.Handler handler) {
        this.relay = relay;
        this.socket = socket;
        this.outbox = new Outbox(relay, accounts, socket);
        this.handler = handler;
        try {
            this.watch = relay.loop().watch(socket, Poller.READ, handler);
        } catch (KernelException failure) {
            relay.kernel().close(socket);
            throw failure;
        }
    }

    int socket() {
        return socket;
    }

    Outbox outbox() {
        return outbox;
    }

    /** Whether to be told when there is something to read. */
    void setReading(boolean reading) {
        this.reading = reading;
        update();
    }

    /** Sends what waits and asks to be told when more can go. */
    void flush() {
        if (!closed) {
            if (!outbox.isEmpty()) {
                outbox.flush();
            }
            update();
        }
    }

    /**
     * The other side has closed while nobody wants to read: stop watching, or the kernel would tell it for ever. What it
     * has sent can still be read.
     */
    void onHangUpWhileNotReading() {
        hungUp = true;
        outbox.abandon();
        if (watch != null) {
            watch.cancel();
            watch = null;
        }
    }

    /** No event will come: whoever wants to read must do so by itself. */
    boolean isHungUp() {
        return hungUp;
    }

    boolean isReading() {
        return reading;
    }

    private void update() {
        if (watch != null) {
            boolean waitsForRoom = !outbox.isEmpty() && !outbox.isStalled();
            watch.interest((reading ? Poller.READ : 0) | (waitsForRoom ? Poller.WRITE : 0));
            if (outbox.isStalled() && again == null) {
                again = relay.loop().schedule(AGAIN_NS, () -> {
                    again = null;
                    handler.onReady(Poller.WRITE);
                });
            }
        }
    }

    boolean isClosed() {
        return closed;
    }

    void close() {
        if (!closed) {
            closed = true;
            if (watch != null) {
                watch.cancel();
                watch = null;
            }
            if (again != null) {
                again.cancel();
            }
            outbox.abandon();
            relay.kernel().close(socket);
        }
    }
}
