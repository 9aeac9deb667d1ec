package io.berth.server;

import io.berth.kernel.PeerCredentials;

/**
 * Which app a connection belongs to.
 *
 * @param server      its container server
 * @param uniqueName  the connection
 * @param credentials of the app's process, read when it connected; the pidfd is borrowed and valid until the connection
 *                    is gone: duplicate it on the loop thread to keep it
 */
public record ConfinedIdentity(ServerInfo server, String uniqueName, PeerCredentials credentials) {
}
