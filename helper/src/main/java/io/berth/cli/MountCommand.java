package io.berth.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(name = "mount", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = {"Mount a server's socket into the mount namespace of a sandbox, over what is there.",
            "It goes with the server, or with berth unmount."},
        exitCodeListHeading = Berth.EXIT_CODES,
        exitCodeList = {"0:success", "1:it cannot be mounted there, or another failure", "2:the command line is wrong", "3:no helper"},
        footer = {"", "Without --target: $XDG_RUNTIME_DIR/bus for the session bus, /run/dbus/system_bus_socket for the system bus."})
final class MountCommand implements Callable<Integer> {
    @ParentCommand
    private Berth berth;

    @Mixin
    private ServerArgument server;

    @Mixin
    private MountPlaceOptions place;

    @Option(names = "--hide-directory", description = "Cover the target's directory with an empty one first, so that what else is in it"
            + " cannot be reached.")
    private boolean hideDirectory;

    @Override
    public Integer call() {
        var namespace = place.namespace().orElseThrow(() -> new FailureException("which namespace? Name it with --pid or --namespace"));
        return berth.withHelper(client -> {
            var status = server.find(client);
            client.attach(status.path()).mount(namespace, place.targetFor(status, System.getenv()), hideDirectory);
            return ExitStatus.OK;
        });
    }
}
