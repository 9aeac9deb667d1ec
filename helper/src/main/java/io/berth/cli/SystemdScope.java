package io.berth.cli;

import io.berth.api.AppId;
import io.berth.transport.BusErrorException;
import io.berth.transport.BusLocation;
import io.berth.transport.MessageBus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.freedesktop.dbus.messages.DBusSignal;
import org.freedesktop.dbus.messages.MethodCall;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.Variant;

/**
 * Asks the user's systemd for a transient scope (org.freedesktop.systemd1(5), StartTransientUnit), which is a cgroup that
 * systemd removes when it is empty. Named as desktops name them: {@code app-LAUNCHER-APP-NUMBER.scope}.
 */
final class SystemdScope {
    private static final String MANAGER = "org.freedesktop.systemd1";
    private static final int PATIENCE_SECONDS = 10;
    /** Milliseconds between two looks for the process in its scope: systemd answers before it has moved it. */
    private static final long LOOK_INTERVAL_MS = 2;
    /** Characters of an app identifier in the name of a unit, which may have 255 in all (systemd.unit(5)). */
    private static final int LONGEST_APP = 120;

    private SystemdScope() {
    }

    /**
     * @param process that stays where it is until this returns
     * @return the cgroup, relative to where cgroups are mounted
     * @throws IOException why there is none
     */
    static String enter(Process process, AppId app, Map<String, String> environment) throws IOException, InterruptedException {
        String unit = unitName(app, process.pid());
        try (MessageBus bus = MessageBus.connect(BusLocation.session(environment))) {
            Object[] running = bus.callDriver("NameHasOwner", "s", MANAGER);
            if (!(Boolean) running[0]) {
                throw new IOException("no systemd user manager is on the session bus");
            }
            bus.start("berth-systemd", 1 << 16, 1 << 16, new Unheard());
            start(bus, unit, app, process.pid());
        } catch (BusErrorException refused) {
            throw new IOException("systemd makes no scope: " + refused.getMessage());
        }
        return awaitMove(process, unit);
    }

    private static void start(MessageBus bus, String unit, AppId app, long pid) throws IOException, InterruptedException {
        CompletableFuture<Void> answer = new CompletableFuture<>();
        List<Object[]> properties = List.of(
                new Object[] {"Description", new Variant<>("Berth: " + app.id(), "s")},
                new Object[] {"PIDs", new Variant<>(List.of(new UInt32(pid)), "au")},
                new Object[] {"CollectMode", new Variant<>("inactive-or-failed", "s")});
        bus.call(MANAGER, "/org/freedesktop/systemd1", MANAGER + ".Manager", "StartTransientUnit", (reply, error) -> {
            if (error == null) {
                answer.complete(null);
            } else {
                answer.completeExceptionally(error);
            }
        }, "ssa(sv)a(sa(sv))", unit, "fail", properties, List.of());
        try {
            answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException refused) {
            throw new IOException("systemd makes no scope: " + refused.getCause().getMessage());
        } catch (TimeoutException late) {
            throw new IOException("systemd has not answered within " + PATIENCE_SECONDS + " s");
        }
    }

    private static String awaitMove(Process process, String unit) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (System.nanoTime() < deadline) {
            Optional<String> cgroup = cgroup(process.pid(), unit);
            if (cgroup.isPresent()) {
                return cgroup.get();
            }
            if (process.waitFor(LOOK_INTERVAL_MS, TimeUnit.MILLISECONDS)) {
                throw new IOException("it has ended before it was in its scope");
            }
        }
        throw new IOException("systemd has not moved it into " + unit + " within " + PATIENCE_SECONDS + " s");
    }

    /** Version 2 if the scope is there, else that of systemd's own hierarchy of version 1 (cgroups(7), /proc/PID/cgroup). */
    private static Optional<String> cgroup(long pid, String unit) throws IOException {
        Optional<String> version1 = Optional.empty();
        for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "cgroup"))) {
            String[] fields = line.split(":", 3);
            if (fields[2].endsWith("/" + unit)) {
                String path = fields[2].substring(1);
                if (fields[1].isEmpty()) {
                    return Optional.of(path);
                }
                version1 = fields[1].equals("name=systemd") ? Optional.of(path) : version1;
            }
        }
        return version1;
    }

    /** Other characters than these are written by their number (systemd.unit(5), "String escaping for inclusion in unit names"). */
    static String unitName(AppId app, long number) {
        StringBuilder name = new StringBuilder();
        for (byte b : app.id().getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean plain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' && !name.isEmpty();
            String written = plain ? String.valueOf(c) : String.format("\\x%02x", (int) c);
            if (name.length() + written.length() > LONGEST_APP) {
                break;
            }
            name.append(written);
        }
        return "app-berth-" + name + "-" + number + ".scope";
    }

    /** Nobody calls, and no signal is wanted. */
    private static final class Unheard implements MessageBus.Listener {
        @Override
        public void onMethodCall(MethodCall call) {
            // a stranger's, which will get its error from the bus when this connection ends
        }

        @Override
        public void onSignal(DBusSignal signal) {
            // only those that nobody asked for
        }

        @Override
        public void onUnread(MethodCall call, String reason) {
            // as above
        }

        @Override
        public void onClosed(IOException reason) {
            // the answer that is waited for says so
        }
    }
}
