package io.berth.cli;

import io.berth.cli.Console.Style;
import io.berth.client.ServerStatus;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(name = "why", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = {"Say what an app was refused of late, what decided, and the command that would allow each.",
            "Each kind of refusal is told once, the latest last; the helper remembers the last 64. In complain mode that is what would"
                + " have been refused."},
        exitCodeListHeading = Berth.EXIT_CODES,
        exitCodeList = {"0:success, also when nothing was refused", "1:no such server, or another failure", "2:the command line is wrong",
            "3:no helper"})
final class WhyCommand implements Callable<Integer> {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss");

    @ParentCommand
    private Berth berth;

    @Mixin
    private ServerArgument server;

    @Option(names = "--json", description = "Print one JSON object per line; the member command is the command line.")
    private boolean json;

    @Override
    public Integer call() {
        return berth.withHelper(client -> {
            ServerStatus status = server.find(client);
            List<Map<String, Object>> denials = client.attach(status.path()).denials();
            if (json) {
                denials.forEach(denial -> berth.console().line(JsonOutput.line(fields(status, denial))));
            } else if (denials.isEmpty()) {
                berth.console().line("Nothing was refused to " + Console.printable(status.app().id()) + " (" + status.id() + ").");
            } else {
                denials.forEach(denial -> print(status, denial));
            }
            return ExitStatus.OK;
        });
    }

    private void print(ServerStatus status, Map<String, Object> denial) {
        boolean denied = "denied".equals(denial.get("Verdict"));
        String time = TIME.format(Instant.EPOCH.plus((Long) denial.get("Last"), ChronoUnit.MICROS).atZone(ZoneId.systemDefault()));
        long count = (Long) denial.get("Count");
        berth.console().line(time + "  " + berth.console().styled(denied ? Style.RED : Style.YELLOW, denied ? "denied" : "would be denied")
                + (count > 1 ? ", " + count + " times" : "") + "  " + Console.printable(MonitorText.what(denial)));
        say("because: " + denial.get("Rule"));
        say(MonitorText.advice(status.id(), denial).orElse("nothing allows it: no rule can"));
    }

    private void say(String text) {
        berth.console().line(" ".repeat(10) + berth.console().styled(Style.DIM, Console.printable(text)));
    }

    private static Map<String, Object> fields(ServerStatus status, Map<String, Object> denial) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("server", status.path());
        denial.forEach((key, value) -> fields.put(MonitorText.jsonName(key), value));
        MonitorText.command(status.id(), denial).ifPresent(command -> fields.put("command", command));
        return fields;
    }
}
