package io.berth.cli;

import io.berth.main.Daemon;
import io.berth.main.DaemonOptions;
import io.berth.main.DaemonStatus;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "daemon", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = "Run the helper on the session bus, in the foreground, until SIGTERM or the end of the bus.",
        exitCodeListHeading = Berth.EXIT_CODES,
        exitCodeList = {"0:ended by SIGTERM or SIGINT", "1:failure", "2:the command line is wrong",
            "3:no session bus, another helper has the name, or no memory is left", "4:the bus went away", "5:a fault"})
final class DaemonCommand implements Callable<Integer> {
    @Option(names = "--config", paramLabel = "FILE",
            description = "Limits and the names that hand out the host, as key = value lines"
                    + " (default: berth/berth.conf in XDG_CONFIG_HOME or ~/.config, if it is there).")
    private Path configuration;

    @Override
    public Integer call() {
        return run(Optional.ofNullable(configuration));
    }

    /** @return the exit status */
    static int run(Optional<Path> configuration) {
        int status = Daemon.run(new DaemonOptions(configuration, System.getenv()));
        return status == DaemonStatus.NO_BUS ? ExitStatus.NO_HELPER : status;
    }
}
