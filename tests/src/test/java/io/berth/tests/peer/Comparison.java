package io.berth.tests.peer;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/** Finds where two worlds went apart in the same scenario, and what of it no listed {@link Difference} explains. */
final class Comparison {
    /**
     * A step with events that only one world saw and nobody can explain.
     *
     * @param index of the step in the scenario
     */
    record Surprise(int index, Step step, List<Event> onlyBerth, List<Event> onlyProxy) {
        /** The same thing has gone wrong, perhaps at another step. */
        boolean isLike(Surprise other) {
            return step.equals(other.step) && onlyBerth.equals(other.onlyBerth) && onlyProxy.equals(other.onlyProxy);
        }

        @Override
        public String toString() {
            return "step " + index + " " + step + "\n  only through Berth: " + onlyBerth + "\n  only through xdg-dbus-proxy: " + onlyProxy;
        }
    }

    private final Map<Difference, Integer> explained = new EnumMap<>(Difference.class);
    private final List<Surprise> surprises = new ArrayList<>();

    Comparison(List<Observation> berth, List<Observation> proxy) {
        for (int i = 0; i < berth.size(); i++) {
            compare(i, berth.get(i), proxy.get(i));
        }
    }

    private void compare(int index, Observation berth, Observation proxy) {
        List<Event> onlyBerth = without(berth.events(), proxy.events());
        List<Event> onlyProxy = without(proxy.events(), berth.events());
        if (onlyBerth.isEmpty() && onlyProxy.isEmpty()) {
            return;
        }
        Parting parting = new Parting(berth.step(), berth.before(), proxy.before());
        List<Event> unexplainedBerth = explain(onlyBerth, event -> find(difference -> difference.explainsBerth(parting, event)));
        List<Event> unexplainedProxy = explain(onlyProxy, event -> find(difference -> difference.explainsProxy(parting, event)));
        if (!unexplainedBerth.isEmpty() || !unexplainedProxy.isEmpty()) {
            surprises.add(new Surprise(index, berth.step(), unexplainedBerth, unexplainedProxy));
        }
    }

    private static List<Event> without(List<Event> events, List<Event> others) {
        List<Event> left = new ArrayList<>(events);
        others.forEach(left::remove);
        return left;
    }

    private static Difference find(Predicate<Difference> explains) {
        for (Difference difference : Difference.values()) {
            if (explains.test(difference)) {
                return difference;
            }
        }
        return null;
    }

    private List<Event> explain(List<Event> events, Function<Event, Difference> reason) {
        List<Event> unexplained = new ArrayList<>();
        for (Event event : events) {
            Difference difference = reason.apply(event);
            if (difference == null) {
                unexplained.add(event);
            } else {
                explained.merge(difference, 1, Integer::sum);
            }
        }
        return unexplained;
    }

    List<Surprise> surprises() {
        return surprises;
    }

    /** How many events each listed difference explained. */
    Map<Difference, Integer> explained() {
        return explained;
    }
}
