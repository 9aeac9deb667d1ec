package io.berth.transport;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.messages.DBusSignal;
import org.freedesktop.dbus.messages.Error;
import org.freedesktop.dbus.messages.Message;
import org.freedesktop.dbus.messages.MessageFactory;
import org.freedesktop.dbus.messages.MethodCall;
import org.freedesktop.dbus.messages.MethodReturn;
import org.freedesktop.dbus.messages.constants.Endian;

/**
 * One connection to a message bus, as messages: dbus-java's marshalling and message types without its transports, proxies,
 * exported objects and thread pools. It has no thread until {@link #start}, then one that waits for messages. What they
 * mean is left to a {@link Listener}. Any thread may send. Owns the connection; received fds that nobody takes are closed.
 */
public final class MessageBus implements Closeable {
    private static final String DRIVER = "org.freedesktop.DBus";
    private static final String DRIVER_PATH = "/org/freedesktop/DBus";
    /** Of all that comes before {@link #start}, the first so many bytes are kept. */
    private static final long EARLY_BYTES = 4 << 20;
    /** Bytes of a body, and values in it, before {@link #start} says otherwise. */
    private static final int EARLY_BODY = 1 << 20;
    /** Seconds that the bus driver has for an answer. */
    private static final int PATIENCE = 25;

    /** Told on the reading thread; what takes long keeps everybody waiting. */
    public interface Listener {
        /** The message's fds are the listener's: it takes or releases them with {@link ReceivedFds}, now or later. */
        void onMethodCall(MethodCall call);

        void onSignal(DBusSignal signal);

        /** A call whose body and fds have been thrown away: larger than allowed, malformed, or with fds that were lost. @param reason which of these */
        void onUnread(MethodCall call, String reason);

        /** Once, at the end: the bus has gone, or {@link MessageBus#close} was called. */
        void onClosed(IOException reason);
    }

    /** Told once, on the reading thread; of the two arguments one is null. */
    @FunctionalInterface
    public interface ReplyHandler {
        /** @param error a {@link BusErrorException}, or an IOException when the bus has gone */
        void onReply(Message reply, Exception error);
    }

    private record Waiting(String destination, ReplyHandler handler) {
    }

    private final BusLocation location;
    private final UnixChannel channel;
    private final boolean carriesFds;
    private final MessageFactory messages;
    private final FdMessageReader incoming;
    private final FdMessageWriter outgoing;
    private final Map<Long, Waiting> waiting = new ConcurrentHashMap<>();
    private final ArrayDeque<Message> early = new ArrayDeque<>();
    private String uniqueName = "";
    private Thread reader;
    private volatile boolean over;

    private MessageBus(BusLocation location, UnixChannel channel, boolean carriesFds) {
        this.location = location;
        this.channel = channel;
        this.carriesFds = carriesFds;
        this.messages = new MessageFactory(ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? Endian.BIG : Endian.LITTLE);
        this.incoming = new FdMessageReader(channel);
        this.incoming.limitBody(EARLY_BODY, EARLY_BODY, (message, reason) -> { });
        this.outgoing = new FdMessageWriter(channel, carriesFds);
    }

    /**
     * Connects to the first of these that answers and says Hello.
     *
     * @throws IOException saying for each why not
     */
    public static MessageBus connect(List<BusLocation> locations) throws IOException {
        StringBuilder failures = new StringBuilder();
        for (BusLocation location : locations) {
            try {
                return connect(location);
            } catch (IOException | BusErrorException failure) {
                failures.append(failures.isEmpty() ? "" : "; ").append(failure.getMessage());
            }
        }
        throw new IOException(failures.toString());
    }

    private static MessageBus connect(BusLocation location) throws IOException, BusErrorException {
        UnixChannel channel = UnixChannel.connect(location);
        boolean connected = false;
        try {
            MessageBus bus = new MessageBus(location, channel, new ExternalAuthentication(channel).run());
            bus.uniqueName = (String) bus.callDriver("Hello", null)[0];
            connected = true;
            return bus;
        } finally {
            if (!connected) {
                channel.close();
            }
        }
    }

    public BusLocation location() {
        return location;
    }

    public String uniqueName() {
        return uniqueName;
    }

    public boolean carriesFds() {
        return carriesFds;
    }

    public MessageFactory messages() {
        return messages;
    }

    /**
     * Begins to hand over what comes, and first what has come since Hello.
     *
     * @param largestBody in bytes; method calls with more go to {@link Listener#onUnread}, and to who waits for such a reply it
     *                    is an IOException
     * @param mostValues  in a body, the same for more; each makes an object
     */
    public void start(String threadName, int largestBody, int mostValues, Listener listener) {
        incoming.limitBody(largestBody, mostValues, (message, reason) -> {
            if (message instanceof MethodCall call) {
                listener.onUnread(call, reason);
            } else if (!(message instanceof DBusSignal)) {
                answer(message, null, new IOException("the reply was not read: " + reason));
            }
        });
        reader = new Thread(() -> run(listener), threadName);
        reader.setDaemon(true);
        reader.start();
    }

    private void run(Listener listener) {
        IOException reason;
        try {
            for (Message next = early.poll(); next != null; next = early.poll()) {
                handOver(next, listener);
            }
            while (true) {
                Message message = incoming.readMessage();
                if (message != null) {
                    handOver(message, listener);
                }
            }
        } catch (IOException end) {
            reason = end;
        } catch (RuntimeException | java.lang.Error fault) {
            Thread here = Thread.currentThread();
            here.getUncaughtExceptionHandler().uncaughtException(here, fault);
            // where that does not end the process: whoever waits for messages must not do so for ever
            reason = new IOException("no more can be read: " + fault, fault);
        }
        over = true;
        IOException why = reason;
        waiting.keySet().forEach(serial -> giveUp(serial, why));
        listener.onClosed(why);
    }

    private void handOver(Message message, Listener listener) {
        if (message instanceof MethodCall call) {
            listener.onMethodCall(call);
            return;
        }
        try {
            if (message instanceof DBusSignal signal) {
                listener.onSignal(signal);
            } else if (message instanceof Error error) {
                answer(error, null, exception(error));
            } else {
                answer(message, message, null);
            }
        } finally {
            ReceivedFds.release(message.getFiledescriptors());
        }
    }

    /** What the bus driver was asked, nobody else answers. */
    private void answer(Message message, Message reply, Exception error) {
        Waiting awaited = waiting.get(message.getReplySerial());
        if (awaited != null && (!awaited.destination.equals(DRIVER) || isFromDriver(message))) {
            waiting.remove(message.getReplySerial());
            awaited.handler.onReply(reply, error);
        }
    }

    private void giveUp(long serial, IOException reason) {
        Waiting awaited = waiting.remove(serial);
        if (awaited != null) {
            awaited.handler.onReply(null, reason);
        }
    }

    private static boolean isFromDriver(Message message) {
        return DRIVER.equals(message.getSource());
    }

    private static BusErrorException exception(Error error) {
        String text = "";
        try {
            Object[] arguments = error.getParameters();
            text = arguments != null && arguments.length > 0 ? String.valueOf(arguments[0]) : "";
        } catch (DBusException | RuntimeException unreadable) {
            text = "(its text cannot be read)";
        }
        return new BusErrorException(error.getName(), text);
    }

    /** Waits until the bus has taken the message. @throws IOException when it is gone */
    public void send(Message message) throws IOException {
        outgoing.writeMessage(message);
    }

    /**
     * Calls a method.
     *
     * @param signature of the arguments, null for none
     * @throws IOException when the bus is gone; the handler is not told then
     */
    public void call(String destination, String path, String interfaceName, String member, ReplyHandler handler,
            String signature, Object... arguments) throws IOException {
        Message call = methodCall(destination, path, interfaceName, member, signature, arguments);
        waiting.put(call.getSerial(), new Waiting(destination, handler));
        try {
            send(call);
        } catch (IOException gone) {
            waiting.remove(call.getSerial());
            throw gone;
        }
        if (over) {
            giveUp(call.getSerial(), new IOException("the bus has gone"));
        }
    }

    /** {@link #call} to the bus driver. */
    public void callDriver(String member, ReplyHandler handler, String signature, Object... arguments) throws IOException {
        call(DRIVER, DRIVER_PATH, DRIVER, member, handler, signature, arguments);
    }

    /**
     * Asks the bus driver and waits. Not on the reading thread.
     *
     * @param signature of the arguments, null for none
     * @return the values of the reply
     */
    public Object[] callDriver(String member, String signature, Object... arguments) throws IOException, BusErrorException {
        Message reply = reader == null ? callBeforeStart(member, signature, arguments)
                : callAndWait(member, signature, arguments);
        try {
            return reply.getParameters();
        } catch (DBusException unreadable) {
            throw new IOException(unreadable.getMessage(), unreadable);
        }
    }

    private Message callBeforeStart(String member, String signature, Object[] arguments) throws IOException, BusErrorException {
        Message call = methodCall(DRIVER, DRIVER_PATH, DRIVER, member, signature, arguments);
        send(call);
        while (true) {
            Message message = incoming.readMessage();
            boolean answers = message != null && isFromDriver(message);
            if (answers && message instanceof Error error && error.getReplySerial() == call.getSerial()) {
                throw exception(error);
            }
            if (answers && message instanceof MethodReturn reply && reply.getReplySerial() == call.getSerial()) {
                return reply;
            }
            if (message != null && channel.received() <= EARLY_BYTES) {
                early.add(message);
            } else if (message != null) {
                ReceivedFds.release(message.getFiledescriptors());
            }
        }
    }

    private Message callAndWait(String member, String signature, Object[] arguments) throws IOException, BusErrorException {
        CompletableFuture<Message> answer = new CompletableFuture<>();
        callDriver(member, (reply, error) -> {
            if (error == null) {
                answer.complete(reply);
            } else {
                answer.completeExceptionally(error);
            }
        }, signature, arguments);
        try {
            return answer.get(PATIENCE, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof BusErrorException error) {
                throw error;
            }
            throw new IOException(failure.getCause().getMessage(), failure.getCause());
        } catch (TimeoutException late) {
            throw new IOException("no answer to " + member + " from the bus within " + PATIENCE + " s", late);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for the bus", interrupted);
        }
    }

    private Message methodCall(String destination, String path, String interfaceName, String member, String signature,
            Object[] arguments) throws IOException {
        try {
            return messages.createMethodCall(null, destination, path, interfaceName, member, (byte) 0, signature, arguments);
        } catch (DBusException unmarshallable) {
            throw new IllegalArgumentException("cannot call " + member + " with (" + signature + ")", unmarshallable);
        }
    }

    /** Ends the connection; the listener is told. */
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
