package io.berth.tests.bench;

import io.berth.api.AccessRule;
import io.berth.api.RuleText;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.Program;
import io.berth.tests.house.RuntimeFiles;
import io.berth.tests.house.XdgDbusProxy;
import io.berth.tests.raw.RawClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/**
 * What all rows share: a dbus-daemon of our own, a service on it that answers calls, and one Berth daemon. Makes ways to the
 * bus through each contender. Closing ends everything in reverse and removes the files. For one thread, but for
 * {@link #abandon}.
 */
final class Stage implements AutoCloseable {
    /** Owned by the service that answers every call with nothing. */
    static final String ECHO = "org.example.Echo";

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final Path root;
    private final Path berth;
    private final Path outputs;
    private final PrivateBus bus;
    private final Program echo;
    private final HelperProcess helper;
    private final HelperApi api;
    private int proxies;
    private int directories;

    /**
     * @param root  an empty directory for all files, removed in the end
     * @param berth the start script
     */
    Stage(Path root, Path berth) {
        this.root = root;
        this.berth = berth;
        opened.push(() -> RuntimeFiles.deleteTree(root));
        try {
            outputs = directory("out");
            Path runtime = directory("run");
            bus = keep(PrivateBus.session(runtime, outputs));
            echo = keep(Program.start(outputs, Map.of("DBUS_SESSION_BUS_ADDRESS", bus.address()),
                    List.of("dbus-test-tool", "echo", "--name=" + ECHO)));
            helper = keep(new HelperProcess(berth, bus, runtime, outputs));
            api = new HelperApi(keep(bus.connect()));
            awaitEcho();
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    private void awaitEcho() {
        RawClient client = api.connection();
        client.match("type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" + ECHO + "'");
        if (!(Boolean) client.bus("NameHasOwner", "s", ECHO).arg()) {
            client.awaitSignal("NameOwnerChanged");
        }
    }

    /** A new directory below the stage's, removed with it; its name is short, because a socket's path has room for 107 bytes. */
    Path directory() {
        return directory("d" + directories++);
    }

    private Path directory(String name) {
        try {
            return Files.createDirectory(root.resolve(name));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private <T extends AutoCloseable> T keep(T resource) {
        opened.push(resource);
        return resource;
    }

    PrivateBus bus() {
        return bus;
    }

    Path outputs() {
        return outputs;
    }

    HelperApi helperApi() {
        return api;
    }

    /** Processes that take part in every call, whoever mediates. */
    List<Long> commonPids() {
        return List.of(bus.pid(), echo.pid());
    }

    /** One more Berth daemon needs a bus of its own; the caller closes it first. */
    HelperProcess startHelper(PrivateBus other, Path runtime) {
        return new HelperProcess(berth, other, runtime, outputs);
    }

    /** A way to the bus that lets through what these words allow. */
    Access open(Contender contender, List<String> rules) {
        return switch (contender) {
            case BARE_BUS -> new Access(bus.socket(), bus.address(), List.of(), () -> { });
            case XDG_DBUS_PROXY -> openProxy(rules);
            case BERTH -> openBerth(rules);
        };
    }

    private Access openProxy(List<String> rules) {
        XdgDbusProxy proxy = new XdgDbusProxy(bus.address(), root.resolve("proxy" + proxies++), rules);
        opened.push(proxy);
        return new Access(proxy.socket(), "unix:path=" + proxy.socket(), List.of(proxy.pid()), () -> {
            opened.remove(proxy);
            proxy.close();
        });
    }

    private Access openBerth(List<String> rules) {
        AccessRule[] parsed = rules.stream().map(RuleText::parse).toArray(AccessRule[]::new);
        ContainerServer server = api.add("org.example.Bench", parsed);
        return new Access(server.socket(), server.address(), List.of(helper.pid()), () -> api.remove(server));
    }

    /** The run is cut short: kills every process that this one has started, and removes the files. Any thread. */
    static void abandon(Path root) {
        // whoever measures may start one more before it notices
        Awaitility.await("the end of all processes").atMost(PATIENCE).ignoreExceptions().until(() -> {
            ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
            RuntimeFiles.deleteTree(root);
            return ProcessHandle.current().descendants().findAny().isEmpty();
        });
    }

    @Override
    public void close() {
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception | Error failure) {
                System.err.println("bench: while ending: " + failure.getMessage());
            }
        }
    }
}
