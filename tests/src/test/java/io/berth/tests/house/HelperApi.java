package io.berth.tests.house;

import io.berth.api.AccessRule;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Calls {@code io.berth.Helper1} over a borrowed connection, and leaves every error to the test. For one thread. */
public final class HelperApi {
    public static final String ROOT = "/io/berth/Helper1";
    public static final String SERVER = "io.berth.Server1";
    public static final String TYPE = "org.test.Sandbox";
    private static final String PROPERTIES = "org.freedesktop.DBus.Properties";

    private final RawClient connection;

    public HelperApi(RawClient connection) {
        this.connection = connection;
    }

    public RawClient connection() {
        return connection;
    }

    /** A server that stays as long as this connection does. */
    public ContainerServer add(String appId, AccessRule... rules) {
        return add(appId, arguments(List.of(rules)));
    }

    /** @param fds borrowed; an {@code h} value is an index into them */
    public ContainerServer add(String appId, Map<String, Variant> arguments, int... fds) {
        return add(TYPE, appId, Map.of(), arguments, fds);
    }

    public ContainerServer add(String type, String appId, Map<String, Variant> metadata, Map<String, Variant> arguments,
            int... fds) {
        Message call = call("AddContainerServer").body("ssa{sv}a{sv}", type, appId, metadata, arguments);
        if (fds.length > 0) {
            call.fds(fds);
        }
        return ContainerServer.of(connection.call(call).args());
    }

    public void remove(ContainerServer server) {
        connection.call(call("RemoveContainerServer").body("o", server.object()));
    }

    public void stopListening(ContainerServer server) {
        connection.call(call("StopListening").body("o", server.object()));
    }

    public void setAccess(ContainerServer server, AccessRule... rules) {
        connection.call(call("SetContainerAccess").body("oa(usos)", server.object(), structs(rules)));
    }

    public void setPolicy(ContainerServer server, String policy) {
        connection.call(call("SetContainerPolicy").body("os", server.object(), policy));
    }

    public void setMode(ContainerServer server, String mode) {
        connection.call(call("SetMode").body("os", server.object(), mode));
    }

    public void addAccess(ContainerServer server, AccessRule... rules) {
        connection.call(call("AddAccess").body("oa(usos)t", server.object(), structs(rules), 0));
    }

    public void removeAccess(ContainerServer server, AccessRule... rules) {
        connection.call(call("RemoveAccess").body("oa(usos)", server.object(), structs(rules)));
    }

    /** @return server, creator, type, app identifier, metadata */
    public List<Object> instance(String busName) {
        return connection.call(call("GetConnectionInstance").body("s", busName)).args();
    }

    @SuppressWarnings("unchecked")
    public Map<String, Variant> credentials(String busName) {
        return (Map<String, Variant>) connection.call(call("GetConnectionCredentials").body("s", busName)).arg();
    }

    /** A property of a server object. */
    public Object property(ContainerServer server, String name) {
        return property(server.object(), SERVER, name);
    }

    public Object property(String object, String interfaceName, String name) {
        Message call = Message.call(BerthDaemon.NAME, object, PROPERTIES, "Get").body("ss", interfaceName, name);
        return ((Variant) connection.call(call).arg()).value();
    }

    /** The {@code Allow} property of a server. */
    public List<AccessRule> rules(ContainerServer server) {
        return ((List<?>) property(server, "Allow")).stream().map(entry -> {
            List<?> rule = (List<?>) entry;
            return new AccessRule(((Long) rule.get(0)).intValue(), (String) rule.get(1), (String) rule.get(2),
                    (String) rule.get(3));
        }).toList();
    }

    /** Object paths of all servers there are. */
    public List<String> servers() {
        Message call = Message.call(BerthDaemon.NAME, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
        return ((Map<?, ?>) connection.call(call).arg()).keySet().stream().map(Object::toString)
                .filter(path -> path.startsWith(ROOT + "/servers/")).toList();
    }

    /** A call of a method of the root object, without its body. */
    public static Message call(String member) {
        return Message.call(BerthDaemon.NAME, ROOT, BerthDaemon.NAME, member);
    }

    public static Variant allow(AccessRule... rules) {
        return new Variant("a(usos)", structs(rules));
    }

    /** {@code Allow} for a server that stays as long as its creator does, with further arguments: names and values by turns. */
    public static Map<String, Variant> arguments(List<AccessRule> rules, Object... more) {
        Map<String, Variant> arguments = staying();
        arguments.put("Allow", allow(rules.toArray(new AccessRule[0])));
        for (int i = 0; i < more.length; i += 2) {
            arguments.put((String) more[i], (Variant) more[i + 1]);
        }
        return arguments;
    }

    /** The same for a server without restrictions. */
    public static Map<String, Variant> unrestricted() {
        Map<String, Variant> arguments = staying();
        arguments.put("Unrestricted", Variant.of(true));
        return arguments;
    }

    /** The same for a server under a policy in AppArmor's language, with further arguments. */
    public static Map<String, Variant> policy(String text, Object... more) {
        Map<String, Variant> arguments = staying();
        arguments.put("Policy", Variant.of(text));
        for (int i = 0; i < more.length; i += 2) {
            arguments.put((String) more[i], (Variant) more[i + 1]);
        }
        return arguments;
    }

    /** The same without rules, to be added to. */
    public static Map<String, Variant> staying() {
        Map<String, Variant> arguments = new LinkedHashMap<>();
        arguments.put("OutliveCreator", Variant.of(false));
        return arguments;
    }

    public static List<Object> structs(AccessRule... rules) {
        return Arrays.stream(rules)
                .<Object>map(rule -> List.of(rule.flags(), rule.busName(), rule.objectPath(), rule.interfaceName())).toList();
    }
}
