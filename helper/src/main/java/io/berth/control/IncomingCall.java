package io.berth.control;

import io.berth.server.ServerInfo;
import io.berth.transport.MessageBus;
import io.berth.transport.ReceivedFds;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.messages.Message;
import org.freedesktop.dbus.messages.MethodCall;
import org.freedesktop.dbus.messages.constants.Flags;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One method call from its arrival to its answer, which is given once, from any thread. Its arguments are unpacked where
 * it is made. It owns the file descriptors that came with it; those that nobody took are closed with the answer.
 */
final class IncomingCall {
    private static final Logger LOG = LoggerFactory.getLogger(IncomingCall.class);

    private final MethodCall message;
    private final MessageBus bus;
    private final Outbox outbox;
    private volatile Object[] arguments;
    private final Runnable onEnd;
    private final AtomicBoolean answered = new AtomicBoolean();
    private volatile ServerInfo server;

    /**
     * @param unpack whether the arguments are wanted
     * @param onEnd  told once, when the answer has been sent or none is wanted
     */
    IncomingCall(MethodCall message, boolean unpack, MessageBus bus, Outbox outbox, Runnable onEnd) {
        this.message = message;
        this.bus = bus;
        this.outbox = outbox;
        this.onEnd = onEnd;
        this.arguments = unpack ? unpack(message) : null;
    }

    /** @return null for a body that does not fit its signature */
    private static Object[] unpack(MethodCall message) {
        try {
            Object[] values = message.getParameters();
            return values == null ? new Object[0] : values;
        } catch (DBusException | RuntimeException malformed) {
            LOG.debug("malformed body", malformed);
            return null;
        }
    }

    /** The unique name of the caller. */
    String sender() {
        return message.getSource();
    }

    String path() {
        return message.getPath();
    }

    /** Empty when the call names none. */
    String interfaceName() {
        return message.getInterface() == null ? "" : message.getInterface();
    }

    String member() {
        return message.getName();
    }

    String signature() {
        return message.getSig() == null ? "" : message.getSig();
    }

    boolean isMalformed() {
        return arguments == null;
    }

    /** @return what dbus-java makes of the type that the member's signature has there */
    @SuppressWarnings("unchecked")
    <T> T argument(int index) {
        return (T) arguments[index];
    }

    String text(int index) {
        return arguments[index].toString();
    }

    /** The server whose object is called. */
    ServerInfo server() {
        return server;
    }

    void server(ServerInfo called) {
        server = called;
    }

    void reply(String signature, Answer answer) {
        finish(() -> bus.messages().createMethodReturn(null, message, signature.isEmpty() ? null : signature, answer.values()));
    }

    void fail(Throwable failure) {
        ControlException told = ControlException.of(failure);
        finish(() -> error(told));
    }

    private Message error(ControlException told) throws DBusException {
        return bus.messages().createError(null, sender(), told.errorName(), message.getSerial(), "s", told.getMessage());
    }

    private interface Making {
        Message make() throws DBusException;
    }

    private void finish(Making making) {
        if (!answered.compareAndSet(false, true)) {
            return;
        }
        ReceivedFds.release(message.getFiledescriptors());
        arguments = null;
        if ((message.getFlags() & Flags.NO_REPLY_EXPECTED) == 0) {
            outbox.add(() -> {
                try {
                    send(making);
                } finally {
                    onEnd.run();
                }
            });
        } else {
            onEnd.run();
        }
    }

    private void send(Making making) throws IOException {
        Message answer;
        try {
            answer = making.make();
        } catch (DBusException unmarshallable) {
            throw new IllegalStateException("no reply to " + member() + " can be made", unmarshallable);
        }
        try {
            bus.send(answer);
        } finally {
            ReceivedFds.release(answer.getFiledescriptors());
            onEnd.run();
        }
    }

    /** Whether file descriptors came with it. */
    boolean hasFds() {
        return !message.getFiledescriptors().isEmpty();
    }
}
