package io.berth.server;

import io.berth.api.AccessRule;

/**
 * A rule that goes by itself.
 *
 * @param untilUs when, in microseconds since the epoch, as the clock stood when it was added: for people. What ends it counts
 *                the time that has passed, whatever is done to the clock, and whether the machine sleeps or not
 */
public record TimedRule(AccessRule rule, long untilUs) {
}
