package io.berth.tests.peer;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One policy and what is done under it.
 *
 * @param rules  words that both mediators read
 * @param owners who owns what before the app comes
 */
record Scenario(long seed, List<String> rules, List<Step.Own> owners, List<Step> steps) {
    /** Every well-known name there may be. */
    static final List<String> NAMES = List.of("org.t.A", "org.t.A.Sub", "org.t.Ax", "org.t.B", "org.t.B.Deep.Er", "org.t.Start");
    /** The bus knows how to start it, and that fails. */
    static final String ACTIVATABLE = "org.t.Start";

    @Override
    public String toString() {
        return Stream.of(Stream.of("seed " + seed), rules.stream(), owners.stream(), steps.stream()).flatMap(part -> part)
                .map(Object::toString).collect(Collectors.joining("\n    "));
    }
}
