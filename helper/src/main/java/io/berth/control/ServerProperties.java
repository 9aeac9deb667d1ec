package io.berth.control;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import io.berth.server.ServerInfo;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.UInt64;
import org.freedesktop.dbus.types.Variant;

/** The properties of {@code io.berth.Server1}, made from a {@link ServerInfo}. */
final class ServerProperties {
    /** How an unrestricted server reads: what is shown is what is enforced. */
    private static final AccessRule ANYTHING = new AccessRule(
            AccessFlags.TALK | AccessFlags.OWN | AccessFlags.FDS | AccessFlags.PATH_IS_SUBTREE, "", "/", "");

    private ServerProperties() {
    }

    /** All of them, in the order of the introspection. */
    static Map<String, Variant<?>> all(ServerInfo server) {
        Map<String, Variant<?>> values = new LinkedHashMap<>();
        values.put("ContainerType", new Variant<>(server.type(), "s"));
        values.put("AppIdentifier", new Variant<>(server.appId(), "s"));
        values.put("Metadata", new Variant<>(server.metadata(), "a{sv}"));
        values.put("Creator", new Variant<>(server.creator().credentials(), "a{sv}"));
        values.put("Bus", new Variant<>(server.bus(), "s"));
        values.put("SocketPath", new Variant<>(bytes(server.socketPath()), "ay"));
        values.put("Address", new Variant<>(server.address(), "s"));
        values.put("Created", new Variant<>(new UInt64(server.createdUs()), "t"));
        values.put("State", state(server));
        values.put("Allow", allow(server));
        values.put("Grants", grants(server));
        values.put("TimedAccess", timed(server));
        values.put("Policy", policy(server));
        values.put("Mode", mode(server));
        values.put("Connections", connections(server));
        values.put("Cgroups", cgroups(server));
        values.put("Mounts", mounts(server));
        values.put("MessagesForwarded", new Variant<>(new UInt64(server.messagesForwarded()), "t"));
        values.put("MessagesDenied", new Variant<>(new UInt64(server.messagesDenied()), "t"));
        return values;
    }

    /** Those with change signals that differ. */
    static Map<String, Variant<?>> changed(ServerInfo before, ServerInfo now) {
        Map<String, Variant<?>> values = new LinkedHashMap<>();
        if (before.state() != now.state()) {
            values.put("State", state(now));
        }
        if (!shown(before).equals(shown(now))) {
            values.put("Allow", allow(now));
        }
        if (!before.grants().equals(now.grants())) {
            values.put("Grants", grants(now));
        }
        if (!before.timed().equals(now.timed())) {
            values.put("TimedAccess", timed(now));
        }
        if (!before.policy().equals(now.policy())) {
            values.put("Policy", policy(now));
        }
        if (before.mode() != now.mode()) {
            values.put("Mode", mode(now));
        }
        if (!before.connections().equals(now.connections())) {
            values.put("Connections", connections(now));
        }
        if (!before.cgroups().equals(now.cgroups())) {
            values.put("Cgroups", cgroups(now));
        }
        if (!before.mounts().equals(now.mounts())) {
            values.put("Mounts", mounts(now));
        }
        return values;
    }

    private static Variant<?> mounts(ServerInfo server) {
        return new Variant<>(server.mounts().stream().map(mount -> new Object[] {bytes(mount.target()), mount.kind(),
            bytes(mount.namespace())}).toList(), "a(aysay)");
    }

    static byte[] bytes(String path) {
        return path.getBytes(StandardCharsets.UTF_8);
    }

    private static Variant<?> state(ServerInfo server) {
        return new Variant<>(server.state().word(), "s");
    }

    private static Variant<?> policy(ServerInfo server) {
        return new Variant<>(server.policy(), "s");
    }

    private static Variant<?> mode(ServerInfo server) {
        return new Variant<>(server.mode().word(), "s");
    }

    private static Variant<?> connections(ServerInfo server) {
        return new Variant<>(server.connections(), "as");
    }

    private static Variant<?> cgroups(ServerInfo server) {
        return new Variant<>(server.cgroups(), "as");
    }

    private static Variant<?> allow(ServerInfo server) {
        return new Variant<>(shown(server).stream().map(ServerProperties::struct).toList(), "a(usos)");
    }

    private static Variant<?> grants(ServerInfo server) {
        return new Variant<>(server.grants().stream().map(ServerProperties::struct).toList(), "a(usos)");
    }

    private static Variant<?> timed(ServerInfo server) {
        return new Variant<>(server.timed().stream().map(timed -> new Object[] {struct(timed.rule()), new UInt64(timed.untilUs())}).toList(),
                "a((usos)t)");
    }

    private static List<AccessRule> shown(ServerInfo server) {
        return server.unrestricted() ? List.of(ANYTHING) : server.allow();
    }

    private static Object[] struct(AccessRule rule) {
        return new Object[] {new UInt32(rule.flags()), rule.busName(), new DBusPath(rule.objectPath()), rule.interfaceName()};
    }
}
