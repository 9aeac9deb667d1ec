package io.berth.control;

import io.berth.api.AuditRecord;
import io.berth.dbus.HelperName;
import io.berth.server.CloseReason;
import io.berth.server.RegistryListener;
import io.berth.server.ServerInfo;
import io.berth.transport.MessageBus;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.types.Variant;

/**
 * Turns what happens in the registry into signals. Never waits. However slowly the bus takes them, at most one
 * PropertiesChanged per server is waiting, which tells what has changed when its turn comes, and at most {@value #WAITING_BYTES}
 * bytes of records, of one server half of the room that others leave: these find some. Audit records left out are counted in the next one's
 * {@code Suppressed}.
 */
final class Announcer implements RegistryListener {
    /** Half of it holds all that one observation may be told. */
    static final int WAITING_BYTES = 4 << 20;

    private final MessageBus bus;
    private final Outbox outbox;
    private final CreatorWatcher creators;
    private final Map<String, Change> changes = new HashMap<>();
    private final Map<String, Waiting> records = new HashMap<>();
    private long waitingBytes;

    /** Records of one server. */
    private static final class Waiting {
        private long bytes;
        private long leftOut;
    }

    private static final class Change {
        private final ServerInfo before;
        private ServerInfo now;

        private Change(ServerInfo before, ServerInfo now) {
            this.before = before;
            this.now = now;
        }
    }

    Announcer(MessageBus bus, Outbox outbox, CreatorWatcher creators) {
        this.bus = bus;
        this.outbox = outbox;
        this.creators = creators;
    }

    @Override
    public void onServerAdded(ServerInfo server) {
        DBusPath path = new DBusPath(ServerPath.of(server.id()));
        outbox.add(() -> {
            emit(HelperName.ROOT_PATH, Introspection.OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}", path,
                    Map.of(HelperName.SERVER_INTERFACE, ServerProperties.all(server)));
            emit(HelperName.ROOT_PATH, HelperName.HELPER_INTERFACE, "ContainerServerAdded", "oss", path, server.type(),
                    server.appId());
        });
    }

    @Override
    public void onServerRemoved(ServerInfo server, CloseReason reason) {
        creators.unwatch(server.creator().uniqueName());
        synchronized (records) {
            records.remove(server.id());
        }
        DBusPath path = new DBusPath(ServerPath.of(server.id()));
        outbox.add(() -> {
            emit(HelperName.ROOT_PATH, HelperName.HELPER_INTERFACE, "ContainerServerRemoved", "os", path, reason.word());
            emit(HelperName.ROOT_PATH, Introspection.OBJECT_MANAGER, "InterfacesRemoved", "oas", path,
                    List.of(HelperName.SERVER_INTERFACE));
        });
    }

    @Override
    public void onServerChanged(ServerInfo before, ServerInfo now) {
        synchronized (changes) {
            Change waiting = changes.get(now.id());
            if (waiting != null) {
                waiting.now = now;
                return;
            }
            changes.put(now.id(), new Change(before, now));
        }
        outbox.add(() -> {
            Change change;
            synchronized (changes) {
                change = changes.remove(now.id());
            }
            Map<String, Variant<?>> values = ServerProperties.changed(change.before, change.now);
            if (!values.isEmpty()) {
                emit(ServerPath.of(now.id()), Introspection.PROPERTIES, "PropertiesChanged", "sa{sv}as",
                        HelperName.SERVER_INTERFACE, values, List.of());
            }
        });
    }

    @Override
    public void onAudit(String serverId, AuditRecord record) {
        Waiting waiting = enter(serverId, record);
        long suppressed;
        synchronized (records) {
            Waiting ofServer = records.get(serverId);
            suppressed = record.suppressed() + ofServer.leftOut;
            ofServer.leftOut = waiting == null ? suppressed + 1 : 0;
        }
        if (waiting == null) {
            return;
        }
        outbox.add(() -> send(serverId, "Audit", record.withSuppressed(suppressed), waiting));
    }

    @Override
    public boolean onObserved(String serverId, AuditRecord record) {
        Waiting waiting = enter(serverId, record);
        if (waiting != null) {
            outbox.add(() -> send(serverId, "Observed", record, waiting));
        }
        return waiting != null;
    }

    /** @return null when there is no room */
    private Waiting enter(String serverId, AuditRecord record) {
        synchronized (records) {
            Waiting waiting = records.computeIfAbsent(serverId, id -> new Waiting());
            if (waiting.bytes + record.bytes() > (WAITING_BYTES - waitingBytes + waiting.bytes) / 2) {
                return null;
            }
            waiting.bytes += record.bytes();
            waitingBytes += record.bytes();
            return waiting;
        }
    }

    private void send(String serverId, String member, AuditRecord record, Waiting waiting) throws IOException {
        synchronized (records) {
            waiting.bytes -= record.bytes();
            waitingBytes -= record.bytes();
        }
        emit(ServerPath.of(serverId), HelperName.SERVER_INTERFACE, member, "a{sv}", AuditValues.of(record));
    }

    @Override
    public void onObservationEnded(String serverId, String caller) {
        creators.unwatch(caller);
    }

    private void emit(String path, String interfaceName, String member, String signature, Object... values)
            throws IOException {
        try {
            bus.send(bus.messages().createSignal(null, path, interfaceName, member, signature, values));
        } catch (DBusException unmarshallable) {
            throw new IllegalStateException("cannot make the signal " + member, unmarshallable);
        }
    }
}
