package io.berth.control;

import static org.awaitility.Awaitility.await;

import io.berth.backend.RelayBackend;
import io.berth.backend.SocketDirectory;
import io.berth.kernel.LoopThread;
import io.berth.kernel.linux.LinuxKernel;
import io.berth.kernel.linux.LinuxMountNamespaces;
import io.berth.policy.NameSet;
import io.berth.relay.Limits;
import io.berth.relay.Relay;
import io.berth.server.MountTable;
import io.berth.server.Registry;
import io.berth.server.RegistryLimits;
import io.berth.server.StateFile;
import io.berth.transport.MessageBus;
import io.berth.transport.PrivateBus;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The helper's own objects on a private bus, with all that is below them, in this process. */
final class HelperUnderTest implements AutoCloseable {
    static final int METADATA_BYTES = 2000;
    static final int RULES = 10;

    private final PrivateBus bus = PrivateBus.open();
    private final Path runtime;
    private final SocketDirectory directory;
    private final LoopThread loop;
    private final Thread loopThread;
    private final PretendingBackend backend;
    private final Registry registry;
    private final Control control;

    HelperUnderTest() throws Exception {
        runtime = Files.createTempDirectory("runtime");
        directory = SocketDirectory.open(runtime, entry -> { });
        LinuxKernel kernel = new LinuxKernel();
        loop = new LoopThread(kernel);
        Relay relay = new Relay(kernel, loop, Limits.defaults().with(Map.of("servers", 20)));
        backend = new PretendingBackend(new RelayBackend(kernel, relay, directory, bus.address(), "unix:path=/nonexistent/system"));
        registry = new Registry(kernel, loop, backend, new NameSet(List.of()), new RegistryLimits(20, 4, RULES, 10, 10, 1000, 12 << 20),
                new MountTable(new LinuxMountNamespaces(Path.of("target")), kernel, loop, new StateFile(directory.path()), 10));
        loopThread = new Thread(loop, "loop");
        loopThread.start();
        MessageBus connection = MessageBus.connect(bus.locations());
        if (!Control.claimName(connection)) {
            throw new IllegalStateException("the name is taken");
        }
        control = Control.start(connection, registry,
                new ControlSettings("1.2.3", Map.of("servers", 20L, "big", 1L << 40), METADATA_BYTES, RULES), reason -> { });
    }

    /** The JDK opens a socket of its own with its first channel and keeps it; this comes before a test counts. */
    static void warmUp() throws IOException {
        SocketChannel.open().close();
    }

    PrivateBus bus() {
        return bus;
    }

    /** Takes this connection for one of the server that was made last. */
    void confine(TestClient client) {
        backend.confine(client.name());
    }

    Registry registry() {
        return registry;
    }

    /** Socket files that exist now. */
    List<String> sockets() throws Exception {
        try (var files = Files.list(directory.path())) {
            return files.map(file -> file.getFileName().toString()).filter(name -> !name.equals("lock")).toList();
        }
    }

    TestClient connect() throws Exception {
        return new TestClient(bus.address());
    }

    @Override
    public void close() throws Exception {
        registry.shutdown().get(10, TimeUnit.SECONDS);
        control.close();
        bus.close();
        // the relay's own connection ends with the bus
        await().until(() -> loop.submit(loop::watchCount).get() == 0);
        loop.stop();
        loopThread.join(10_000);
        directory.close();
        Files.delete(runtime.resolve("berth/lock"));
        Files.delete(runtime.resolve("berth"));
        Files.delete(runtime);
    }
}
