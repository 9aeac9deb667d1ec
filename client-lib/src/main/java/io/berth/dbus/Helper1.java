package io.berth.dbus;

import java.util.List;
import java.util.Map;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.FileDescriptor;
import org.freedesktop.dbus.annotations.DBusBoundProperty;
import org.freedesktop.dbus.annotations.DBusInterfaceName;
import org.freedesktop.dbus.annotations.DBusProperty.Access;
import org.freedesktop.dbus.annotations.PropertiesEmitsChangedSignal.EmitChangeSignal;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.interfaces.DBusInterface;
import org.freedesktop.dbus.messages.DBusSignal;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.UInt64;
import org.freedesktop.dbus.types.Variant;

/**
 * {@code io.berth.Helper1} at {@link HelperName#ROOT_PATH}: makes and changes container servers and says which app a
 * connection belongs to. File descriptors among the arguments are borrowed: the caller still closes its own.
 */
@DBusInterfaceName(HelperName.HELPER_INTERFACE)
public interface Helper1 extends DBusInterface {
    /**
     * Makes a container server. The reply comes when connect() to the address works.
     *
     * @param type     reverse-DNS name of the sandbox technology
     * @param appId    the app identifier within {@code type}
     * @param metadata kept and shown, never interpreted
     * @param args     named arguments; an unknown one is {@code InvalidArgs} and nothing is created
     */
    AddedServer AddContainerServer(String type, String appId, Map<String, Variant<?>> metadata,
            Map<String, Variant<?>> args);

    /** Stops listening, disconnects every client, unlinks and forgets. */
    void RemoveContainerServer(DBusPath server);

    /** Takes no new clients; the server goes when its last client leaves. */
    void StopListening(DBusPath server);

    /** Replaces the base rules, not the timed and granted ones; in force for the next message in either direction. */
    void SetContainerAccess(DBusPath server, List<AccessRuleStruct> rules);

    /**
     * Adds rules; the XML says what becomes of one that is there already.
     *
     * @param duration microseconds until the rules go by themselves, up to a hundred years; 0: part of the base rules
     */
    void AddAccess(DBusPath server, List<AccessRuleStruct> rules, UInt64 duration);

    /** Takes base and timed rules away; none when one of them is not there ({@code InvalidArgs}). */
    void RemoveAccess(DBusPath server, List<AccessRuleStruct> rules);

    /** @param mode {@code enforce} or {@code complain} */
    void SetMode(DBusPath server, String mode);

    /** @param policy rules in AppArmor's D-Bus language */
    void SetContainerPolicy(DBusPath server, String policy);

    /**
     * Opens the caller's own names to a server, as long as the calling connection is there and owns them. So a service calls this
     * on the connection that it serves, and not on another one of its process's.
     *
     * @param rules about names that the connection owns now; an empty name means its unique name
     */
    void GrantAccess(DBusPath server, List<AccessRuleStruct> rules);

    /** Takes back what the calling connection has granted; nothing when it has not granted one of the rules ({@code InvalidArgs}). */
    void RevokeAccess(DBusPath server, List<AccessRuleStruct> rules);

    /** @param path below the cgroup mount, or absolute */
    void AddCgroup(DBusPath server, String path);

    void AddProcess(DBusPath server, FileDescriptor pidfd);

    /**
     * Mounts the socket over what is at {@code target}, or an empty file that is made there. The XML says which errors there are.
     *
     * @param namespace exactly one of {@code Pid} u, {@code PidFd} h, {@code Namespace} h, {@code NamespacePath} ay; and
     *                  optionally {@code HideDirectory} b
     * @param target    absolute path inside the namespace, at most 107 bytes; a NUL at its end is no part of it
     */
    void BindMount(DBusPath server, Map<String, Variant<?>> namespace, byte[] target);

    /**
     * Undoes {@link #BindMount}.
     *
     * @param namespace as there, without {@code HideDirectory}; empty for every namespace
     * @param target    as there; empty for every target
     */
    void Unmount(DBusPath server, Map<String, Variant<?>> namespace, byte[] target);

    /** Fails with {@link HelperName#NOT_CONTAINER} or {@link HelperName#NAME_HAS_NO_OWNER}. */
    ConnectionInstance GetConnectionInstance(String busName);

    /** @param bus {@code session}, {@code system} or an address */
    ConnectionInstance GetConnectionInstanceOnBus(String busName, String bus);

    InstanceInfo GetInstanceInfo(DBusPath server);

    /**
     * Of the app's process: {@code UnixUserID} u, {@code UnixGroupIDs} au, {@code ProcessID} u, {@code ProcessFD} h or
     * {@code ProcessIDUnverified} b, {@code LinuxSecurityLabel} ay.
     */
    Map<String, Variant<?>> GetConnectionCredentials(String busName);

    /** @param bus {@code session}, {@code system} or an address */
    Map<String, Variant<?>> GetConnectionCredentialsOnBus(String busName, String bus);

    @DBusBoundProperty(name = "Version", access = Access.READ, emitChangeSignal = EmitChangeSignal.CONST)
    String getVersion();

    /** The named arguments of {@link #AddContainerServer} that this helper knows what to do with. */
    @DBusBoundProperty(name = "SupportedArguments", access = Access.READ, emitChangeSignal = EmitChangeSignal.CONST)
    List<String> getSupportedArguments();

    @DBusBoundProperty(name = "Limits", access = Access.READ, emitChangeSignal = EmitChangeSignal.CONST)
    Map<String, UInt32> getLimits();

    /** A container server is there. */
    final class ContainerServerAdded extends DBusSignal {
        private final DBusPath server;
        private final String type;
        private final String appId;

        public ContainerServerAdded(String path, DBusPath server, String type, String appId) throws DBusException {
            super(path, server, type, appId);
            this.server = server;
            this.type = type;
            this.appId = appId;
        }

        public DBusPath server() {
            return server;
        }

        public String type() {
            return type;
        }

        public String appId() {
            return appId;
        }
    }

    /** A container server is gone, and with it everything it owned. */
    final class ContainerServerRemoved extends DBusSignal {
        private final DBusPath server;
        private final String reason;

        public ContainerServerRemoved(String path, DBusPath server, String reason) throws DBusException {
            super(path, server, reason);
            this.server = server;
            this.reason = reason;
        }

        public DBusPath server() {
            return server;
        }

        /**
         * {@code removed}, {@code closed}, {@code instances-gone}, {@code creator-gone}, {@code never-started},
         * {@code bus-gone} or {@code helper-exit}.
         */
        public String reason() {
            return reason;
        }
    }
}
