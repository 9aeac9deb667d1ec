package io.berth.client;

import io.berth.api.AppId;
import io.berth.dbus.HelperName;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.messages.DBusSignal;

/**
 * Passes the helper's signals on to a listener, on the connection's reading thread. Anybody may broadcast a signal that
 * looks like the helper's, so only those of the present owner of its name count.
 */
final class HelperWatch implements AutoCloseable {
    private static final String DRIVER = "org.freedesktop.DBus";
    private static final List<String> MATCHES = List.of(
            "type='signal',sender='" + DRIVER + "',member='NameOwnerChanged',arg0='" + HelperName.BUS_NAME + "'",
            "type='signal',sender='" + HelperName.BUS_NAME + "',interface='" + HelperName.HELPER_INTERFACE + "'",
            "type='signal',sender='" + HelperName.BUS_NAME + "',interface='" + HelperName.SERVER_INTERFACE + "',member='Audit'");

    private final HelperConnection helper;
    private final HelperListener listener;
    private final AtomicReference<String> owner = new AtomicReference<>("");
    private final Consumer<DBusSignal> handler = this::onSignal;

    private HelperWatch(HelperConnection helper, HelperListener listener) {
        this.helper = helper;
        this.listener = listener;
    }

    /** Listens first and asks who the helper is afterwards, so that no change between the two is missed. */
    static HelperWatch open(HelperConnection helper, HelperListener listener) {
        HelperWatch watch = new HelperWatch(helper, listener);
        MATCHES.forEach(match -> helper.callDriver("AddMatch", "s", match));
        helper.addSignalHandler(watch.handler);
        String owner = (String) helper.callDriver("GetNameOwner", "s", HelperName.BUS_NAME).get(0);
        watch.owner.compareAndSet("", owner);
        return watch;
    }

    private void onSignal(DBusSignal signal) {
        try {
            List<Object> values = PlainValue.list(signal.getParameters());
            if (DRIVER.equals(signal.getSource())) {
                if (signal.getName().equals("NameOwnerChanged") && values.get(0).equals(HelperName.BUS_NAME)) {
                    onOwnerChanged((String) values.get(2));
                }
            } else if (owner.get().equals(signal.getSource())) {
                onHelperSignal(signal, values);
            }
        } catch (DBusException | IllegalArgumentException | ClassCastException | IndexOutOfBoundsException malformed) {
            // not what the interface says, so not for the listener
        }
    }

    private void onHelperSignal(DBusSignal signal, List<Object> values) {
        switch (signal.getName()) {
            case "ContainerServerAdded" -> listener.onServerAdded((String) values.get(0),
                    new AppId((String) values.get(1), (String) values.get(2)));
            case "ContainerServerRemoved" -> listener.onServerRemoved((String) values.get(0), (String) values.get(1));
            case "Audit" -> listener.onAudit(signal.getPath(), PlainValue.map(values.get(0)));
            default -> { }
        }
    }

    private void onOwnerChanged(String now) {
        owner.set(now);
        if (now.isEmpty()) {
            listener.onHelperVanished();
        } else {
            listener.onHelperAppeared();
        }
    }

    @Override
    public void close() {
        helper.removeSignalHandler(handler);
        if (helper.isOpen()) {
            MATCHES.forEach(match -> helper.callDriver("RemoveMatch", "s", match));
        }
    }
}
