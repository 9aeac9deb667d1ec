package io.berth.server;

import io.berth.kernel.PeerCredentials;

/**
 * Which app a connection belongs to.
 *
 * @param server      its container server
 * @param uniqueName  the connection
 * @param credentials of the app's process, read when it connected; the pidfd is a duplicate that the receiver closes,
 *                    -1 when it was not asked for or the kernel has none
 */
public record ConfinedIdentity(ServerInfo server, String uniqueName, PeerCredentials credentials) {
}
