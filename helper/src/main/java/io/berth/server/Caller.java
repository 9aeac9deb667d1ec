package io.berth.server;

/**
 * Who asked for a change.
 *
 * @param uniqueName on the helper's bus
 * @param processId  as the bus says it; 0 when it does not
 */
public record Caller(String uniqueName, int processId) {
}
