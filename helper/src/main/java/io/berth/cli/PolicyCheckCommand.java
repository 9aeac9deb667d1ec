package io.berth.cli;

import io.berth.policy.apparmor.Dialect;
import io.berth.policy.apparmor.ParsedPolicy;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

@Command(name = "check", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = "Say whether a policy is well formed; if not, where, what was found there and what could stand there.",
        exitCodeListHeading = Berth.EXIT_CODES, exitCodeList = {"0:well formed", "1:not, or it cannot be read", "2:the command line is wrong"})
final class PolicyCheckCommand implements Callable<Integer> {
    @ParentCommand
    private PolicyCommand policy;

    @Mixin
    private PolicyFile file;

    @Override
    public Integer call() {
        return file.read(policy.console(), text -> {
            ParsedPolicy parsed = file.parse(text);
            parsed.compile();
            policy.console().line(file.name() + ": " + parsed.size() + (parsed.size() == 1 ? " rule" : " rules")
                    + (parsed.dialect() == Dialect.TODAY ? "" : ", from the language of 2011"));
            return ExitStatus.OK;
        });
    }
}
