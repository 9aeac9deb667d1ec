package io.berth.control;

import io.berth.dbus.HelperName;
import io.berth.server.Registry;
import io.berth.server.ServerInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.types.Variant;

/** The interfaces that every object has (D-Bus Specification, "Standard Interfaces"), over whatever is at the path. */
final class StandardMembers {
    private static final List<Path> MACHINE_ID = List.of(Path.of("/etc/machine-id"), Path.of("/var/lib/dbus/machine-id"));

    private final Registry registry;
    private final Map<String, Variant<?>> helperProperties;
    private final Introspection introspection = new Introspection();

    StandardMembers(Registry registry, Map<String, Variant<?>> helperProperties) {
        this.registry = registry;
        this.helperProperties = helperProperties;
    }

    List<Member> introspectable() {
        return List.of(new Member("Introspect", "", "s", this::introspect));
    }

    static List<Member> peer() {
        return List.of(
                new Member("Ping", "", "", call -> answer()),
                new Member("GetMachineId", "", "s", call -> answer(machineId())));
    }

    List<Member> properties() {
        return List.of(
                new Member("Get", "ss", "v", call -> answer(find(call, values(call)))),
                new Member("GetAll", "s", "a{sv}", call -> answer(values(call))),
                new Member("Set", "ssv", "", call -> {
                    find(call, values(call));
                    throw new ControlException(ControlException.PROPERTY_READ_ONLY, "property " + call.text(1)
                            + " can only be read");
                }));
    }

    List<Member> objectManager() {
        return List.of(new Member("GetManagedObjects", "", "a{oa{sa{sv}}}", call -> registry.list().thenApply(servers -> {
            Map<DBusPath, Map<String, Map<String, Variant<?>>>> objects = new LinkedHashMap<>();
            for (ServerInfo server : servers) {
                objects.put(new DBusPath(ServerPath.of(server.id())),
                        Map.of(HelperName.SERVER_INTERFACE, ServerProperties.all(server)));
            }
            return new Answer(objects);
        })));
    }

    private CompletableFuture<Answer> introspect(IncomingCall call) {
        ObjectNode node = ObjectNode.of(call.path());
        if (node != ObjectNode.SERVERS) {
            return answer(introspection.describe(node.interfaces(), node.children()));
        }
        return registry.list().thenApply(servers ->
                new Answer(introspection.describe(node.interfaces(), servers.stream().map(ServerInfo::id).toList())));
    }

    /** The properties of the interface that the first argument names. */
    private Map<String, Variant<?>> values(IncomingCall call) {
        String name = call.text(0);
        if (!ObjectNode.of(call.path()).interfaces().contains(name)) {
            throw new ControlException(ControlException.UNKNOWN_INTERFACE, call.path() + " has no interface '" + name + "'");
        }
        return switch (name) {
            case HelperName.HELPER_INTERFACE -> helperProperties;
            case HelperName.SERVER_INTERFACE -> ServerProperties.all(call.server());
            default -> Map.of();
        };
    }

    private static Variant<?> find(IncomingCall call, Map<String, Variant<?>> values) {
        Variant<?> value = values.get(call.text(1));
        if (value == null) {
            throw new ControlException(ControlException.UNKNOWN_PROPERTY, call.text(0) + " has no property '"
                    + call.text(1) + "'");
        }
        return value;
    }

    private static String machineId() {
        for (Path file : MACHINE_ID) {
            try {
                return Files.readString(file).strip();
            } catch (IOException absent) {
                continue;
            }
        }
        throw new ControlException(ControlException.FAILED, "this machine has no machine-id");
    }

    private static CompletableFuture<Answer> answer(Object... values) {
        return CompletableFuture.completedFuture(new Answer(values));
    }
}
