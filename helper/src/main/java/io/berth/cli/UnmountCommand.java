package io.berth.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

@Command(name = "unmount", aliases = "umount", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = "Take a server's socket out of mount namespaces again: of the one named, or of all; at one target, or at all.",
        exitCodeListHeading = Berth.EXIT_CODES,
        exitCodeList = {"0:success", "1:it is not mounted there, or another failure", "2:the command line is wrong", "3:no helper"})
final class UnmountCommand implements Callable<Integer> {
    @ParentCommand
    private Berth berth;

    @Mixin
    private ServerArgument server;

    @Mixin
    private MountPlaceOptions place;

    @Override
    public Integer call() {
        var namespace = place.namespace();
        return berth.withHelper(client -> {
            client.attach(server.find(client).path()).unmount(namespace, place.target());
            return ExitStatus.OK;
        });
    }
}
