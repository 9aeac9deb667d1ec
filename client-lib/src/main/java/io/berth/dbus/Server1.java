package io.berth.dbus;

import java.util.List;
import java.util.Map;
import org.freedesktop.dbus.annotations.DBusBoundProperty;
import org.freedesktop.dbus.annotations.DBusInterfaceName;
import org.freedesktop.dbus.annotations.DBusProperty.Access;
import org.freedesktop.dbus.annotations.PropertiesEmitsChangedSignal.EmitChangeSignal;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.interfaces.DBusInterface;
import org.freedesktop.dbus.messages.DBusSignal;
import org.freedesktop.dbus.types.UInt64;
import org.freedesktop.dbus.types.Variant;

/** {@code io.berth.Server1} at {@code HelperName.SERVERS_PATH/<id>}: one container server, to look at and to end. */
@DBusInterfaceName(HelperName.SERVER_INTERFACE)
public interface Server1 extends DBusInterface {
    /** Stops listening, disconnects every client, unlinks and forgets. */
    void Remove();

    /** Takes no new clients; the server goes when its last client leaves. */
    void StopListening();

    /**
     * The last distinct denials, at most 64, the latest last; also what complain mode has let pass. Entries as those of {@link Audit},
     * without {@code Suppressed}, and {@code First} t, {@code Last} t (microseconds since the epoch), {@code Count} t.
     */
    List<Map<String, Variant<?>>> GetDenials();

    /**
     * Tells with {@link Observed} what the app does, each kind of message once, until {@link #StopObserving} or until the
     * caller leaves the bus.
     *
     * @param complain let pass meanwhile what the rules do not allow, whatever {@code Mode} was
     */
    void Observe(boolean complain);

    /** @return messages that were left out, being of too many kinds */
    UInt64 StopObserving();

    @DBusBoundProperty(name = "ContainerType", access = Access.READ, emitChangeSignal = EmitChangeSignal.CONST)
    String getContainerType();

    @DBusBoundProperty(name = "AppIdentifier", access = Access.READ, emitChangeSignal = EmitChangeSignal.CONST)
    String getAppIdentifier();

    @DBusBoundProperty(name = "Metadata", access = Access.READ, emitChangeSignal = EmitChangeSignal.CONST)
    Map<String, Variant<?>> getMetadata();

    /** What the bus said of who made the server. */
    @DBusBoundProperty(name = "Creator", access = Access.READ, emitChangeSignal = EmitChangeSignal.CONST)
    Map<String, Variant<?>> getCreator();

    /** {@code session}, {@code system} or an address. */
    @DBusBoundProperty(name = "Bus", access = Access.READ, emitChangeSignal = EmitChangeSignal.CONST)
    String getBus();

    /** Without a trailing NUL. */
    @DBusBoundProperty(name = "SocketPath", access = Access.READ, emitChangeSignal = EmitChangeSignal.CONST)
    List<Byte> getSocketPath();

    @DBusBoundProperty(name = "Address", access = Access.READ, emitChangeSignal = EmitChangeSignal.CONST)
    String getAddress();

    /** Microseconds since the epoch. */
    @DBusBoundProperty(name = "Created", access = Access.READ, emitChangeSignal = EmitChangeSignal.CONST)
    UInt64 getCreated();

    /** {@code preparing}, {@code listening}, {@code draining} or {@code closing}. */
    @DBusBoundProperty(name = "State", access = Access.READ, emitChangeSignal = EmitChangeSignal.TRUE)
    String getState();

    /** The base rules; read them with {@link AccessRuleStruct#read}. */
    @DBusBoundProperty(name = "Allow", access = Access.READ, emitChangeSignal = EmitChangeSignal.TRUE)
    List<Object[]> getAllow();

    /** What services have granted; read them with {@link AccessRuleStruct#read}. */
    @DBusBoundProperty(name = "Grants", access = Access.READ, emitChangeSignal = EmitChangeSignal.TRUE)
    List<Object[]> getGrants();

    /** {@code a((usos)t)}: rules and when they end, microseconds since the epoch. */
    @DBusBoundProperty(name = "TimedAccess", access = Access.READ, emitChangeSignal = EmitChangeSignal.TRUE)
    List<Object[]> getTimedAccess();

    @DBusBoundProperty(name = "Policy", access = Access.READ, emitChangeSignal = EmitChangeSignal.TRUE)
    String getPolicy();

    /** {@code enforce} or {@code complain}. */
    @DBusBoundProperty(name = "Mode", access = Access.READ, emitChangeSignal = EmitChangeSignal.TRUE)
    String getMode();

    /** Unique names of the clients. */
    @DBusBoundProperty(name = "Connections", access = Access.READ, emitChangeSignal = EmitChangeSignal.TRUE)
    List<String> getConnections();

    @DBusBoundProperty(name = "Cgroups", access = Access.READ, emitChangeSignal = EmitChangeSignal.TRUE)
    List<String> getCgroups();

    /**
     * {@code a(aysay)}: path inside the namespace; {@code Pid}, {@code PidFd}, {@code Namespace} or {@code NamespacePath}; and
     * the process id, {@code mnt:[INODE]}, or the file. No NULs.
     */
    @DBusBoundProperty(name = "Mounts", access = Access.READ, emitChangeSignal = EmitChangeSignal.TRUE)
    List<Object[]> getMounts();

    /** In either direction. */
    @DBusBoundProperty(name = "MessagesForwarded", access = Access.READ, emitChangeSignal = EmitChangeSignal.FALSE)
    UInt64 getMessagesForwarded();

    /** In either direction. */
    @DBusBoundProperty(name = "MessagesDenied", access = Access.READ, emitChangeSignal = EmitChangeSignal.FALSE)
    UInt64 getMessagesDenied();

    /** A message was refused, or let through where it would have been. */
    final class Audit extends DBusSignal {
        private final Map<String, Variant<?>> record;

        public Audit(String path, Map<String, Variant<?>> record) throws DBusException {
            super(path, record);
            this.record = record;
        }

        /**
         * {@code Verdict}, {@code Operation}, {@code Bus}, {@code Direction}, {@code Name}, {@code PeerNames},
         * {@code PeerApp}, {@code Path}, {@code Interface}, {@code Member}, {@code FileDescriptors}, {@code Connection},
         * {@code ProcessID}, {@code Rule}, {@code Suggestion}, {@code Suppressed}; the XML says what they are.
         */
        public Map<String, Variant<?>> record() {
            return record;
        }
    }

    /** A kind of message that was not told before to somebody who observes; entries as those of {@link Audit}. */
    final class Observed extends DBusSignal {
        private final Map<String, Variant<?>> record;

        public Observed(String path, Map<String, Variant<?>> record) throws DBusException {
            super(path, record);
            this.record = record;
        }

        public Map<String, Variant<?>> record() {
            return record;
        }
    }
}
