package io.berth.tests.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.berth.tests.house.TestHouse;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The same policies and the same random operations through Berth and through xdg-dbus-proxy, on the same bus, one after the
 * other; what each endpoint observes must be the same, but for the list in {@link Difference}.
 *
 * <p>{@code -Dberth.differential.policies=N} plays more or fewer, {@code -Dberth.differential.seed=N} begins elsewhere.
 */
class DifferentialTest {
    private static final int USUAL = 200;
    private static final int POLICIES = Integer.getInteger("berth.differential.policies", USUAL);
    private static final long FIRST_SEED = Long.getLong("berth.differential.seed", 1);
    private static final int STEPS = 30;

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @BeforeAll
    static void makeActivatable() {
        HOUSE.bus().activatable(Scenario.ACTIVATABLE, "/bin/false");
    }

    private static Comparison play(Scenario scenario) {
        List<Observation> berth;
        try (Mediator mediator = new BerthMediator(HOUSE.helper(), scenario.rules())) {
            berth = World.play(scenario, HOUSE.bus(), mediator);
        }
        Path socket = HOUSE.bus().socket().resolveSibling("xdg-dbus-proxy");
        try (Mediator mediator = new ProxyMediator(HOUSE.bus(), socket, scenario.rules())) {
            return new Comparison(berth, World.play(scenario, HOUSE.bus(), mediator));
        }
    }

    private static String describe(Scenario scenario, Comparison.Surprise surprise) {
        String smallest = new Shrinker(DifferentialTest::play, surprise).shrink(scenario).map(Scenario::toString)
                .orElse("it does not happen every time; the whole scenario:\n    " + scenario);
        return "a difference that is not in the list, " + surprise + "\nreproduced by\n    " + smallest;
    }

    @Test
    void randomPolicies_randomOperations_noDifferenceButTheListedOnes() {
        Map<Difference, Integer> explained = new EnumMap<>(Difference.class);
        for (long seed = FIRST_SEED; seed < FIRST_SEED + POLICIES; seed++) {
            Scenario scenario = new ScenarioMaker(seed).make(STEPS);
            Comparison comparison = play(scenario);
            comparison.explained().forEach((difference, count) -> explained.merge(difference, count, Integer::sum));
            comparison.surprises().stream().findFirst().ifPresent(surprise -> fail(describe(scenario, surprise)));
        }
        if (POLICIES >= USUAL) {
            assertEquals(EnumSet.allOf(Difference.class), explained.keySet(), "a listed difference that is none any more");
        }
    }
}
