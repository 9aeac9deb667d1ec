package io.berth.tests.bench;

import io.berth.tests.bench.Figure.Aim;
import io.berth.tests.bench.Figure.Statistic;
import java.util.ArrayList;
import java.util.List;

/**
 * A socket for one more app, from asking for it until {@code connect()} works: AddContainerServer and its reply; a new
 * xdg-dbus-proxy process that says it is ready.
 */
final class SetupRow implements Row {
    private static final Figure MEDIAN = Figure.less("socket for one more app, p50", "ms");
    private static final Figure P99 = new Figure("socket for one more app, p99", "ms", Aim.LESS, Statistic.P99);
    private static final int RULES = 10;

    private final int times;

    SetupRow(int times) {
        this.times = times;
    }

    @Override
    public void measure(Stage stage, Contender contender, Results results) {
        if (contender == Contender.BARE_BUS) {
            return;
        }
        List<Access> accesses = new ArrayList<>();
        try {
            for (int i = 0; i < times; i++) {
                long start = System.nanoTime();
                accesses.add(stage.open(contender, CallRow.rules(RULES)));
                double ms = (System.nanoTime() - start) / 1e6;
                results.add(MEDIAN, contender, ms);
                results.add(P99, contender, ms);
            }
        } finally {
            accesses.forEach(Access::close);
        }
    }
}
