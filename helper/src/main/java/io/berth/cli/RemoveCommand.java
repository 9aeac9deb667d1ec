package io.berth.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(name = "remove", aliases = "rm", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = "Remove a container server: disconnect its clients and unlink its socket. The app itself is left alone.",
        exitCodeListHeading = Berth.EXIT_CODES,
        exitCodeList = {"0:success", "1:no such server, or another failure", "2:the command line is wrong", "3:no helper"})
final class RemoveCommand implements Callable<Integer> {
    @ParentCommand
    private Berth berth;

    @Mixin
    private ServerArgument server;

    @Option(names = "--drain", description = "Only take no new clients; the server goes when its last client leaves.")
    private boolean drain;

    @Override
    public Integer call() {
        return berth.withHelper(client -> {
            var target = client.attach(server.find(client).path());
            if (drain) {
                target.stopListening();
            } else {
                target.remove();
            }
            return ExitStatus.OK;
        });
    }
}
