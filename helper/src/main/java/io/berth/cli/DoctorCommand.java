package io.berth.cli;

import io.berth.cli.Console.Style;
import io.berth.client.BerthClient;
import io.berth.client.BerthException;
import io.berth.client.ServerStatus;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(name = "doctor", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = {"Say what Berth would need here and is missing; or, of a process in a sandbox, what it can still reach of the buses"
                + " and whom services take it for.", "Looks only; nothing is changed. Without a helper it says less."},
        exitCodeListHeading = Berth.EXIT_CODES,
        exitCodeList = {"0:nothing bad was found", "1:something is missing or can be reached, or there is no such process",
            "2:the command line is wrong"})
final class DoctorCommand implements Callable<Integer> {
    @ParentCommand
    private Berth berth;

    @Parameters(paramLabel = "PID", arity = "0..1", description = "A process in a sandbox.")
    private Long pid;

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Override
    public Integer call() {
        Map<String, String> environment = System.getenv();
        List<Finding> findings = pid == null ? new HostCheck(environment).run() : new SandboxCheck(pid, environment, servers()).run();
        if (json) {
            berth.console().line(JsonOutput.line(findings.stream().map(DoctorCommand::fields).toList()));
        } else {
            findings.forEach(this::print);
        }
        return findings.stream().anyMatch(finding -> finding.verdict() == Finding.Verdict.BAD) ? ExitStatus.FAILURE : ExitStatus.OK;
    }

    private static List<ServerStatus> servers() {
        try (BerthClient client = BerthClient.connect()) {
            return client.servers();
        } catch (BerthException noHelper) {
            return List.of();
        }
    }

    private static Map<String, Object> fields(Finding finding) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("verdict", finding.verdict().word());
        fields.put("subject", finding.subject());
        fields.put("text", finding.text());
        return fields;
    }

    private void print(Finding finding) {
        Style style = switch (finding.verdict()) {
            case OK -> Style.GREEN;
            case NOTE -> Style.YELLOW;
            case BAD -> Style.RED;
        };
        String word = berth.console().styled(style, String.format("%-4s", finding.verdict().word()));
        berth.console().line(word + "  " + Console.printable(finding.subject() + ": " + finding.text()));
    }
}
