package io.berth.server;

import io.berth.api.AuditRecord;

/**
 * What was refused once or many times; also what complain mode has let pass.
 *
 * @param record  the last of its kind
 * @param firstUs when it was refused first, microseconds since the epoch
 * @param lastUs  and last
 * @param count   how often
 */
public record Denial(AuditRecord record, long firstUs, long lastUs, long count) {
    Denial again(AuditRecord latest, long nowUs) {
        return new Denial(latest, firstUs, nowUs, count + 1);
    }
}
