package io.berth.tests.bench;

import io.berth.api.AccessRule;
import io.berth.api.RuleText;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.XdgDbusProxy;
import io.berth.tests.raw.RawClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** A new daemon, or as many proxies, on a bus of its own with apps that do nothing: memory, and what idling costs. */
final class FootprintRow implements Row {
    private final int apps;
    private final int idleSeconds;
    private final Figure memory;
    private final Figure idleCpu;
    private final Figure ownWakeUps;
    private final Figure wakeUps;

    /** @param idleSeconds how long to watch the daemon idle; 0 for not */
    FootprintRow(int apps, int idleSeconds) {
        this.apps = apps;
        this.idleSeconds = idleSeconds;
        String who = apps == 1 ? "1 idle app" : String.format(Locale.ROOT, "%,d idle apps", apps);
        this.memory = Figure.less("memory (PSS), " + who, "MiB");
        this.idleCpu = Figure.less("CPU of a core with " + who, "%");
        this.wakeUps = Figure.less("wake-ups with " + who, "1/s");
        this.ownWakeUps = Figure.less("wake-ups of Berth's own threads", "1/s");
    }

    @Override
    public void measure(Stage stage, Contender contender, Results results) {
        if (contender == Contender.BARE_BUS) {
            return;
        }
        Path runtime = stage.directory();
        Path outputs = stage.directory();
        List<AutoCloseable> opened = new ArrayList<>();
        try (PrivateBus bus = PrivateBus.session(runtime, outputs)) {
            try {
                if (contender == Contender.BERTH) {
                    results.add(memory, contender, berth(stage, bus, runtime, opened, results));
                } else {
                    results.add(memory, contender, proxies(bus, runtime, opened));
                }
            } finally {
                closeInReverse(opened);
            }
        }
    }

    private double berth(Stage stage, PrivateBus bus, Path runtime, List<AutoCloseable> opened, Results results) {
        HelperProcess helper = stage.startHelper(bus, runtime);
        opened.add(helper);
        RawClient launcher = bus.connect();
        opened.add(launcher);
        HelperApi api = new HelperApi(launcher);
        AccessRule[] rules = CallRow.rules(10).stream().map(RuleText::parse).toArray(AccessRule[]::new);
        for (int i = 0; i < apps; i++) {
            ContainerServer server = api.add("org.example.App" + i, rules);
            opened.add(server.connect());
        }
        double mib = ProcessFigures.pssMib(List.of(helper.pid()));
        if (idleSeconds > 0) {
            watchIdle(helper.pid(), results);
        }
        return mib;
    }

    private void watchIdle(long pid, Results results) {
        double cpu = ProcessFigures.cpuMs(List.of(pid));
        long all = ProcessFigures.wakeUps(pid, "");
        long own = ProcessFigures.wakeUps(pid, "berth-");
        try {
            TimeUnit.SECONDS.sleep(idleSeconds);
        } catch (InterruptedException cutShort) {
            throw new IllegalStateException(cutShort);
        }
        results.add(idleCpu, Contender.BERTH, (ProcessFigures.cpuMs(List.of(pid)) - cpu) / (idleSeconds * 10.0));
        results.add(wakeUps, Contender.BERTH, (ProcessFigures.wakeUps(pid, "") - all) / (double) idleSeconds);
        results.add(ownWakeUps, Contender.BERTH, (ProcessFigures.wakeUps(pid, "berth-") - own) / (double) idleSeconds);
    }

    private double proxies(PrivateBus bus, Path runtime, List<AutoCloseable> opened) {
        List<Long> pids = new ArrayList<>();
        for (int i = 0; i < apps; i++) {
            XdgDbusProxy proxy = new XdgDbusProxy(bus.address(), runtime.resolve("p" + i), CallRow.rules(10));
            opened.add(proxy);
            opened.add(RawClient.connect(proxy.socket()));
            pids.add(proxy.pid());
        }
        return ProcessFigures.pssMib(pids);
    }

    private static void closeInReverse(List<AutoCloseable> opened) {
        for (int i = opened.size() - 1; i >= 0; i--) {
            try {
                opened.get(i).close();
            } catch (Exception failure) {
                throw new IllegalStateException(failure);
            }
        }
    }
}
