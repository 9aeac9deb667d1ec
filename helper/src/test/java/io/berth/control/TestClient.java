package io.berth.control;

import io.berth.dbus.HelperName;
import io.berth.transport.BusErrorException;
import io.berth.transport.BusLocation;
import io.berth.transport.MessageBus;
import io.berth.transport.ReceivedFds;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.messages.DBusSignal;
import org.freedesktop.dbus.messages.MethodCall;
import org.freedesktop.dbus.types.Variant;

/** A connection that calls the helper, remembers what comes in which order, and answers nothing. */
final class TestClient implements MessageBus.Listener, AutoCloseable {
    static final String ROOT = HelperName.ROOT_PATH;
    static final String HELPER = HelperName.HELPER_INTERFACE;
    static final String SERVER = HelperName.SERVER_INTERFACE;

    private final MessageBus bus;
    private final List<DBusSignal> signals = new CopyOnWriteArrayList<>();
    private final List<String> events = new CopyOnWriteArrayList<>();

    TestClient(String address) throws IOException {
        bus = MessageBus.connect(BusLocation.parse(address));
        bus.start("test-client", Integer.MAX_VALUE, Integer.MAX_VALUE, this);
    }

    MessageBus bus() {
        return bus;
    }

    String name() {
        return bus.uniqueName();
    }

    void listen() throws Exception {
        bus.callDriver("AddMatch", "s", "type='signal',sender='" + HelperName.BUS_NAME + "'");
    }

    /** Signals and replies as they came: members of signals, and {@code reply} or {@code error} for each call. */
    List<String> events() {
        return events;
    }

    List<DBusSignal> signals(String member) {
        return signals.stream().filter(signal -> signal.getName().equals(member)).toList();
    }

    Object[] helper(String member, String signature, Object... arguments) throws Exception {
        return call(ROOT, HELPER, member, signature, arguments);
    }

    Object[] call(String path, String interfaceName, String member, String signature, Object... arguments) throws Exception {
        CompletableFuture<Object[]> answer = new CompletableFuture<>();
        bus.call(HelperName.BUS_NAME, path, interfaceName, member, (reply, error) -> {
            events.add(error == null ? "reply" : "error");
            try {
                if (error != null) {
                    answer.completeExceptionally(error);
                } else {
                    answer.complete(reply.getParameters() == null ? new Object[0] : reply.getParameters());
                }
            } catch (Exception unreadable) {
                answer.completeExceptionally(unreadable);
            }
        }, signature, arguments);
        try {
            return answer.get(10, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            throw (Exception) failure.getCause();
        }
    }

    /** @return the error's name without {@code org.freedesktop.DBus.Error.}, a space and its text */
    String error(String path, String interfaceName, String member, String signature, Object... arguments) throws Exception {
        try {
            call(path, interfaceName, member, signature, arguments);
            return "no error";
        } catch (BusErrorException error) {
            return error.errorName().replace("org.freedesktop.DBus.Error.", "") + " " + error.getMessage();
        }
    }

    String helperError(String member, String signature, Object... arguments) throws Exception {
        return error(ROOT, HELPER, member, signature, arguments);
    }

    /** @param arguments names and values */
    Object[] add(Object... arguments) throws Exception {
        return helper("AddContainerServer", "ssa{sv}a{sv}", "org.example.Sandbox", "app", Map.of(), named(arguments));
    }

    String addError(Object... arguments) throws Exception {
        return helperError("AddContainerServer", "ssa{sv}a{sv}", "org.example.Sandbox", "app", Map.of(), named(arguments));
    }

    static Map<String, Variant<?>> named(Object... namesAndValues) {
        Map<String, Variant<?>> map = new HashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            Object value = namesAndValues[i + 1];
            map.put((String) namesAndValues[i], value instanceof Variant<?> variant ? variant : new Variant<>(value));
        }
        return map;
    }

    static Object rule(long flags, String name) {
        return new Object[] {new org.freedesktop.dbus.types.UInt32(flags), name, new DBusPath("/"), ""};
    }

    @Override
    public void onMethodCall(MethodCall call) {
        ReceivedFds.release(call.getFiledescriptors());
    }

    @Override
    public void onSignal(DBusSignal signal) {
        if (!"org.freedesktop.DBus".equals(signal.getSource())) {
            signals.add(signal);
            events.add(signal.getName());
        }
    }

    @Override
    public void onUnread(MethodCall call, String reason) {
        // it does not listen to calls
    }

    @Override
    public void onClosed(IOException reason) {
        events.add("closed");
    }

    @Override
    public void close() throws IOException {
        bus.close();
    }
}
