package io.berth.client;

import io.berth.dbus.HelperName;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.messages.DBusSignal;

/**
 * Hears what the app of one container server does, each kind of message once, from when it is made until it is closed, the
 * server ends, or the helper goes. When this process dies, the helper ends it. Any thread may call.
 */
public final class Observation implements AutoCloseable {
    private static final String DRIVER = "org.freedesktop.DBus";

    private final HelperConnection helper;
    private final String path;
    private final Consumer<Map<String, Object>> listener;
    private final List<String> matches;
    private final Consumer<DBusSignal> handler = this::onSignal;
    private final CountDownLatch over = new CountDownLatch(1);
    private volatile String owner = "";

    private Observation(HelperConnection helper, String path, Consumer<Map<String, Object>> listener) {
        this.helper = helper;
        this.path = path;
        this.listener = listener;
        String signal = "type='signal',sender='" + HelperName.BUS_NAME + "',";
        this.matches = List.of(
                signal + "interface='" + HelperName.SERVER_INTERFACE + "',member='Observed',path='" + path + "'",
                signal + "interface='" + HelperName.HELPER_INTERFACE + "',member='ContainerServerRemoved',arg0path='" + path + "'",
                "type='signal',sender='" + DRIVER + "',member='NameOwnerChanged',arg0='" + HelperName.BUS_NAME + "'");
    }

    /** @param listener told on the connection's reading thread: the entries of {@code Observed}, plain */
    static Observation open(HelperConnection helper, String path, boolean complain, Consumer<Map<String, Object>> listener) {
        Observation observation = new Observation(helper, path, listener);
        observation.matches.forEach(match -> helper.callDriver("AddMatch", "s", match));
        observation.owner = (String) helper.callDriver("GetNameOwner", "s", HelperName.BUS_NAME).get(0);
        helper.addSignalHandler(observation.handler);
        try {
            helper.call(path, HelperName.SERVER_INTERFACE, "Observe", "b", complain);
        } catch (RuntimeException refused) {
            observation.forget();
            throw refused;
        }
        return observation;
    }

    private void onSignal(DBusSignal signal) {
        try {
            List<Object> values = PlainValue.list(signal.getParameters());
            if (DRIVER.equals(signal.getSource())) {
                if (signal.getName().equals("NameOwnerChanged") && values.get(0).equals(HelperName.BUS_NAME)) {
                    over.countDown();
                }
            } else if (owner.equals(signal.getSource())) {
                if (signal.getName().equals("Observed") && path.equals(signal.getPath())) {
                    listener.accept(PlainValue.map(values.get(0)));
                } else if (signal.getName().equals("ContainerServerRemoved") && path.equals(values.get(0))) {
                    over.countDown();
                }
            }
        } catch (DBusException | IllegalArgumentException | ClassCastException | IndexOutOfBoundsException malformed) {
            // not what the interface says, so not for the listener
        }
    }

    /** Waits for the end of the server or of the helper. @return whether that has come */
    public boolean awaitEnd(long patience, TimeUnit unit) throws InterruptedException {
        return over.await(patience, unit) || !helper.isOpen();
    }

    /**
     * Ends it; all that was observed has been told when this returns.
     *
     * @return messages that were left out, being of too many kinds
     */
    public long stop() {
        try {
            return over.getCount() == 0 || !helper.isOpen() ? 0
                    : (Long) helper.call(path, HelperName.SERVER_INTERFACE, "StopObserving", null).get(0);
        } catch (BerthException.UnknownServer ended) {
            return 0;
        } finally {
            forget();
        }
    }

    private void forget() {
        helper.removeSignalHandler(handler);
        if (helper.isOpen()) {
            matches.forEach(match -> helper.callDriver("RemoveMatch", "s", match));
        }
    }

    /** As {@link #stop}; once. */
    @Override
    public void close() {
        stop();
    }
}
