package io.berth.tests.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What a mediator adds to the time of one call with its reply, everything on one processor: quantiles less those of the bare bus. */
final class LatencyRow implements Row {
    private static final int TO_WARM_UP = 500;
    private static final Figure ROUND_TRIP = Figure.less("round trip, one core, p50", "us");
    private static final Figure ADDED = Figure.less("added to the round trip, p50", "us");
    private static final Figure ADDED_P99 = Figure.less("added to the round trip, p99 of a round", "us");

    private final int count;
    /** Of this round, as far as it has come. */
    private final Map<Contender, long[]> sorted = new EnumMap<>(Contender.class);

    LatencyRow(int count) {
        this.count = count;
    }

    @Override
    public void measure(Stage stage, Contender contender, Results results) {
        try (Access access = stage.open(contender, CallRow.rules(1)); Caller caller = new Caller(access.socket())) {
            List<Long> pids = new ArrayList<>(stage.commonPids());
            pids.addAll(access.pids());
            long[] ns = new long[count];
            try (Affinity others = new Affinity(stage.outputs(), pids); Affinity self = Affinity.ofThisThread(stage.outputs())) {
                for (int i = 0; i < TO_WARM_UP; i++) {
                    caller.once();
                }
                for (int i = 0; i < count; i++) {
                    ns[i] = caller.once();
                }
            }
            Arrays.sort(ns);
            results.add(ROUND_TRIP, contender, micros(ns, 0.5));
            sorted.put(contender, ns);
        }
        if (sorted.size() == Contender.values().length) {
            addDifferences(results);
            sorted.clear();
        }
    }

    private void addDifferences(Results results) {
        long[] bare = sorted.get(Contender.BARE_BUS);
        for (Contender contender : List.of(Contender.XDG_DBUS_PROXY, Contender.BERTH)) {
            results.add(ADDED, contender, micros(sorted.get(contender), 0.5) - micros(bare, 0.5));
            results.add(ADDED_P99, contender, micros(sorted.get(contender), 0.99) - micros(bare, 0.99));
        }
    }

    private static double micros(long[] sortedNs, double part) {
        return sortedNs[(int) (part * (sortedNs.length - 1))] / 1e3;
    }
}
