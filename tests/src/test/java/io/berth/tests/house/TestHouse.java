package io.berth.tests.house;

import io.berth.api.AccessRule;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Two buses and a daemon for one test class, and what each test opens: closed after it, in reverse, and then nothing may be
 * left ({@link LeakCheck}). At the end the daemon must end cleanly. For one thread.
 */
public final class TestHouse implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {
    private final Map<String, String> environment = new HashMap<>();
    private final List<String> configuration = new ArrayList<>();
    private final List<String> wrapper = new ArrayList<>();
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private Path root;
    private Path runtime;
    private PrivateBus bus;
    private PrivateBus systemBus;
    private BerthDaemon daemon;
    private RawClient launcher;
    private LeakCheck leaks;

    /** Lines of the daemon's configuration file. */
    public TestHouse configured(String... lines) {
        configuration.addAll(List.of(lines));
        return this;
    }

    /** The daemon may have so many file descriptors, and no more (RLIMIT_NOFILE). */
    public TestHouse files(int most) {
        wrapper.addAll(List.of("prlimit", "--nofile=" + most + ":" + most, "--"));
        return this;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        root = Files.createTempDirectory("berth");
        runtime = Files.createDirectory(root.resolve("run"));
        Files.createDirectories(runtime.resolve("dbus-1/services")); // as a session's bus makes it
        Path outputs = Files.createDirectory(root.resolve("out"));
        bus = PrivateBus.session(runtime, outputs);
        systemBus = PrivateBus.system(root.resolve("system_bus_socket"), runtime, outputs);
        Path directory = Files.createDirectories(root.resolve("config/berth"));
        Files.write(directory.resolve("berth.conf"), configuration);
        environment.put("XDG_CONFIG_HOME", directory.getParent().toString());
        environment.put("DBUS_SYSTEM_BUS_ADDRESS", systemBus.address());
        daemon = BerthDaemon.start(bus, runtime, outputs, environment, wrapper).awaitReady(bus);
        launcher = bus.connect();
        warmUp();
    }

    /** What the daemon opens once and keeps is no leak of the first test. */
    private void warmUp() {
        for (Map<String, Variant> arguments : List.of(
                HelperApi.arguments(List.of()),
                HelperApi.arguments(List.of(), "Bus", Variant.of("system")))) {
            ContainerServer server = helper().add("org.test.WarmUp", arguments);
            server.connect().close();
            helper().remove(server);
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        leaks = new LeakCheck(daemon.pid(), runtime, launcher);
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        try {
            while (!opened.isEmpty()) {
                opened.pop().close();
            }
            for (String left : helper().servers()) {
                launcher.call(HelperApi.call("RemoveContainerServer").body("o", left));
            }
            launcher.drain();
            leaks.verify();
        } catch (Exception | AssertionError failure) {
            failure.addSuppressed(new IllegalStateException("the daemon said: " + daemon.program().errors()));
            throw failure;
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        try {
            if (launcher != null) {
                launcher.close();
            }
            if (daemon != null) {
                daemon.close();
            }
        } finally {
            if (daemon != null) {
                daemon.program().close();
            }
            systemBus.close();
            bus.close();
            RuntimeFiles.deleteTree(root);
        }
    }

    public PrivateBus bus() {
        return bus;
    }

    public PrivateBus systemBus() {
        return systemBus;
    }

    public BerthDaemon daemon() {
        return daemon;
    }

    /** Plays XDG_RUNTIME_DIR. */
    public Path runtime() {
        return runtime;
    }

    /** The daemon's API on a connection that stays for the whole class. */
    public HelperApi helper() {
        return new HelperApi(launcher);
    }

    public ContainerServer server(AccessRule... rules) {
        return helper().add("org.test.App", rules);
    }

    /** Closed after the test. */
    public <T extends AutoCloseable> T keep(T resource) {
        opened.push(resource);
        return resource;
    }

    /** A confined client. */
    public RawClient app(ContainerServer server) {
        return keep(server.connect());
    }

    /** A confined client of a new server with these rules. */
    public RawClient app(AccessRule... rules) {
        return app(server(rules));
    }

    /** A client on the session bus itself. */
    public RawClient unconfined() {
        return keep(bus.connect());
    }

    /** The same, owning a name. */
    public RawClient service(String name) {
        RawClient service = unconfined();
        service.own(name);
        return service;
    }

    /** Somebody else's program with the container's socket as its session bus. */
    public Program run(ContainerServer server, String... command) {
        return run(server.address(), command);
    }

    /** Somebody else's program on any bus address. */
    public Program run(String address, String... command) {
        return keep(Program.start(root.resolve("out"), Map.of("DBUS_SESSION_BUS_ADDRESS", address,
                "XDG_RUNTIME_DIR", runtime.toString()), List.of(command)));
    }
}
