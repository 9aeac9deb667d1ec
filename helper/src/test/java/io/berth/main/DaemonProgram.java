package io.berth.main;

import java.nio.file.Path;
import java.util.Optional;

/** The daemon as a program of its own, for {@link DaemonTest}. */
public final class DaemonProgram {
    private DaemonProgram() {
    }

    public static void main(String[] arguments) {
        Optional<Path> configuration = arguments.length == 0 ? Optional.empty() : Optional.of(Path.of(arguments[0]));
        System.exit(Daemon.run(new DaemonOptions(configuration, System.getenv())));
    }
}
