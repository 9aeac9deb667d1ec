package io.berth.tests.relay;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.RuleText;
import io.berth.backend.RelayBackend;
import io.berth.backend.SocketDirectory;
import io.berth.kernel.LoopThread;
import io.berth.kernel.linux.LinuxKernel;
import io.berth.kernel.linux.LinuxMountNamespaces;
import io.berth.policy.NameSet;
import io.berth.relay.Limits;
import io.berth.relay.Relay;
import io.berth.server.Creator;
import io.berth.server.LifetimeSpec;
import io.berth.server.Mode;
import io.berth.server.MountTable;
import io.berth.server.Registry;
import io.berth.server.RegistryLimits;
import io.berth.server.ServerInfo;
import io.berth.server.ServerSpec;
import io.berth.server.StateFile;
import io.berth.tests.house.EchoService;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.RuntimeFiles;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the loop thread allocates while it forwards, by the JVM's own count; the relay runs in this process for that. */
class AllocationTest {
    private static final String NAME = "org.test.Echo";
    private static final String RADIO = "org.test.Radio";
    private static final int TOGETHER = 50;
    /** For what comes by the way, such as a timer; one object per message would be a hundred times as much. */
    private static final long ALLOWED_BYTES = 8_192;

    private final com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private Thread loopThread;
    private Registry registry;
    private String server;
    private RawClient app;
    private PrivateBus bus;

    @BeforeEach
    void start() throws Exception {
        Path root = Files.createTempDirectory("berth");
        keep(() -> RuntimeFiles.deleteTree(root));
        bus = keep(PrivateBus.session(root, Files.createDirectory(root.resolve("out"))));
        SocketDirectory directory = keep(SocketDirectory.open(Files.createDirectory(root.resolve("run")), entry -> { }));
        LinuxKernel kernel = new LinuxKernel();
        LoopThread loop = new LoopThread(kernel);
        RelayBackend backend = new RelayBackend(kernel, new Relay(kernel, loop, Limits.defaults()), directory, bus.address(), bus.address());
        registry = new Registry(kernel, loop, backend, new NameSet(List.of()), new RegistryLimits(10, 10, 100, 10, 10, 1 << 20, 12 << 20),
                new MountTable(new LinuxMountNamespaces(root), kernel, loop, new StateFile(directory.path()), 10));
        loopThread = new Thread(loop, "loop");
        loopThread.start();
        keep(() -> {
            registry.shutdown().get(10, TimeUnit.SECONDS);
            loop.execute(backend::close);
            loop.stop();
            loopThread.join(10_000);
        });
        keep(new EchoService(bus, NAME));
        ServerSpec spec = new ServerSpec("org.test.Sandbox", "app", Map.of(), new Creator(":1.1", Map.of()), "session",
                List.of(RuleText.parse("--talk=" + NAME), RuleText.parse("--talk=" + RADIO)), Optional.empty(), false, false, Mode.ENFORCE, OptionalInt.empty(), OptionalInt.empty(),
                new LifetimeSpec(OptionalInt.empty(), OptionalInt.empty(), Optional.empty(), List.of(), List.of(),
                        LifetimeSpec.DEFAULT_START_TIMEOUT_US));
        ServerInfo made = registry.add(spec).get(10, TimeUnit.SECONDS);
        server = made.id();
        app = keep(RawClient.connect(Path.of(made.socketPath())));
    }

    private <T extends AutoCloseable> T keep(T resource) {
        opened.push(resource);
        return resource;
    }

    @AfterEach
    void stop() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    private void calls(int count) {
        for (int done = 0; done < count; done += TOGETHER) {
            Message[] burst = new Message[TOGETHER];
            for (int i = 0; i < TOGETHER; i++) {
                burst[i] = Message.call(NAME, "/", "org.test.Echo", "Say").body("s", "hello");
            }
            app.sendTogether(burst);
            for (int left = TOGETHER; left > 0; ) {
                left -= app.next().type() == Message.RETURN ? 1 : 0;
            }
        }
    }

    private void bigCalls(int count, byte[] body) {
        for (int i = 0; i < count; i++) {
            Message call = Message.call(NAME, "/", "org.test.Echo", "Say").body("ay", body);
            CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> app.send(call));
            app.await("the reply", message -> message.type() == Message.RETURN);
            sent.join();
        }
    }

    private void check(String what, Runnable work) {
        long before = threads.getThreadAllocatedBytes(loopThread.getId());
        work.run();
        long allocated = threads.getThreadAllocatedBytes(loopThread.getId()) - before;
        assertTrue(allocated <= ALLOWED_BYTES, what + " made the loop allocate " + allocated + " bytes");
    }

    @Test
    void calls_inSteadyState_allocateNothing() {
        calls(1_000);
        check("20,000 calls", () -> calls(20_000));
    }

    /** The language of 2011 asks once for every name that the peer owns. */
    @ParameterizedTest
    @ValueSource(strings = {"dbus send member=M%d peer=(name=" + NAME + ".N%d),\n", "dbus " + NAME + ".N%d method=M%d send,\n"})
    void calls_underAPolicyOfAThousandRules_allocateNothing(String rule) throws Exception {
        boolean today = rule.contains("peer");
        StringBuilder policy = new StringBuilder(today ? "dbus send peer=(name=org.freedesktop.DBus),\ndbus send member=Say peer=(name=" + NAME + "),\n"
                : "dbus org.freedesktop.DBus send,\ndbus " + NAME + " method=Say send,\n");
        for (int i = 0; i < 1_000; i++) {
            policy.append(rule.replace("%d", Integer.toString(i)));
        }
        registry.setPolicy(server, policy.toString()).get(10, TimeUnit.SECONDS);
        calls(1_000);
        check("20,000 calls", () -> calls(20_000));
    }

    @Test
    void longMessages_inSteadyState_allocateNothing() {
        byte[] body = new byte[1 << 20];
        bigCalls(3, body);
        check("20 calls with 1 MiB each way", () -> bigCalls(20, body));
    }

    @Test
    void broadcasts_inSteadyState_allocateNothing() {
        try (RawClient radio = bus.connect()) {
            radio.own(RADIO);
            app.match("type='signal',interface='org.test.Radio'");
            broadcast(radio, 500);
            check("5,000 broadcasts", () -> broadcast(radio, 5_000));
        }
    }

    private void broadcast(RawClient sender, int count) {
        for (int i = 0; i < count; i++) {
            sender.send(Message.signal(null, "/", RADIO, "Said").body("s", "hello"));
            app.awaitSignal("Said");
        }
    }
}
