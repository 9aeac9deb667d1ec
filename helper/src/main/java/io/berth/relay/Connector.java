package io.berth.relay;

import io.berth.kernel.EventLoop;
import io.berth.kernel.FdQueue;
import io.berth.kernel.NativeBuffer;
import io.berth.kernel.Poller;
import io.berth.kernel.Sockets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has connections to the bus made by a process of the sandbox, so that the bus, and whoever asks it, sees that process's
 * credentials: they are fixed at connect(). One byte is written for each connection, and in that order each is answered by
 * one byte with a connected socket attached. Whether the socket leads to the right bus is for {@link BusView} to say.
 *
 * <p>What the other side does wrong costs the one client that it was asked for; that it cannot keep to the order, or is gone,
 * ends the server. How long an answer may take is its asker's to measure. Owns its socket. Loop thread.
 */
final class Connector {
    private static final Logger LOG = LoggerFactory.getLogger(Connector.class);
    /** Requests that are written and not answered; more than these wait. */
    private static final int ASKED_AT_ONCE = 16;
    private static final int ANSWERS_AT_ONCE = 16;

    /** Who wants a connection. One of the two is called, once, and never from within {@link #ask}. */
    interface Asker {
        /**
         * @param socket  taken; a connected unix stream socket
         * @param process that has handed it over, as the kernel says
         */
        void onSocket(int socket, int process);

        void onRefused(String reason);
    }

    /** One connection that was asked for. */
    final class Request {
        private Asker asker;

        private Request(Asker asker) {
            this.asker = asker;
        }

        /** Nobody wants it any more; what is still handed over for it is closed. */
        void cancel() {
            asker = null;
            waiting.remove(this);
        }

        private void refuse(String reason) {
            if (asker != null) {
                asker.onRefused(reason);
            }
        }
    }

    private final Relay relay;
    private final int socket;
    private final UnaryOperator<Logger> log;
    private final Runnable onGone;
    private final EventLoop.Watch watch;
    private final Deque<Request> asked = new ArrayDeque<>();
    private final Deque<Request> waiting = new ArrayDeque<>();
    private boolean gone;

    /**
     * @param socket borrowed; a duplicate is kept
     * @param log    for one line about it
     * @param onGone told, in a later turn of the loop, that the other side has gone or does not keep to the order
     * @throws io.berth.kernel.KernelException when it cannot be duplicated or watched
     */
    Connector(Relay relay, int socket, UnaryOperator<Logger> log, Runnable onGone) {
        this.relay = relay;
        this.socket = relay.kernel().duplicate(socket);
        this.log = log;
        this.onGone = onGone;
        try {
            relay.sockets().passCredentials(this.socket);
            watch = relay.loop().watch(this.socket, Poller.READ, this::onReady);
        } catch (RuntimeException failure) {
            relay.kernel().close(this.socket);
            throw failure;
        }
    }

    Request ask(Asker asker) {
        Request request = new Request(asker);
        if (gone) {
            relay.loop().execute(() -> request.refuse("the connector has gone"));
        } else {
            waiting.add(request);
            relay.loop().execute(this::write);
        }
        return request;
    }

    private void write() {
        NativeBuffer buffer = relay.sendBuffer();
        buffer.bytes().put(0, (byte) 0);
        int sent = 1;
        while (!gone && sent == 1 && !waiting.isEmpty() && asked.size() < ASKED_AT_ONCE) {
            sent = relay.sockets().send(socket, buffer.address(), 1, Outbox.NO_FDS, 0);
            if (sent == 1) {
                asked.add(waiting.remove());
            } else if (sent != Sockets.WOULD_BLOCK) {
                end("the connector has gone");
            }
        }
        if (!gone) {
            watch.interest(sent == Sockets.WOULD_BLOCK ? Poller.READ | Poller.WRITE : Poller.READ);
        }
    }

    private void onReady(int events) {
        if ((events & ~Poller.WRITE) != 0) {
            for (int i = 0; i < ANSWERS_AT_ONCE && !gone && readAnswer(); i++) {
                write();
            }
        }
        if ((events & Poller.WRITE) != 0) {
            write();
        }
    }

    /** Byte by byte: the kernel joins bytes without file descriptors to those that bring some. @return whether there was one */
    private boolean readAnswer() {
        FdQueue arrived = new FdQueue();
        int n = relay.sockets().receive(socket, relay.receiveBuffer().address(), 1, arrived);
        int process = relay.sockets().lastSender();
        if (n == Sockets.WOULD_BLOCK) {
            return false;
        }
        Request request = asked.poll();
        if (n == 0 || request == null) {
            closeAll(arrived);
            if (request != null) {
                asked.addFirst(request);
            }
            if (n > 0) {
                log.apply(LOG).warn("a connector answers what it was not asked");
            }
            end("the connector has gone");
            return false;
        }
        // at the limit of open files of this process, what was answered cannot be taken in: no fault of the other side's
        String refusal = n < 0 ? "the connector's answer could not be received" : refusal(arrived, process);
        if (refusal != null || request.asker == null) {
            closeAll(arrived);
            request.refuse(refusal);
        } else {
            request.asker.onSocket(arrived.remove(), process);
        }
        return true;
    }

    private String refusal(FdQueue arrived, int process) {
        if (arrived.size() != 1) {
            return "the connector answered with " + arrived.size() + " file descriptors, expected one";
        }
        int handed = arrived.remove();
        arrived.add(handed);
        try {
            relay.sockets().checkConnected(handed);
        } catch (IllegalArgumentException unfit) {
            return "the connector's answer: " + unfit.getMessage();
        }
        return process == 0 ? "the connector answered without a process, expected one of this system" : null;
    }

    private void closeAll(FdQueue fds) {
        while (fds.size() > 0) {
            relay.kernel().close(fds.remove());
        }
    }

    private void end(String reason) {
        if (!gone) {
            gone = true;
            watch.cancel();
            List<Request> open = new ArrayList<>(asked);
            open.addAll(waiting);
            asked.clear();
            waiting.clear();
            open.forEach(request -> request.refuse(reason));
            relay.loop().execute(onGone);
        }
    }

    /** Nobody may be waiting for it any more. */
    void close() {
        gone = true;
        watch.cancel();
        relay.kernel().close(socket);
    }
}
