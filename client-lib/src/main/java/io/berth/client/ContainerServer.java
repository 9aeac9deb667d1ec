package io.berth.client;

import io.berth.api.AccessRule;
import io.berth.dbus.AccessRuleStruct;
import io.berth.dbus.HelperName;
import io.berth.transport.NotificationPipe;
import io.berth.transport.ProcessDescriptor;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.FileDescriptor;
import org.freedesktop.dbus.types.UInt64;

/**
 * One container server, to give to an app and to change while the app runs. Every change is in force for the next
 * message when the method returns.
 *
 * <p>A server that {@link ServerBuilder#open} made ends when this object is closed, or when this process dies: the
 * other end of its close-notification pipe is here. One that {@link BerthClient#attach} found is only looked at, and one
 * that {@link ServerBuilder#openDetached} made has other ends; closing such an object changes nothing.
 *
 * <p>All methods throw {@link BerthException.UnknownServer} once the server is gone. Any thread may call them.
 */
public final class ContainerServer implements AutoCloseable {
    private final HelperConnection helper;
    private final String path;
    private final String socketPath;
    private final String address;
    private final NotificationPipe pipe;

    /** @param pipe the end that this server takes; null when it has none */
    ContainerServer(HelperConnection helper, String path, String socketPath, String address, NotificationPipe pipe) {
        this.helper = helper;
        this.path = path;
        this.socketPath = socketPath;
        this.address = address;
        this.pipe = pipe;
    }

    /** Its object path on the helper's bus. */
    public String path() {
        return path;
    }

    /** The socket to put where the app looks for its bus. */
    public String socketPath() {
        return socketPath;
    }

    /** What to put into {@code DBUS_SESSION_BUS_ADDRESS} or {@code DBUS_SYSTEM_BUS_ADDRESS} of the app. */
    public String address() {
        return address;
    }

    /** Asks the helper how it is now. */
    public ServerStatus status() {
        List<Object> reply = helper.call(path, "org.freedesktop.DBus.Properties", "GetAll", "s", HelperName.SERVER_INTERFACE);
        return ServerStatus.of(path, PlainValue.map(reply.get(0)));
    }

    /** What was refused of late, the latest last: the entries of {@code GetDenials}, plain. */
    public List<Map<String, Object>> denials() {
        List<?> denials = (List<?>) helper.call(path, HelperName.SERVER_INTERFACE, "GetDenials", null).get(0);
        return denials.stream().map(PlainValue::map).toList();
    }

    /**
     * Tells what the app does from now on, each kind of message once.
     *
     * @param complain let pass meanwhile what the rules do not allow; that ends with the observation
     * @param listener told on the connection's reading thread, so it may not call the helper: the entries of {@code Observed}, plain
     */
    public Observation observe(boolean complain, Consumer<Map<String, Object>> listener) {
        return Observation.open(helper, path, complain, listener);
    }

    /** @param mode {@code enforce} or {@code complain}: let pass what the rules do not allow, and tell it */
    public void setMode(String mode) {
        helper.callHelper("SetMode", "os", new DBusPath(path), mode);
    }

    /** Replaces the base rules; also ends an unrestricted server's freedom. */
    public void setAccess(List<AccessRule> rules) {
        helper.callHelper("SetContainerAccess", "oa(usos)", new DBusPath(path), AccessRuleStruct.of(rules));
    }

    /** Puts a policy in AppArmor's D-Bus language in the place of all access rules. */
    public void setPolicy(String policy) {
        helper.callHelper("SetContainerPolicy", "os", new DBusPath(path), policy);
    }

    /** Adds to the base rules. */
    public void addAccess(List<AccessRule> rules) {
        helper.callHelper("AddAccess", "oa(usos)t", new DBusPath(path), AccessRuleStruct.of(rules), new UInt64(0));
    }

    /**
     * Adds rules that go by themselves, beside the base rules. For a rule that is there already, the new end takes the place of
     * the old one.
     *
     * @param duration 1 µs to 100 years; the time that the machine sleeps counts
     */
    public void addAccess(List<AccessRule> rules, Duration duration) {
        long us = duration.toNanos() / 1000;
        if (us < 1) {
            throw new IllegalArgumentException("duration " + duration + ": expected at least a microsecond");
        }
        helper.callHelper("AddAccess", "oa(usos)t", new DBusPath(path), AccessRuleStruct.of(rules), new UInt64(us));
    }

    /** Takes base and timed rules away; none when one of them is not there. */
    public void removeAccess(List<AccessRule> rules) {
        helper.callHelper("RemoveAccess", "oa(usos)", new DBusPath(path), AccessRuleStruct.of(rules));
    }

    /**
     * Mounts the socket into another mount namespace.
     *
     * @param target        absolute path inside; a socket or regular file there is covered, where nothing is a file is made
     * @param hideDirectory whether to cover the target's directory with an empty one first
     * @throws BerthException when it cannot be; the namespace is as it was then
     */
    public void mount(MountNamespace namespace, String target, boolean hideDirectory) {
        helper.callHelper("BindMount", "oa{sv}ay", new DBusPath(path), namespace.entries(hideDirectory), target.getBytes(StandardCharsets.UTF_8));
    }

    /** Unmounts it again. @param namespace empty for every one @param target empty for every one */
    public void unmount(Optional<MountNamespace> namespace, Optional<String> target) {
        helper.callHelper("Unmount", "oa{sv}ay", new DBusPath(path), namespace.map(one -> one.entries(false)).orElse(Map.of()),
                target.orElse("").getBytes(StandardCharsets.UTF_8));
    }

    /**
     * One more control group with the app's processes: the server ends with the last process in the last of them. From the
     * first one on, the server stays when this client leaves the bus.
     *
     * @param cgroup absolute, or relative to where cgroups are mounted
     */
    public void addCgroup(String cgroup) {
        helper.callHelper("AddCgroup", "os", new DBusPath(path), cgroup);
    }

    /** One more process whose life counts, as {@link #addCgroup} does for many. @param process borrowed */
    public void addProcess(ProcessDescriptor process) {
        helper.callHelper("AddProcess", "oh", new DBusPath(path), new FileDescriptor(process.fd()));
    }

    /** Takes no new clients; the server goes when its last client leaves. */
    public void stopListening() {
        helper.callHelper("StopListening", "o", new DBusPath(path));
    }

    /** Disconnects every client and unlinks the socket; returns when that is done. */
    public void remove() {
        helper.callHelper("RemoveContainerServer", "o", new DBusPath(path));
    }

    /** Ends the server that this object made, without waiting for the helper; may be called twice. */
    @Override
    public void close() {
        if (pipe != null) {
            pipe.close();
        }
    }
}
