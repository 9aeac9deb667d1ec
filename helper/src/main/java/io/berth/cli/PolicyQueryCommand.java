package io.berth.cli;

import io.berth.policy.apparmor.CompiledPolicy;
import io.berth.policy.apparmor.RuleVerdict;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(name = "query", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = {"Ask a policy: JSON objects in, one a line, and a verdict out for each, in the same order.",
            "In: perm (send, receive, bind or eavesdrop), bus, name, label, path, interface, member; what is absent is empty. For a"
                + " policy of 2011, name may be an array of all names the peer owns. Out: allow, audit, quiet; or error for a line"
                + " that is no question."},
        exitCodeListHeading = Berth.EXIT_CODES,
        exitCodeList = {"0:every question was answered", "1:one was not, or the policy is not well formed", "2:the command line is wrong"})
final class PolicyQueryCommand implements Callable<Integer> {
    @ParentCommand
    private PolicyCommand policy;

    @Spec
    private CommandSpec spec;

    @Mixin
    private PolicyFile file;

    @Override
    public Integer call() {
        if (file.isStandardInput()) {
            throw new ParameterException(spec.commandLine(), "the policy cannot be standard input: the questions are");
        }
        return file.read(policy.console(), text -> {
            CompiledPolicy compiled = file.parse(text).compile();
            BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            // what is not answered is FAILURE, the larger number
            return questions.lines().mapToInt(line -> answer(compiled, line)).max().orElse(ExitStatus.OK);
        });
    }

    private int answer(CompiledPolicy compiled, String line) {
        Map<String, Object> answer = new LinkedHashMap<>();
        int status = ExitStatus.OK;
        try {
            RuleVerdict verdict = PolicyQuestion.read(line).ask(compiled);
            answer.put("allow", verdict.allow());
            answer.put("audit", verdict.audit());
            answer.put("quiet", verdict.quiet());
        } catch (IllegalArgumentException malformed) {
            answer.put("error", malformed.getMessage());
            status = ExitStatus.FAILURE;
        }
        policy.console().line(JsonOutput.line(answer));
        return status;
    }
}
