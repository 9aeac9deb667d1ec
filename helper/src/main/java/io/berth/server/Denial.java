package io.berth.server;

import io.berth.api.AuditRecord;

/**
 * What was refused once or many times; also what complain mode has let pass.
 *
 * @param record  the first of its kind that is remembered
 * @param firstUs when it was refused first, microseconds since the epoch
 * @param lastUs  and last
 * @param count   how often
 */
public record Denial(AuditRecord record, long firstUs, long lastUs, long count) {
}
