package io.berth.tests.lifetime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.backend.RelayBackend;
import io.berth.backend.SocketDirectory;
import io.berth.kernel.Kernel;
import io.berth.kernel.LoopThread;
import io.berth.kernel.linux.LinuxKernel;
import io.berth.kernel.linux.LinuxMountNamespaces;
import io.berth.policy.NameSet;
import io.berth.relay.Limits;
import io.berth.relay.Relay;
import io.berth.server.CloseReason;
import io.berth.server.Creator;
import io.berth.server.LifetimeSpec;
import io.berth.server.Mode;
import io.berth.server.MountTable;
import io.berth.server.Registry;
import io.berth.server.RegistryLimits;
import io.berth.server.RegistryException;
import io.berth.server.ServerInfo;
import io.berth.server.ServerSpec;
import io.berth.server.StateFile;
import io.berth.tests.house.Descriptors;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.RuntimeFiles;
import io.berth.tests.raw.ConnectionClosed;
import io.berth.tests.raw.Libc;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.RawSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each acquisition in the making of a server fails in turn: the request fails, says why, and everything is as before. */
class FaultInjectionTest {
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final FailingKernel failing = new FailingKernel();
    private final List<Throwable> faults = new ArrayList<>();
    private Path root;
    private Path runtime;
    /** Not the helper's own: its view is opened with the server. */
    private PrivateBus otherBus;
    private LoopThread loop;
    private Registry registry;
    private TestCgroups version2;
    private TestCgroups version1;
    private Process process;

    @BeforeEach
    void start() throws Exception {
        root = Files.createTempDirectory("berth");
        keep(() -> RuntimeFiles.deleteTree(root));
        runtime = Files.createDirectory(root.resolve("run"));
        PrivateBus bus = keep(PrivateBus.session(root, Files.createDirectory(root.resolve("out"))));
        otherBus = keep(PrivateBus.system(root.resolve("other-bus"), root, root.resolve("out")));
        version2 = keep(TestCgroups.version2());
        version1 = keep(TestCgroups.version1());
        process = version2.occupy(version2.create("app"));
        version1.create("app");
        SocketDirectory directory = keep(SocketDirectory.open(runtime, entry -> { }));
        Kernel kernel = failing.kernel();
        loop = new LoopThread(kernel);
        RelayBackend backend = new RelayBackend(kernel, new Relay(kernel, loop, Limits.defaults()), directory, bus.address(), bus.address());
        registry = new Registry(kernel, loop, backend, new NameSet(List.of()), new RegistryLimits(100, 10, 100, 10, 10, 1000, 12 << 20),
                new MountTable(new LinuxMountNamespaces(root), kernel, loop, new StateFile(directory.path()), 10));
        Thread thread = new Thread(loop, "loop");
        thread.setUncaughtExceptionHandler((same, fault) -> faults.add(fault));
        thread.start();
        keep(() -> {
            loop.stop();
            thread.join(10_000);
        });
        keep(() -> registry.shutdown().get(10, TimeUnit.SECONDS));
    }

    @AfterEach
    void stop() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
        assertEquals(List.of(), faults);
    }

    private <T extends AutoCloseable> T keep(T resource) {
        opened.push(resource);
        return resource;
    }

    /** A server with one of everything, on a bus that nobody else is on; its fds are the registry's. */
    private ServerSpec spec(boolean ownSocket, int[] ready, int[] close, OptionalInt connector) {
        OptionalInt socket = ownSocket ? OptionalInt.empty() : OptionalInt.of(BoundSocket.at(root.resolve("foreign")).fd());
        LifetimeSpec lifetime = new LifetimeSpec(OptionalInt.of(ready[0]), OptionalInt.of(close[0]), Optional.empty(),
                List.of(version2.root().resolve("app").toString(), version1.root().resolve("app").toString()),
                List.of(Libc.LIBC.pidfd_open((int) process.pid(), 0)), 60_000_000);
        return new ServerSpec("org.test.Sandbox", "app", Map.of(), new Creator(":1.1", Map.of()), "unix:path=" + otherBus.socket(), List.of(),
                Optional.empty(), false, false, Mode.ENFORCE, socket, connector, lifetime);
    }

    private int watches() throws Exception {
        return loop.submit(loop::watchCount).get(10, TimeUnit.SECONDS);
    }

    /** @return the call that failed, empty when none was left that could */
    private String addOne(boolean ownSocket, int number) throws Exception {
        int[] ready = Descriptors.pipe();
        int[] close = Descriptors.pipe();
        int[] connector = new int[2];
        assertEquals(0, Libc.LIBC.socketpair(BoundSocket.AF_UNIX, BoundSocket.STREAM, 0, connector));
        try {
            ServerSpec spec = spec(ownSocket, ready, close, OptionalInt.of(connector[0]));
            failing.failAt(number);
            var adding = registry.add(spec);
            try {
                ServerInfo made = adding.get(10, TimeUnit.SECONDS);
                failing.stop();
                assertTrue(Files.exists(Path.of(made.socketPath())));
                registry.remove(made.id(), CloseReason.REMOVED).get(10, TimeUnit.SECONDS);
            } catch (ExecutionException refused) {
                RegistryException refusal = (RegistryException) refused.getCause();
                assertTrue(refusal.getMessage().contains("injected"), refusal.getMessage());
            }
            return failing.failed();
        } finally {
            failing.stop();
            Descriptors.close(ready[1], close[1], connector[1]);
            Files.deleteIfExists(root.resolve("foreign"));
        }
    }

    private void failEach(boolean ownSocket, TreeSet<String> expected) throws Exception {
        addOne(ownSocket, 0);
        List<Path> files = RuntimeFiles.below(runtime);
        int watches = watches();
        Map<String, String> fds = openFiles();
        TreeSet<String> seen = new TreeSet<>();
        int number = 0;
        for (String failed = "?"; !failed.isEmpty(); seen.add(failed)) {
            failed = addOne(ownSocket, ++number);
            String what = number + ": " + failed;
            assertEquals(List.of(), registry.list().get(10, TimeUnit.SECONDS), what);
            assertEquals(files, RuntimeFiles.below(runtime), what);
            assertEquals(watches, watches(), what);
            assertEquals(fds, openFiles(), what);
        }
        seen.remove("");
        assertEquals(expected, seen);
    }

    /** Of this process, by number; files of the class path are opened whenever the machine likes. */
    private static Map<String, String> openFiles() throws IOException {
        Map<String, String> open = new TreeMap<>();
        try (Stream<Path> list = Files.list(Path.of("/proc/self/fd"))) {
            for (Path fd : list.toList()) {
                try {
                    open.put(fd.getFileName().toString(), Files.readSymbolicLink(fd).toString());
                } catch (NoSuchFileException own) {
                    continue; // the stream's
                }
            }
        }
        open.values().removeIf(target -> target.endsWith(".jar") || target.startsWith("/proc/"));
        return open;
    }

    @Test
    void makingAServer_eachStepFails_leavesNothing() throws Exception {
        failEach(true, new TreeSet<>(List.of("add", "checkProcessFd", "connect", "duplicate", "listen", "watch")));
    }

    @Test
    void makingAServerOnAForeignSocket_eachStepFails_leavesNothing() throws Exception {
        failEach(false, new TreeSet<>(List.of("add", "adopt", "checkProcessFd", "connect", "duplicate", "watch")));
    }

    /** @return the call that failed while a client came, empty when none was left that could */
    private String comeAndGo(Path socket, int number) {
        failing.failAt(number);
        try (RawClient client = RawClient.connect(socket)) {
            client.sync();
        } catch (ConnectionClosed | IllegalStateException disconnected) {
            assertFalse(failing.failed().isEmpty(), disconnected.toString());
        } finally {
            failing.stop();
        }
        return failing.failed();
    }

    private TreeSet<String> failEachOfAClient(OptionalInt connector) throws Exception {
        int[] close = Descriptors.pipe();
        LifetimeSpec lifetime = new LifetimeSpec(OptionalInt.empty(), OptionalInt.of(close[0]), Optional.empty(), List.of(), List.of(), 0);
        ServerInfo server = registry.add(new ServerSpec("org.test.Sandbox", "app", Map.of(), new Creator(":1.1", Map.of()),
                "unix:path=" + otherBus.socket(), List.of(), Optional.empty(), true, false, Mode.ENFORCE, OptionalInt.empty(), connector, lifetime)).get(10, TimeUnit.SECONDS);
        Path socket = Path.of(server.socketPath());
        Map<String, String> fds = openFiles();
        int watches = watches();
        TreeSet<String> seen = new TreeSet<>();
        int number = -1; // the first client comes without a failure
        for (String failed = "?"; !failed.isEmpty() || number == 0; seen.add(failed)) {
            failed = comeAndGo(socket, ++number);
            Awaitility.await(number + ": " + failed).untilAsserted(() -> {
                assertEquals(fds, openFiles());
                assertEquals(watches, watches());
            });
        }
        seen.remove("");
        Descriptors.close(close[1]);
        return seen;
    }

    @Test
    void admittingAClient_eachStepFails_leavesNothing() throws Exception {
        assertEquals(new TreeSet<>(List.of("accept", "add", "connect", "peerCredentials")), failEachOfAClient(OptionalInt.empty()));
    }

    @Test
    void admittingAClientByAConnector_eachStepFails_leavesNothing() throws Exception {
        RawSocket[] pair = RawSocket.pair();
        Thread connector = new Thread(() -> {
            byte[] one = new byte[1];
            while (pair[0].receive(one, 0, 1, Duration.ofSeconds(30)) == 1) {
                try (RawSocket made = RawSocket.connect(otherBus.socket())) {
                    pair[0].send(one, Duration.ofSeconds(10), made.fd());
                }
            }
        });
        connector.start();
        assertEquals(new TreeSet<>(List.of("accept", "add", "peerCredentials")), failEachOfAClient(OptionalInt.of(new LinuxKernel().duplicate(pair[1].fd()))));
        pair[1].close();
        registry.shutdown().get(10, TimeUnit.SECONDS);
        connector.join();
        pair[0].close();
    }
}
