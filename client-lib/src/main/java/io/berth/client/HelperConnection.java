package io.berth.client;

import io.berth.dbus.HelperName;
import io.berth.transport.BusErrorException;
import io.berth.transport.BusLocation;
import io.berth.transport.MessageBus;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.messages.DBusSignal;
import org.freedesktop.dbus.messages.MethodCall;

/**
 * Calls to the helper over a connection of its own to the session bus, values plain on the way back (see
 * {@link PlainValue}). Any thread but that of the signals may call. Closes the connection.
 */
final class HelperConnection implements AutoCloseable {
    private static final String DRIVER = "org.freedesktop.DBus";
    /** Seconds to wait for a reply; a helper that the bus must first start needs its time. */
    private static final int PATIENCE_SECONDS = 60;
    /** Bytes of a signal or call worth reading. */
    private static final int LARGEST_BODY = 1 << 20;

    private final MessageBus bus;
    private final List<Consumer<DBusSignal>> signalHandlers = new CopyOnWriteArrayList<>();
    private volatile boolean open = true;

    private HelperConnection(MessageBus bus) {
        this.bus = bus;
    }

    static HelperConnection openSession(Map<String, String> environment) {
        MessageBus bus;
        try {
            bus = MessageBus.connect(BusLocation.session(environment));
        } catch (IllegalArgumentException nowhere) {
            throw new BerthException.NoBus(nowhere.getMessage());
        } catch (IOException failure) {
            throw new BerthException.NoBus("no connection to the session bus: " + failure.getMessage());
        }
        HelperConnection connection = new HelperConnection(bus);
        bus.start("berth-client", LARGEST_BODY, LARGEST_BODY, connection.new Incoming());
        return connection;
    }

    boolean isOpen() {
        return open;
    }

    /** @param handler told on the reading thread, of every signal that any match rule brings in */
    void addSignalHandler(Consumer<DBusSignal> handler) {
        signalHandlers.add(handler);
    }

    void removeSignalHandler(Consumer<DBusSignal> handler) {
        signalHandlers.remove(handler);
    }

    /** A method of {@code io.berth.Helper1} at the root. */
    List<Object> callHelper(String member, String signature, Object... arguments) {
        return call(HelperName.ROOT_PATH, HelperName.HELPER_INTERFACE, member, signature, arguments);
    }

    /** A method of the bus driver. */
    List<Object> callDriver(String member, String signature, Object... arguments) {
        return call(DRIVER, "/org/freedesktop/DBus", DRIVER, member, signature, arguments);
    }

    /**
     * A method of any object of the helper.
     *
     * @param signature of the arguments, null for none
     * @return the values of the reply, plain
     * @throws BerthException with the text of the error that came instead
     */
    List<Object> call(String path, String interfaceName, String member, String signature, Object... arguments) {
        return call(HelperName.BUS_NAME, path, interfaceName, member, signature, arguments);
    }

    private List<Object> call(String destination, String path, String interfaceName, String member, String signature,
            Object... arguments) {
        CompletableFuture<List<Object>> answer = new CompletableFuture<>();
        try {
            bus.call(destination, path, interfaceName, member, (reply, error) -> {
                try {
                    if (error != null) {
                        answer.completeExceptionally(error);
                    } else {
                        answer.complete(PlainValue.list(reply.getParameters()));
                    }
                } catch (DBusException | RuntimeException unreadable) {
                    answer.completeExceptionally(unreadable);
                }
            }, signature, arguments);
            return answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof BusErrorException error) {
                throw BerthException.of(error.errorName(), error.getMessage());
            }
            throw new BerthException("", member + " failed: " + failure.getCause().getMessage());
        } catch (IOException gone) {
            throw new BerthException("", member + " failed: " + gone.getMessage());
        } catch (TimeoutException late) {
            throw new BerthException("", "no reply to " + member + " within " + PATIENCE_SECONDS + " s");
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new BerthException("", "interrupted while waiting for the reply to " + member);
        }
    }

    @Override
    public void close() {
        try {
            bus.close();
        } catch (IOException alreadyGone) {
            // closed is closed
        }
    }

    /** This connection serves nothing: calls get an error at once, so that nobody waits. */
    private final class Incoming implements MessageBus.Listener {
        @Override
        public void onMethodCall(MethodCall call) {
            try {
                bus.send(bus.messages().createError(null, call.getSource(), "org.freedesktop.DBus.Error.UnknownMethod",
                        call.getSerial(), "s", "a Berth client has no methods"));
            } catch (DBusException | IOException gone) {
                // onClosed follows
            }
        }

        @Override
        public void onSignal(DBusSignal signal) {
            signalHandlers.forEach(handler -> handler.accept(signal));
        }

        @Override
        public void onUnread(MethodCall call, String reason) {
            onMethodCall(call);
        }

        @Override
        public void onClosed(IOException reason) {
            open = false;
        }
    }
}
