package io.berth.client;

import io.berth.api.AccessRule;
import io.berth.api.AppId;
import io.berth.dbus.AccessRuleStruct;
import io.berth.transport.NotificationPipe;
import io.berth.transport.SocketPair;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.freedesktop.dbus.FileDescriptor;
import org.freedesktop.dbus.types.UInt64;
import org.freedesktop.dbus.types.Variant;

/**
 * Says what a container server shall be, then {@link #open}s it. Without {@link #allow}, {@link #policy} or {@link #unrestricted} the app
 * can use only the bus driver's harmless methods. For one thread; can be used again for one more server.
 */
public final class ServerBuilder {
    private final HelperConnection helper;
    private final AppId app;
    private final Map<String, Variant<?>> metadata = new LinkedHashMap<>();
    private final List<AccessRule> rules = new ArrayList<>();
    private final Map<String, Variant<?>> arguments = new LinkedHashMap<>();

    ServerBuilder(HelperConnection helper, AppId app) {
        this.helper = helper;
        this.app = app;
        startTimeout(Duration.ZERO);
    }

    /** @param value String, Boolean, Integer, Long or Double; kept and shown, never interpreted */
    public ServerBuilder metadata(String key, Object value) {
        metadata.put(key, new Variant<>(value));
        return this;
    }

    /** @param bus {@code session} (the default), {@code system}, or a {@code unix:} address */
    public ServerBuilder bus(String bus) {
        arguments.put("Bus", new Variant<>(bus));
        return this;
    }

    /** May be called again to add more. */
    public ServerBuilder allow(List<AccessRule> more) {
        rules.addAll(more);
        return this;
    }

    public ServerBuilder allow(AccessRule... more) {
        return allow(List.of(more));
    }

    /** Everything but what is never allowed; cannot go together with {@link #allow}. */
    public ServerBuilder unrestricted() {
        arguments.put("Unrestricted", new Variant<>(true));
        return this;
    }

    /**
     * A policy in AppArmor's D-Bus language alone decides; cannot go together with {@link #allow} or {@link #unrestricted}.
     *
     * @param text what is wrong in it is told by {@link #open}, with line and column
     */
    public ServerBuilder policy(String text) {
        arguments.put("Policy", new Variant<>(text));
        return this;
    }

    /** Lets rules on names that hand out the host have effect, such as {@code org.freedesktop.systemd1}. */
    public ServerBuilder allowHostEscape() {
        arguments.put("AllowHostEscape", new Variant<>(true));
        return this;
    }

    /**
     * Has the connections to the bus made by a process in the sandbox, which is given the other end; the server ends with it.
     *
     * @param pair borrowed until {@link #open} has returned
     */
    public ServerBuilder connector(SocketPair pair) {
        arguments.put("Connector", new Variant<>(new FileDescriptor(pair.helperEnd())));
        return this;
    }

    /** Time to get a first client, else the server is removed; zero, the default here, waits for ever. */
    public ServerBuilder startTimeout(Duration time) {
        arguments.put("StartTimeout", new Variant<>(new UInt64(time.toNanos() / 1000)));
        return this;
    }

    /**
     * Makes the server; connect() to its socket works when this returns.
     *
     * @throws BerthException why not; nothing is left behind then
     */
    public ContainerServer open() {
        NotificationPipe pipe;
        try {
            pipe = NotificationPipe.open();
        } catch (IOException failure) {
            throw new BerthException("", "cannot make a close-notification pipe: " + failure.getMessage());
        }
        try {
            Map<String, Variant<?>> named = arguments();
            named.put("CloseNotification", new Variant<>(new FileDescriptor(pipe.readFd())));
            ContainerServer server = open(named, pipe);
            pipe.closeReadEnd();
            return server;
        } catch (RuntimeException failure) {
            pipe.close();
            throw failure;
        }
    }

    /**
     * Makes a server that shall outlive this process: it ends with the cgroups and processes that are added to it. Until the
     * first is added it ends when this client leaves the bus.
     *
     * @throws BerthException why not; nothing is left behind then
     */
    public ContainerServer openDetached() {
        return open(arguments(), null);
    }

    private Map<String, Variant<?>> arguments() {
        Map<String, Variant<?>> named = new LinkedHashMap<>(arguments);
        boolean others = arguments.containsKey("Unrestricted") || arguments.containsKey("Policy");
        if (!others || !rules.isEmpty()) {
            named.put("Allow", new Variant<>(AccessRuleStruct.of(rules), "a(usos)"));
        }
        return named;
    }

    private ContainerServer open(Map<String, Variant<?>> named, NotificationPipe pipe) {
        List<Object> reply = helper.callHelper("AddContainerServer", "ssa{sv}a{sv}", app.type(), app.id(), metadata, named);
        return new ContainerServer(helper, (String) reply.get(0), PlainValue.text(reply.get(1)), (String) reply.get(2), pipe);
    }
}
