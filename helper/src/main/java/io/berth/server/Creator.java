package io.berth.server;

import java.util.Map;

/**
 * Who asked for a server.
 *
 * @param uniqueName  of the caller on the helper's bus
 * @param credentials what the bus says of the caller; kept and shown, never interpreted here
 */
public record Creator(String uniqueName, Map<String, ?> credentials) {
}
