package io.berth.cli;

import io.berth.client.ContainerServer;
import java.nio.file.Path;

/**
 * The socket of a container server as an app finds it.
 *
 * @param path    of the socket
 * @param address for {@code DBUS_SESSION_BUS_ADDRESS} or {@code DBUS_SYSTEM_BUS_ADDRESS}
 */
record AppSocket(Path path, String address) {
    static AppSocket of(ContainerServer server) {
        return new AppSocket(Path.of(server.socketPath()), server.address());
    }
}
