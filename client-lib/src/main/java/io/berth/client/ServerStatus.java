package io.berth.client;

import io.berth.api.AccessRule;
import io.berth.api.AppId;
import io.berth.dbus.HelperName;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;

/**
 * A container server as its properties told at one moment.
 *
 * <p>Values whose shape the creator or the bus decides are plain: String, Boolean, Long, Double, List, Map.
 *
 * @param path              its object path
 * @param app               container type and app identifier
 * @param creator           credentials of who made it
 * @param bus               {@code session}, {@code system} or an address
 * @param state             {@code preparing}, {@code listening}, {@code draining} or {@code closing}
 * @param allow             base rules
 * @param grants            rules that services granted
 * @param timed             rules that go by themselves
 * @param policy            AppArmor D-Bus rules; empty when there are none
 * @param mode              {@code enforce} or {@code complain}
 * @param connections       unique names of its clients
 * @param mounts            where its socket is mounted
 * @param createdUs         microseconds since the epoch
 * @param messagesForwarded in either direction
 * @param messagesDenied    in either direction
 */
public record ServerStatus(String path, AppId app, Map<String, Object> metadata, Map<String, Object> creator,
        String bus, String socketPath, String address, String state, List<AccessRule> allow, List<AccessRule> grants,
        List<TimedRule> timed, String policy, String mode, List<String> connections, List<String> cgroups, List<MountPlace> mounts,
        long createdUs, long messagesForwarded, long messagesDenied) {

    /** @param untilUs microseconds since the epoch */
    public record TimedRule(AccessRule rule, long untilUs) {
        /** How long it lasts from now on, if nobody has set the clock since it was added. */
        public Duration left() {
            return Duration.between(Instant.now(), Instant.EPOCH.plus(untilUs, ChronoUnit.MICROS));
        }
    }

    /**
     * One place where the socket is mounted.
     *
     * @param target    path inside the namespace
     * @param kind      {@code Pid}, {@code PidFd}, {@code Namespace} or {@code NamespacePath}
     * @param namespace the process id, {@code mnt:[INODE]}, or the file
     */
    public record MountPlace(String target, String kind, String namespace) {
    }

    /** The last element of the object path. */
    public String id() {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** @param properties of {@code io.berth.Server1}, plain */
    static ServerStatus of(String path, Map<String, Object> properties) {
        Properties read = new Properties(path, properties);
        return new ServerStatus(path, new AppId(read.text("ContainerType"), read.text("AppIdentifier")),
                PlainValue.map(read.get("Metadata")), PlainValue.map(read.get("Creator")), read.text("Bus"),
                PlainValue.text(read.get("SocketPath")), read.text("Address"), read.text("State"),
                read.list("Allow").stream().map(ServerStatus::rule).toList(),
                read.list("Grants").stream().map(ServerStatus::rule).toList(),
                read.list("TimedAccess").stream().map(List.class::cast)
                        .map(pair -> new TimedRule(rule(pair.get(0)), (Long) pair.get(1))).toList(),
                read.text("Policy"), read.text("Mode"),
                read.list("Connections").stream().map(String.class::cast).toList(),
                read.list("Cgroups").stream().map(String.class::cast).toList(),
                read.list("Mounts").stream().map(ServerStatus::mount).toList(), (Long) read.get("Created"), (Long) read.get("MessagesForwarded"), (Long) read.get("MessagesDenied"));
    }

    private static AccessRule rule(Object fields) {
        List<?> rule = (List<?>) fields;
        return new AccessRule(((Long) rule.get(0)).intValue(), (String) rule.get(1), (String) rule.get(2),
                (String) rule.get(3));
    }

    private static MountPlace mount(Object fields) {
        List<?> mount = (List<?>) fields;
        return new MountPlace(PlainValue.text(mount.get(0)), (String) mount.get(1), PlainValue.text(mount.get(2)));
    }

    /** The properties of one server, each of which must be there. */
    private record Properties(String path, Map<String, Object> values) {
        Object get(String name) {
            Object value = values.get(name);
            if (value == null) {
                throw new BerthException("", path + " has no property " + name + " of " + HelperName.SERVER_INTERFACE);
            }
            return value;
        }

        String text(String name) {
            return (String) get(name);
        }

        List<?> list(String name) {
            return (List<?>) get(name);
        }
    }
}
