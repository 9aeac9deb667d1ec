package io.berth.control;

import io.berth.dbus.HelperName;
import java.util.List;

/** The kinds of objects in our tree: what interfaces each has, and what is below it. */
enum ObjectNode {
    TOP(List.of("io")),
    IO(List.of("berth")),
    BERTH(List.of("Helper1")),
    HELPER(List.of("servers"), Introspection.INTROSPECTABLE, Introspection.PEER, Introspection.PROPERTIES,
            Introspection.OBJECT_MANAGER, HelperName.HELPER_INTERFACE),
    /** Its children are the servers of the moment. */
    SERVERS(List.of()),
    SERVER(List.of(), Introspection.INTROSPECTABLE, Introspection.PEER, Introspection.PROPERTIES,
            HelperName.SERVER_INTERFACE);

    private final List<String> children;
    private final List<String> interfaces;

    ObjectNode(List<String> children, String... interfaces) {
        this.children = children;
        this.interfaces = interfaces.length > 0 ? List.of(interfaces)
                : List.of(Introspection.INTROSPECTABLE, Introspection.PEER);
    }

    /** @throws ControlException UnknownObject when there can be nothing at this path */
    static ObjectNode of(String path) {
        return switch (path) {
            case "/" -> TOP;
            case "/io" -> IO;
            case "/io/berth" -> BERTH;
            case HelperName.ROOT_PATH -> HELPER;
            case HelperName.SERVERS_PATH -> SERVERS;
            default -> {
                if (!ServerPath.isServer(path)) {
                    throw new ControlException(HelperName.UNKNOWN_OBJECT, "there is no object " + path);
                }
                yield SERVER;
            }
        };
    }

    List<String> children() {
        return children;
    }

    List<String> interfaces() {
        return interfaces;
    }
}
