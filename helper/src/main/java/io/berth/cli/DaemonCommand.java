package io.berth.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

@Command(name = "daemon", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = "Run the helper on the session bus, in the foreground, until SIGTERM or the end of the bus.",
        exitCodeListHeading = Berth.EXIT_CODES,
        exitCodeList = {"0:ended by a signal", "1:failure, or the bus went away", "2:the command line is wrong",
            "3:no bus, or another helper has the name"})
final class DaemonCommand implements Callable<Integer> {
    @ParentCommand
    private Berth berth;

    @Override
    public Integer call() {
        return berth.daemon().run();
    }
}
