package io.berth.cli;

import io.berth.client.MountNamespace;
import io.berth.client.ServerStatus;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Where a socket is mounted, or to be mounted. */
final class MountPlaceOptions {
    @Option(names = "--pid", paramLabel = "N", description = "The mount namespace of this process.")
    private Long pid;

    @Option(names = "--namespace", paramLabel = "FILE", description = "The mount namespace that this file keeps, as unshare --mount=FILE"
            + " makes it. Those of the system, such as snapd's, can only be entered by a helper with privilege.")
    private Path file;

    @Option(names = "--target", paramLabel = "PATH", description = "Where in the namespace: an absolute path.")
    private String target;

    /** @throws FailureException when two are given, or one that cannot be */
    Optional<MountNamespace> namespace() {
        if (pid != null && file != null) {
            throw new FailureException("--pid and --namespace exclude each other");
        }
        try {
            return pid != null ? Optional.of(MountNamespace.ofProcess(pid)) : Optional.ofNullable(file).map(MountNamespace::ofFile);
        } catch (IllegalArgumentException impossible) {
            throw new FailureException("--pid: " + impossible.getMessage());
        }
    }

    Optional<String> target() {
        return Optional.ofNullable(target);
    }

    /** Where apps look for the bus of this server. @throws FailureException when nothing says where that is */
    String targetFor(ServerStatus server, Map<String, String> environment) {
        if (target != null) {
            return target;
        }
        String runtimeDirectory = environment.getOrDefault("XDG_RUNTIME_DIR", "");
        if (server.bus().equals("system")) {
            return "/run/dbus/system_bus_socket";
        }
        if (server.bus().equals("session") && runtimeDirectory.startsWith("/")) {
            return runtimeDirectory.replaceAll("/+$", "") + "/bus";
        }
        throw new FailureException(server.bus().equals("session") ? "XDG_RUNTIME_DIR is not set: say with --target where the app looks for its bus"
                : "say with --target where the app looks for the bus " + server.bus());
    }
}
