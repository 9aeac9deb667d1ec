package io.berth.cli;

import io.berth.main.NativeFiles;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the process starts. The daemon's plain command lines are understood here, without the command-line library, which takes
 * longer to load than the daemon to connect to the bus; everything else, mistakes included, is {@link Berth}'s.
 */
public final class Main {
    private Main() {
    }

    /** Ends the process. */
    public static void main(String[] arguments) {
        NativeFiles.useShippedJffi();
        if (arguments.length == 1 && arguments[0].equals("daemon")) {
            System.exit(DaemonCommand.run(Optional.empty()));
        } else if (arguments.length == 3 && arguments[0].equals("daemon") && arguments[1].equals("--config")) {
            System.exit(DaemonCommand.run(Optional.of(Path.of(arguments[2]))));
        } else {
            Berth.main(arguments);
        }
    }
}
