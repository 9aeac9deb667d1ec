package io.berth.tests.peer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Leaves out of a scenario what a surprise does not need, by trying. */
final class Shrinker {
    private static final int ATTEMPTS = 200;

    private final Function<Scenario, Comparison> play;
    private final Comparison.Surprise surprise;
    private int attempts;

    /** @param surprise what must still happen in the smaller scenario */
    Shrinker(Function<Scenario, Comparison> play, Comparison.Surprise surprise) {
        this.play = play;
        this.surprise = surprise;
    }

    /** @return the smallest that was found, empty when the surprise does not happen again in the whole scenario */
    Optional<Scenario> shrink(Scenario scenario) {
        Scenario whole = new Scenario(scenario.seed(), scenario.rules(), scenario.owners(), scenario.steps().subList(0, surprise.index() + 1));
        if (!happens(whole)) {
            return Optional.empty();
        }
        List<Step> steps = without(whole.steps(), some -> new Scenario(whole.seed(), whole.rules(), whole.owners(), some));
        List<String> rules = without(whole.rules(), some -> new Scenario(whole.seed(), some, whole.owners(), steps));
        return Optional.of(new Scenario(whole.seed(), rules,
                without(whole.owners(), some -> new Scenario(whole.seed(), rules, some, steps)), steps));
    }

    private <T> List<T> without(List<T> all, Function<List<T>, Scenario> scenario) {
        List<T> kept = new ArrayList<>(all);
        for (int i = all.size() - 1; i >= 0; i--) {
            T left = kept.remove(i);
            if (!happens(scenario.apply(kept))) {
                kept.add(i, left);
            }
        }
        return kept;
    }

    private boolean happens(Scenario scenario) {
        return attempts++ < ATTEMPTS && play.apply(scenario).surprises().stream().anyMatch(surprise::isLike);
    }
}
