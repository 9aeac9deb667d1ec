package io.berth.control;

import io.berth.server.Caller;
import io.berth.server.Creator;
import io.berth.server.Registry;
import io.berth.transport.MessageBus;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.messages.DBusSignal;
import org.freedesktop.dbus.messages.Message;
import org.freedesktop.dbus.types.Variant;

/**
 * Finds out who the creators of servers are, and tells the registry when one has left the bus. A creator is watched
 * before the bus is asked about it, and who left in the meantime is remembered: no departure is missed. Any thread.
 */
final class CreatorWatcher {
    private static final String DRIVER = "org.freedesktop.DBus";

    private final MessageBus bus;
    private final Outbox outbox;
    private final Registry registry;
    private final Map<String, Watch> watches = new HashMap<>();

    private static final class Watch {
        private int servers;
        private boolean gone;
    }

    CreatorWatcher(MessageBus bus, Outbox outbox, Registry registry) {
        this.bus = bus;
        this.outbox = outbox;
        this.registry = registry;
    }

    /**
     * Begins to watch, once per server.
     *
     * @return what the bus says of this caller; when it fails, the watch is over already
     */
    CompletableFuture<Creator> watch(String uniqueName) {
        synchronized (watches) {
            watches.computeIfAbsent(uniqueName, name -> new Watch()).servers++;
        }
        CompletableFuture<Creator> creator = new CompletableFuture<>();
        outbox.add(() -> {
            try {
                bus.callDriver("AddMatch", (reply, error) -> failOn(error, creator), "s", rule(uniqueName));
                ask(uniqueName, creator);
            } catch (IOException gone) {
                creator.completeExceptionally(gone);
                throw gone;
            }
        });
        return creator.whenComplete((found, failure) -> {
            if (failure != null) {
                unwatch(uniqueName);
            }
        });
    }

    /** A caller, who is not watched; fails when he has left. */
    CompletableFuture<Caller> identify(String uniqueName) {
        CompletableFuture<Creator> caller = new CompletableFuture<>();
        outbox.add(() -> {
            try {
                ask(uniqueName, caller);
            } catch (IOException gone) {
                caller.completeExceptionally(gone);
                throw gone;
            }
        });
        return caller.thenApply(found -> new Caller(uniqueName, found.credentials().get("ProcessID") instanceof Variant<?> pid
                && pid.getValue() instanceof Number number ? number.intValue() : 0));
    }

    private void ask(String uniqueName, CompletableFuture<Creator> creator) throws IOException {
        bus.callDriver("GetConnectionCredentials", (reply, error) -> {
            failOn(error, creator);
            if (error == null) {
                creator.complete(new Creator(uniqueName, credentials(reply)));
            }
        }, "s", uniqueName);
    }

    private static void failOn(Exception error, CompletableFuture<Creator> creator) {
        if (error != null) {
            creator.completeExceptionally(new ControlException(ControlException.FAILED,
                    "cannot find out about the caller: " + error.getMessage()));
        }
    }

    /** What can be kept: without the pidfd, which newer buses add. */
    private static Map<String, Variant<?>> credentials(Message reply) {
        try {
            @SuppressWarnings("unchecked")
            Map<String, Variant<?>> all = new LinkedHashMap<>((Map<String, Variant<?>>) reply.getParameters()[0]);
            all.values().removeIf(value -> value.getSig().equals("h"));
            return all;
        } catch (DBusException | RuntimeException malformed) {
            return Map.of();
        }
    }

    /** Ends one watch of {@link #watch}. */
    void unwatch(String uniqueName) {
        synchronized (watches) {
            Watch watch = watches.get(uniqueName);
            if (watch == null) {
                return;
            }
            watch.servers--;
            if (watch.servers == 0) {
                watches.remove(uniqueName);
            }
        }
        outbox.add(() -> bus.callDriver("RemoveMatch", (reply, error) -> { }, "s", rule(uniqueName)));
    }

    /** A server has been made for this creator: if it left meanwhile, the registry must hear of it again. */
    void onServerMade(String uniqueName) {
        boolean gone;
        synchronized (watches) {
            Watch watch = watches.get(uniqueName);
            gone = watch != null && watch.gone;
        }
        if (gone) {
            registry.creatorGone(uniqueName);
        }
    }

    /** Every signal that comes; on the reading thread. */
    void onSignal(DBusSignal signal) {
        if (!DRIVER.equals(signal.getSource()) || !"NameOwnerChanged".equals(signal.getName())) {
            return;
        }
        Object[] names;
        try {
            names = signal.getParameters();
        } catch (DBusException | RuntimeException malformed) {
            return;
        }
        String name = (String) names[0];
        if (!((String) names[2]).isEmpty()) {
            return;
        }
        synchronized (watches) {
            Watch watch = watches.get(name);
            if (watch == null) {
                return;
            }
            watch.gone = true;
        }
        registry.creatorGone(name);
    }

    private static String rule(String uniqueName) {
        return "type='signal',sender='" + DRIVER + "',path='/org/freedesktop/DBus',interface='" + DRIVER
                + "',member='NameOwnerChanged',arg0='" + uniqueName + "'";
    }
}
