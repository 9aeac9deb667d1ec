package io.berth.cli;

import io.berth.api.AuditRecord;
import io.berth.cli.Console.Style;
import io.berth.learn.RecordJudge;
import io.berth.policy.apparmor.PolicySyntaxException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(name = "replay", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = {"Ask a policy about recorded messages and print those that it would decide differently, without the helper.",
            "RECORDING is what berth learn --record FILE wrote, or berth monitor --json. The policy may be options of berth run, one a"
                + " line, what flatpak says of its buses, or AppArmor's dbus rules; which of them it is, is recognised."},
        exitCodeListHeading = Berth.EXIT_CODES,
        exitCodeList = {"0:all would be decided as recorded", "1:a file cannot be read or is not well formed", "2:the command line is wrong",
            "4:something would be decided differently"})
final class ReplayCommand implements Callable<Integer> {
    @ParentCommand
    private Berth berth;

    @Parameters(paramLabel = "RECORDING", description = "JSON lines; - for standard input.")
    private String recording;

    @Option(names = "--policy", paramLabel = "FILE", required = true, description = "The policy; - for standard input.")
    private String file;

    @Option(names = "--profile", paramLabel = "NAME", description = "What @{profile_name} stands for in it (default: ${DEFAULT-VALUE}).")
    private String profile = "berth";

    @Option(names = "--format", paramLabel = "FORM", description = "rules, flatpak or apparmor, where it is not to be recognised.")
    private LearntText.Form form;

    @Option(names = "--json", description = "Print one JSON object per line.")
    private boolean json;

    @Override
    public Integer call() {
        List<AuditRecord> messages = Recording.read(recording);
        return PolicyFile.read(file, berth.console(), text -> compare(messages, judge(text)));
    }

    private RecordJudge judge(String text) {
        try {
            return PolicySource.judge(text, form == null ? PolicySource.recognise(text) : form, profile);
        } catch (PolicySyntaxException withPosition) {
            throw withPosition;
        } catch (IllegalArgumentException malformed) {
            throw new FailureException(file + ": " + malformed.getMessage());
        }
    }

    private int compare(List<AuditRecord> messages, RecordJudge judge) {
        int different = 0;
        for (AuditRecord message : messages) {
            boolean allows = judge.allows(message);
            if (allows == message.verdict().equals("denied")) {
                different++;
                print(message, allows);
            }
        }
        if (!json) {
            berth.console().line(messages.size() + " messages, " + different + " would be decided differently");
        }
        return different == 0 ? ExitStatus.OK : ExitStatus.DIFFERENT;
    }

    private void print(AuditRecord message, boolean allows) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("verdict", allows ? "allowed" : "denied");
        fields.put("recorded", message.verdict());
        fields.putAll(RecordFields.json(RecordFields.plain(message)));
        if (json) {
            berth.console().line(JsonOutput.line(fields));
        } else {
            berth.console().line(berth.console().styled(allows ? Style.GREEN : Style.RED, allows ? "would be allowed" : "would be denied")
                    + "  " + Console.printable(MonitorText.what(RecordFields.plain(message))));
        }
    }
}
