package io.berth.main;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * How the daemon is started.
 *
 * @param configuration a file that must be there; empty for the usual one, if it is there
 * @param environment   of the process: DBUS_SESSION_BUS_ADDRESS, DBUS_SYSTEM_BUS_ADDRESS, XDG_RUNTIME_DIR,
 *                      XDG_CONFIG_HOME, HOME, NOTIFY_SOCKET
 */
public record DaemonOptions(Optional<Path> configuration, Map<String, String> environment) {
}
