package io.berth.tests.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;

/** All samples of a run, by figure and contender, in the order in which they came. For one thread. */
final class Results {
    private final Map<Figure, Map<Contender, List<Double>>> samples = new LinkedHashMap<>();

    void add(Figure figure, Contender contender, double value) {
        samples.computeIfAbsent(figure, key -> new EnumMap<>(Contender.class))
                .computeIfAbsent(contender, key -> new ArrayList<>()).add(value);
    }

    /** In the order of their first samples. */
    Set<Figure> figures() {
        return samples.keySet();
    }

    List<Double> samples(Figure figure, Contender contender) {
        return samples.get(figure).getOrDefault(contender, List.of());
    }

    /** What stands for the samples; empty when there are none. */
    OptionalDouble value(Figure figure, Contender contender) {
        return quantile(samples(figure, contender), figure.statistic().quantile());
    }

    OptionalDouble least(Figure figure, Contender contender) {
        return quantile(samples(figure, contender), 0);
    }

    OptionalDouble most(Figure figure, Contender contender) {
        return quantile(samples(figure, contender), 1);
    }

    /** Berth's value over xdg-dbus-proxy's. */
    OptionalDouble ratio(Figure figure) {
        OptionalDouble berth = value(figure, Contender.BERTH);
        OptionalDouble proxy = value(figure, Contender.XDG_DBUS_PROXY);
        return berth.isEmpty() || proxy.isEmpty() || proxy.getAsDouble() == 0 ? OptionalDouble.empty()
                : OptionalDouble.of(berth.getAsDouble() / proxy.getAsDouble());
    }

    /** The smallest sample that so large a part of all samples does not exceed. */
    private static OptionalDouble quantile(List<Double> samples, double part) {
        if (samples.isEmpty()) {
            return OptionalDouble.empty();
        }
        List<Double> sorted = new ArrayList<>(samples);
        Collections.sort(sorted);
        int index = (int) Math.ceil(part * sorted.size()) - 1;
        return OptionalDouble.of(sorted.get(Math.max(index, 0)));
    }
}
