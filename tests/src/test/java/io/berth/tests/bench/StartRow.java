package io.berth.tests.bench;

import io.berth.api.RuleText;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.Program;
import io.berth.tests.raw.RawClient;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/** New daemons on a bus of their own: how long one takes to own its name, and how slow it is in its first second of work. */
final class StartRow implements Row {
    private static final Figure START = Figure.less("daemon from start to name owned", "ms");
    private static final Figure FIRST = Figure.more("calls in the first second over the third", "");
    private static final int CALLED = 5;
    private static final long SECOND_NS = 1_000_000_000L;

    private final int times;

    /** @param times it is started; calls are made with every fifth */
    StartRow(int times) {
        this.times = times;
    }

    @Override
    public void measure(Stage stage, Contender contender, Results results) {
        if (contender != Contender.BERTH) {
            return;
        }
        Path runtime = stage.directory();
        Path outputs = stage.directory();
        try (PrivateBus bus = PrivateBus.session(runtime, outputs);
                Program echo = Program.start(outputs, Map.of("DBUS_SESSION_BUS_ADDRESS", bus.address()),
                        List.of("dbus-test-tool", "echo", "--name=" + Stage.ECHO));
                RawClient launcher = bus.connect()) {
            Awaitility.await("the echo service").atMost(Duration.ofSeconds(10))
                    .until(() -> (Boolean) launcher.bus("NameHasOwner", "s", Stage.ECHO).arg());
            for (int i = 0; i < times; i++) {
                try (HelperProcess helper = stage.startHelper(bus, runtime)) {
                    results.add(START, contender, helper.startMs());
                    if (i % CALLED == 0) {
                        results.add(FIRST, contender, firstOverThird(new HelperApi(launcher)));
                    }
                }
            }
        }
    }

    private static double firstOverThird(HelperApi api) {
        ContainerServer server = api.add("org.example.Bench", RuleText.parse("--talk=" + Stage.ECHO));
        try (Caller caller = new Caller(server.socket())) {
            long first = burstsInASecond(caller);
            burstsInASecond(caller);
            return (double) first / burstsInASecond(caller);
        }
    }

    private static long burstsInASecond(Caller caller) {
        long bursts = 0;
        for (long end = System.nanoTime() + SECOND_NS; System.nanoTime() < end; bursts++) {
            caller.burst();
        }
        return bursts;
    }
}
