package io.berth.tests.lifetime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.LeakCheck;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.RuntimeFiles;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A thousand servers with a cgroup each: how soon the end of the last process is noticed, what the idle daemon costs, all ends
 * at once, and the daemon's own end in the middle. Prints figures; the bounds are those of the release, wider where another
 * load of the machine shows. {@code -Dberth.idleSeconds=30} measures the idle daemon for longer.
 */
class ScaleTest {
    private static final int SERVERS = 1000;
    private static final int ONE_BY_ONE = 500;
    private static final int BATCH = 100;
    private static final int WARM_UP = 300;
    private static final int IDLE_SECONDS = Integer.getInteger("berth.idleSeconds", 5);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private Path root;
    private Path runtime;
    private PrivateBus bus;
    private BerthDaemon daemon;
    private RawClient watcher;
    private HelperApi helper;
    private TestCgroups cgroups;

    /** One app: its server, its cgroup and its only process. */
    private record App(ContainerServer server, Path cgroup, Process process) {
    }

    @BeforeEach
    void start() throws Exception {
        root = Files.createTempDirectory("berth");
        runtime = Files.createDirectory(root.resolve("run"));
        Files.createDirectory(root.resolve("out"));
        bus = keep(PrivateBus.session(runtime, root.resolve("out")));
        daemon = daemon();
        helper = new HelperApi(keep(bus.connect()));
        watcher = keep(bus.connect());
        watcher.match("type='signal',interface='" + BerthDaemon.NAME + "',member='ContainerServerRemoved'");
    }

    @AfterEach
    void stop() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
        RuntimeFiles.deleteTree(root);
    }

    private <T extends AutoCloseable> T keep(T resource) {
        opened.push(resource);
        return resource;
    }

    private BerthDaemon daemon() {
        BerthDaemon started = BerthDaemon.start(bus, runtime, root.resolve("out"), Map.of());
        keep(started.program());
        return started.awaitReady(bus);
    }

    private App app(int number) {
        Path cgroup = cgroups.create("app" + number);
        Process process = cgroups.spawn(cgroup);
        return new App(server(cgroup), cgroup, process);
    }

    private ContainerServer server(Path cgroup) {
        return helper.add("org.test.App", Map.of("Cgroups", new Variant("as", List.of(cgroup.toString())), "StartTimeout", new Variant("t", 0L)));
    }

    private List<App> apps(int count) {
        List<App> apps = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            apps.add(app(i));
        }
        return apps;
    }

    private void awaitRemovals(List<App> apps) {
        Set<Object> waiting = new HashSet<>(apps.stream().map(app -> app.server().object()).toList());
        while (!waiting.isEmpty()) {
            Message removed = watcher.await("the end of " + waiting.size() + " servers", PATIENCE,
                    message -> message.is(Message.SIGNAL, "ContainerServerRemoved"));
            assertEquals("instances-gone", removed.args().get(1));
            assertTrue(waiting.remove(removed.arg()), "told twice: " + removed.arg());
        }
    }

    private void endAll(List<App> apps) {
        apps.forEach(app -> app.process().destroyForcibly());
        awaitRemovals(apps);
        apps.forEach(app -> {
            TestCgroups.kill(app.process());
            TestCgroups.remove(app.cgroup());
        });
    }

    /**
     * Ends them one by one.
     *
     * @return milliseconds from the signal to the news, 99th percentile of the best batch: on a machine with other work to do
     *     the worst ones tell of that work
     */
    private double latencies(String version, List<App> apps) {
        double[] all = new double[apps.size()];
        double best = Double.MAX_VALUE;
        for (int i = 0; i < all.length; i++) {
            long begin = System.nanoTime();
            apps.get(i).process().destroyForcibly();
            awaitRemovals(List.of(apps.get(i)));
            all[i] = (System.nanoTime() - begin) / 1e6;
            if ((i + 1) % BATCH == 0) {
                best = Math.min(best, percentile(Arrays.copyOfRange(all, i + 1 - BATCH, i + 1), 99));
            }
        }
        figure("%s: from exit to ContainerServerRemoved p50 %.1f ms, p99 %.1f ms, p99 of the best %d %.1f ms", version,
                percentile(all, 50), percentile(all, 99), BATCH, best);
        return best;
    }

    private static double percentile(double[] values, int percent) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)];
    }

    private double idlePercent() throws InterruptedException {
        TimeUnit.SECONDS.sleep(1); // what was begun is over; what follows measures time, it waits for nothing
        long before = ProcessCost.processorNs(daemon.pid());
        long begin = System.nanoTime();
        TimeUnit.SECONDS.sleep(IDLE_SECONDS);
        return 100.0 * (ProcessCost.processorNs(daemon.pid()) - before) / (System.nanoTime() - begin);
    }

    private static void figure(String format, Object... values) {
        System.out.printf("FIGURE " + format + "%n", values);
    }

    @Test
    void thousandServers_version2_endSoonAndCostLittle() throws Exception {
        cgroups = keep(TestCgroups.version2());
        for (int round = 0; round < 3; round++) {
            endAll(apps(WARM_UP));
        }
        LeakCheck leaks = new LeakCheck(daemon.pid(), runtime, watcher);
        double idleWithout = idlePercent();
        long memoryBefore = ProcessCost.memoryKiB(daemon.pid());
        long begin = System.nanoTime();
        List<App> apps = apps(SERVERS);
        figure("version 2: %d servers made, %.2f ms each with process and cgroup", SERVERS, (System.nanoTime() - begin) / 1e6 / SERVERS);
        double memory = (double) (ProcessCost.memoryKiB(daemon.pid()) - memoryBefore) / SERVERS;
        double idle = idlePercent();
        figure("version 2: idle with %d servers %.4f %% of a core, with none %.4f %%; %.1f KiB a server", SERVERS, idle, idleWithout, memory);
        double p99 = latencies("version 2", apps.subList(0, ONE_BY_ONE));
        begin = System.nanoTime();
        List<App> rest = apps.subList(ONE_BY_ONE, SERVERS);
        Files.writeString(cgroups.root().resolve("cgroup.kill"), "1");
        double killed = (System.nanoTime() - begin) / 1e6;
        awaitRemovals(rest);
        figure("version 2: %d ended at once: the kernel took %.0f ms to kill them, all told after %.0f ms", rest.size(), killed,
                (System.nanoTime() - begin) / 1e6);
        assertEquals(List.of(), helper.servers());
        leaks.verify();
        daemon.close();
    }

    @Test
    void thousandServers_version1_costLittle() throws Exception {
        cgroups = keep(TestCgroups.version1());
        for (int round = 0; round < 3; round++) {
            endAll(apps(WARM_UP));
        }
        LeakCheck leaks = new LeakCheck(daemon.pid(), runtime, watcher);
        double idleWithout = idlePercent();
        List<App> apps = apps(SERVERS);
        double guarded = idlePercent();
        figure("version 1: idle with %d servers %.4f %% of a core", SERVERS, guarded);
        latencies("version 1", apps.subList(0, ONE_BY_ONE));
        endAll(apps.subList(ONE_BY_ONE, SERVERS));
        List<ContainerServer> empty = new ArrayList<>();
        for (int i = 0; i < SERVERS; i++) {
            empty.add(server(cgroups.create("empty" + i)));
        }
        double unguarded = idlePercent();
        figure("version 1: idle with %d cgroups that no pidfd helps with %.4f %% of a core, with none %.4f %%", SERVERS, unguarded, idleWithout);
        empty.forEach(helper::remove);
        leaks.verify();
        daemon.close();
    }

    @Test
    void daemonKilledInTheMiddle_theNextCleansUpAndTheAppsLive() throws Exception {
        cgroups = keep(TestCgroups.version2());
        List<App> apps = apps(SERVERS);
        Path foreign = runtime.resolve("berth").resolve("foreign");
        BoundSocket socket = keep(BoundSocket.at(foreign));
        keep(() -> Files.delete(foreign));
        helper.add("org.test.App", Map.of("Socket", new Variant("h", 0)), socket.fd());
        apps.subList(0, SERVERS / 2).forEach(app -> app.process().destroyForcibly());
        daemon.program().kill();
        daemon.program().exitStatus(PATIENCE);
        assertTrue(RuntimeFiles.below(runtime.resolve("berth")).size() > SERVERS / 2, "it was killed in the middle");
        watcher.sync();
        watcher.drain();

        daemon = daemon();
        assertEquals(List.of(), helper.servers());
        apps.forEach(app -> assertFalse(Files.exists(app.server().socket())));
        assertTrue(Files.exists(foreign));
        List<App> living = apps.subList(SERVERS / 2, SERVERS);
        assertTrue(living.stream().allMatch(app -> app.process().isAlive()));
        List<App> again = living.stream().map(app -> new App(server(app.cgroup()), app.cgroup(), app.process())).toList();
        endAll(again);
        daemon.program().terminate();
        assertEquals(0, daemon.program().exitStatus(PATIENCE), daemon.program().errors());
    }
}
