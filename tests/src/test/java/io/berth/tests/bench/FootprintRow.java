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

/** A new daemon on a bus of its own: how long it takes to start, its memory with no app and with many, each idle. */
final class FootprintRow implements Row {
    private static final Figure START = Figure.less("daemon from start to name owned", "ms");
    private static final Figure IDLE = Figure.less("memory (PSS), no app", "MiB");

    private final int apps;
    private final Figure busy;
    private int runs;

    FootprintRow(int apps) {
        this.apps = apps;
        this.busy = Figure.less("memory (PSS), " + apps + " idle apps", "MiB");
    }

    @Override
    public void measure(Stage stage, Contender contender, Results results) {
        if (contender == Contender.BARE_BUS) {
            return;
        }
        // short: a socket's path has room for 107 bytes
        Path runtime = stage.directory("f" + runs++);
        Path outputs = stage.directory("f" + runs++);
        List<AutoCloseable> opened = new ArrayList<>();
        try (PrivateBus bus = PrivateBus.session(runtime, outputs)) {
            try {
                if (contender == Contender.BERTH) {
                    results.add(busy, contender, berth(stage, bus, runtime, opened, results));
                } else {
                    results.add(busy, contender, proxies(bus, runtime, opened));
                }
            } finally {
                closeInReverse(opened);
            }
        }
    }

    private double berth(Stage stage, PrivateBus bus, Path runtime, List<AutoCloseable> opened, Results results) {
        HelperProcess helper = stage.startHelper(bus, runtime);
        opened.add(helper);
        results.add(START, Contender.BERTH, helper.startMs());
        results.add(IDLE, Contender.BERTH, ProcessFigures.pssMib(List.of(helper.pid())));
        RawClient launcher = bus.connect();
        opened.add(launcher);
        HelperApi api = new HelperApi(launcher);
        AccessRule[] rules = CallRow.rules(10).stream().map(RuleText::parse).toArray(AccessRule[]::new);
        for (int i = 0; i < apps; i++) {
            ContainerServer server = api.add("org.example.App" + i, rules);
            opened.add(server.connect());
        }
        return ProcessFigures.pssMib(List.of(helper.pid()));
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
