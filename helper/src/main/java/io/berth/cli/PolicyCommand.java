package io.berth.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(name = "policy", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = {"Work with policies in the AppArmor D-Bus language, without the helper.",
            "A policy is dbus rules as they stand inside a profile (apparmor.d(5)), @{NAME}=VALUE lines and # comments; or rules of"
                + " the form of 2011 (dbus [system|session] [address=]NAME path=P interface=I method=M PERMISSIONS,). Which of the"
                + " two it is, is recognised: the one that can read all of it, today's if both can."},
        subcommands = {PolicyCheckCommand.class, PolicyQueryCommand.class, PolicyConvertCommand.class},
        synopsisSubcommandLabel = "COMMAND", commandListHeading = "%nCommands:%n",
        exitCodeListHeading = Berth.EXIT_CODES, exitCodeList = {"0:success", "1:failure", "2:the command line is wrong"})
final class PolicyCommand implements Runnable {
    @ParentCommand
    private Berth berth;

    @Spec
    private CommandSpec spec;

    Console console() {
        return berth.console();
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command? One of " + String.join(", ", spec.subcommands().keySet()));
    }
}
