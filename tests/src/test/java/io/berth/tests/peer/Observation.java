package io.berth.tests.peer;

import java.util.List;

/**
 * What one step did in one world.
 *
 * @param before what was so before it
 */
record Observation(Step step, Facts before, List<Event> events) {
}
