package io.berth.relay;

import io.berth.kernel.PeerCredentials;

/**
 * What is known of a confined connection.
 *
 * @param server      through which it came
 * @param credentials of the app's process; the pidfd is borrowed and valid during this turn of the loop
 */
public record ConfinedPeer(RelayServer server, String uniqueName, PeerCredentials credentials) {
}
