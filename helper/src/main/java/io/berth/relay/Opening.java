package io.berth.relay;

import io.berth.kernel.EventLoop;
import io.berth.kernel.FdQueue;
import io.berth.kernel.KernelException;
import io.berth.kernel.NativeBuffer;
import io.berth.kernel.Sockets;
import io.berth.wire.SaslClient;
import io.berth.wire.SaslServer;
import java.nio.ByteBuffer;

/**
 * The beginning of a {@link ConfinedConnection}: authenticates the client, and only then connects to the bus, or has the
 * server's {@link Connector} do so, and authenticates there, so that client and bus can never disagree on where
 * authentication ends. Bytes of the client's that came too early, and their file descriptors, are handed over at the end.
 * Loop thread.
 */
final class Opening {
    private static final long RETRY_NS = 5_000_000;
    private static final byte[] NOTHING = {};

    private final ConfinedConnection connection;
    private final Relay relay;
    private final Accounts accounts;
    private final BusView view;
    private final SaslServer clientSasl;
    private final FdQueue arrived = new FdQueue();
    private byte[] early = NOTHING;
    private boolean clientDone;
    private SaslClient busSasl;
    private EventLoop.Timer retry;
    private Connector.Request request;

    Opening(ConfinedConnection connection) {
        this.connection = connection;
        this.relay = connection.relay();
        this.accounts = connection.server().accounts();
        this.view = connection.view();
        this.clientSasl = new SaslServer(view.guid(), view.passesFds());
    }

    void onClientReadable(Endpoint client) {
        if (clientDone) {
            return;
        }
        NativeBuffer buffer = relay.receiveBuffer();
        int before = arrived.size();
        int n = relay.sockets().receive(client.socket(), buffer.address(), ConfinedConnection.OPENING_BYTES, arrived);
        accounts.descriptors().charge(arrived.size() - before);
        if (n == Sockets.WOULD_BLOCK) {
            return;
        }
        if (n <= 0) {
            connection.close("left before it had authenticated");
            return;
        }
        ByteBuffer input = buffer.bytes().duplicate().limit(n).position(0);
        SaslServer.State state = clientSasl.read(input);
        byte[] reply = clientSasl.takeOutput();
        if (reply.length > 0) {
            client.outbox().write(reply, Outbox.NO_FDS);
            client.flush();
        }
        if (state != SaslServer.State.DONE || !input.hasRemaining()) {
            accounts.close(arrived);
        }
        if (state == SaslServer.State.FAILED) {
            connection.close(clientSasl.failure());
        } else if (state == SaslServer.State.DONE) {
            clientDone = true;
            early = new byte[input.remaining()];
            input.get(early);
            accounts.keep(early.length);
            client.setReading(false);
            connection.server().connector().ifPresentOrElse(this::askFor, this::connectToBus);
        }
    }

    private void askFor(Connector connector) {
        request = connector.ask(new Connector.Asker() {
            @Override
            public void onSocket(int socket, int process) {
                connection.guarded(() -> onHandedOver(socket, process));
            }

            @Override
            public void onRefused(String reason) {
                request = null;
                connection.close(reason);
            }
        });
    }

    private void onHandedOver(int socket, int process) {
        request = null;
        connection.made(process);
        String refusal;
        try {
            refusal = view.refusal(socket);
        } catch (KernelException unknown) {
            refusal = unknown.getMessage();
        }
        if (refusal == null) {
            authenticateAt(connection.connected(socket));
        } else {
            relay.kernel().close(socket);
            connection.close(refusal);
        }
    }

    private void connectToBus() {
        retry = null;
        try {
            int socket = view.connectOnceMore();
            if (socket == Sockets.WOULD_BLOCK) {
                retry = relay.loop().schedule(RETRY_NS, this::connectToBus);
            } else {
                authenticateAt(connection.connected(socket));
            }
        } catch (KernelException e) {
            connection.close(e.getMessage());
        }
    }

    private void authenticateAt(Endpoint bus) {
        busSasl = new SaslClient(relay.kernel().userId(), clientSasl.fdsNegotiated());
        bus.outbox().write(busSasl.start(), Outbox.NO_FDS);
        bus.flush();
    }

    void onBusReadable(Endpoint bus) {
        NativeBuffer buffer = relay.receiveBuffer();
        int n = relay.sockets().receive(bus.socket(), buffer.address(), ConfinedConnection.OPENING_BYTES, null);
        if (n == Sockets.WOULD_BLOCK) {
            return;
        }
        if (n <= 0) {
            connection.close("the bus has closed the connection");
            return;
        }
        ByteBuffer input = buffer.bytes().duplicate().limit(n).position(0);
        SaslServer.State state = busSasl.read(input);
        if (state == SaslServer.State.FAILED || state == SaslServer.State.DONE && input.hasRemaining()) {
            connection.close("the bus does not authenticate: " + busSasl.failure());
        } else if (state == SaslServer.State.DONE && !busSasl.guid().equals(view.guid())) {
            connection.close("the bus is " + busSasl.guid() + ", expected " + view.guid());
        } else if (state == SaslServer.State.DONE && clientSasl.fdsNegotiated() && !busSasl.fdsAgreed()) {
            connection.close("the bus does not pass file descriptors any more");
        } else if (state == SaslServer.State.DONE) {
            connection.opened(ByteBuffer.wrap(early), arrived);
            forgetEarly();
        }
    }

    /** The client has said all that it may say before the bus is connected. */
    boolean isClientDone() {
        return clientDone;
    }

    /** File descriptors that came behind BEGIN. */
    int keptFds() {
        return arrived.size();
    }

    /** What it waits for, for the log. */
    String late() {
        return request == null ? "no unique name" : "no answer of the connector's";
    }

    /** What was not handed over is closed. */
    void close() {
        if (request != null) {
            request.cancel();
        }
        if (retry != null) {
            retry.cancel();
        }
        accounts.close(arrived);
        forgetEarly();
    }

    private void forgetEarly() {
        accounts.keep(-early.length);
        early = NOTHING;
    }
}
