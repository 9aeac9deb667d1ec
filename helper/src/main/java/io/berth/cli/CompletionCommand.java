package io.berth.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(name = "completion", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = {"Print the completion script of a shell.", "In ~/.bashrc: source <(berth completion bash)"},
        exitCodeListHeading = Berth.EXIT_CODES, exitCodeList = {"0:success", "2:the command line is wrong"})
final class CompletionCommand implements Callable<Integer> {
    enum Shell { bash }

    @ParentCommand
    private Berth berth;

    @Parameters(paramLabel = "SHELL", arity = "0..1", description = "Only bash (default).")
    private Shell shell = Shell.bash;

    @Override
    public Integer call() {
        berth.console().line(AutoComplete.bash("berth", berth.spec().commandLine()));
        return ExitStatus.OK;
    }
}
