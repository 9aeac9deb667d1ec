package io.berth.client;

import io.berth.api.AppId;
import io.berth.api.NameGrammar;
import io.berth.dbus.HelperName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The helper, as launchers and services talk to it.
 *
 * <p>A launcher:
 * <pre>{@code
 * try (BerthClient berth = BerthClient.connect();
 *         ContainerServer server = berth.server("org.example.Box", "org.example.Editor")
 *                 .allow(RuleText.parse("--talk=org.freedesktop.Notifications"))
 *                 .open()) {
 *     ProcessBuilder app = new ProcessBuilder("editor").inheritIO();
 *     app.environment().put("DBUS_SESSION_BUS_ADDRESS", server.address());
 *     app.start().waitFor();
 * }
 * }</pre>
 *
 * <p>A service: {@code berth.identify(sender)} is the app behind a caller, or empty for an unconfined one.
 *
 * <p>Any thread may call. Closing ends the connection but not the servers, which end with their own handles.
 */
public final class BerthClient implements AutoCloseable {
    private final HelperConnection helper;

    private BerthClient(HelperConnection helper) {
        this.helper = helper;
    }

    /**
     * Connects to the session bus of this process's environment. The helper is started by the first call when the bus
     * knows how to.
     *
     * @throws BerthException.NoBus when there is no session bus, or none that answers
     */
    public static BerthClient connect() {
        return new BerthClient(HelperConnection.openSession(System.getenv()));
    }

    /**
     * Begins a new container server.
     *
     * @param type  reverse-DNS name of the sandbox technology
     * @param appId the app identifier within {@code type}
     * @throws IllegalArgumentException when one of them is malformed
     */
    public ServerBuilder server(String type, String appId) {
        return new ServerBuilder(helper, new AppId(type, appId));
    }

    /** Somebody's server; whether it exists shows at the first call. */
    public ContainerServer attach(String serverPath) {
        return new ContainerServer(helper, NameGrammar.checkObjectPath(serverPath), "", "", null);
    }

    /** All container servers, oldest first. */
    public List<ServerStatus> servers() {
        List<Object> reply = helper.call(HelperName.ROOT_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", null);
        List<ServerStatus> servers = new ArrayList<>();
        PlainValue.map(reply.get(0)).forEach((path, interfaces) -> {
            Object properties = PlainValue.map(interfaces).get(HelperName.SERVER_INTERFACE);
            if (properties != null) {
                servers.add(ServerStatus.of(path, PlainValue.map(properties)));
            }
        });
        servers.sort((one, other) -> Long.compare(one.createdUs(), other.createdUs()));
        return servers;
    }

    /**
     * The app behind a connection of the session bus.
     *
     * @param busName unique or well-known
     * @return empty for an unconfined connection
     * @throws BerthException.NameHasNoOwner when nobody has that name
     */
    public Optional<ConfinedApp> identify(String busName) {
        return find("GetConnectionInstance", "s", busName);
    }

    /** @param bus {@code session}, {@code system} or an address: unique names repeat from bus to bus */
    public Optional<ConfinedApp> identify(String busName, String bus) {
        return find("GetConnectionInstanceOnBus", "ss", busName, bus);
    }

    private Optional<ConfinedApp> find(String method, String signature, Object... arguments) {
        try {
            return Optional.of(ConfinedApp.of(helper.callHelper(method, signature, arguments)));
        } catch (BerthException refusal) {
            if (refusal.errorName().equals(HelperName.NOT_CONTAINER)) {
                return Optional.empty();
            }
            throw refusal;
        }
    }

    /** What the helper may be asked for and how much of it: {@code Version}, {@code SupportedArguments}, {@code Limits}. */
    public Map<String, Object> helperProperties() {
        return PlainValue.map(helper.call(HelperName.ROOT_PATH, "org.freedesktop.DBus.Properties", "GetAll", "s",
                HelperName.HELPER_INTERFACE).get(0));
    }

    /**
     * Tells the listener what happens from now on, until the result is closed.
     *
     * @throws BerthException.NoHelper when there is no helper now
     */
    public AutoCloseable watch(HelperListener listener) {
        helper.call(HelperName.ROOT_PATH, "org.freedesktop.DBus.Peer", "Ping", null);
        return HelperWatch.open(helper, listener);
    }

    /** Whether the bus is still there. */
    public boolean isConnected() {
        return helper.isOpen();
    }

    @Override
    public void close() {
        helper.close();
    }
}
