package io.berth.cli;

import io.berth.api.AuditRecord;
import io.berth.client.BerthClient;
import io.berth.client.BerthException;
import io.berth.client.Observation;
import io.berth.client.ServerStatus;
import io.berth.learn.Granularity;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(name = "learn", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = {"Watch what an app does and print a policy that allows that and no more, as a diff against its present rules.",
            "Until interrupted (Ctrl-C), or until the server ends. The app runs in complain mode meanwhile: what its rules do not allow"
                + " passes, except what is never allowed. Its own mode is back when this command has ended, however it ended.",
            "Lines with + are needed and not there, lines with - are there and were not needed as they stand. What the format cannot"
                + " say is told on standard error."},
        exitCodeListHeading = Berth.EXIT_CODES,
        exitCodeList = {"0:the policy allows all that was seen", "1:no such server, or another failure", "2:the command line is wrong",
            "3:no helper", "4:something that was seen cannot be allowed, or was not recorded"})
final class LearnCommand implements Callable<Integer> {
    private static final long CHECK_MS = 100;

    @ParentCommand
    private Berth berth;

    @Mixin
    private ServerArgument server;

    @Option(names = "--format", paramLabel = "FORM", defaultValue = "rules",
            description = "rules: options of berth run and berth access; flatpak: options of flatpak; apparmor: dbus rules (default: rules).")
    private LearntText.Form form;

    @Option(names = "--granularity", paramLabel = "HOW", defaultValue = "method",
            description = "name, interface or method (with its path): how closely rules follow what was seen (default: method).")
    private String granularity;

    @Option(names = "--enforce", description = "Leave the app's mode as it is; what it is refused now is learnt, but not what it would do then.")
    private boolean enforce;

    @Option(names = "--record", paramLabel = "FILE", description = "Write each kind of message to FILE too, as JSON lines, for berth replay.")
    private Path record;

    @Option(names = "--from", paramLabel = "FILE", description = "Learn from such a file, without watching.")
    private String from;

    @Option(names = "--no-diff", description = "Print the policy alone, one rule a line.")
    private boolean noDiff;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    /** What was seen. */
    private record Seen(List<AuditRecord> messages, long leftOut) {
    }

    @Override
    public Integer call() {
        Granularity how = granularity();
        try (BerthClient client = BerthClient.connect()) {
            ServerStatus status = server.find(client);
            if (from != null) {
                return print(status, how, new Seen(Recording.read(from), 0));
            }
            Interruption interruption = new Interruption();
            int exit = ExitStatus.FAILURE;
            try {
                exit = print(status, how, watch(client, status, interruption));
            } catch (BerthException | FailureException failure) {
                berth.console().error(failure.getMessage());
            } finally {
                interruption.finish(exit);
            }
            return exit;
        }
    }

    private Granularity granularity() {
        try {
            return Granularity.valueOf(granularity.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException unknown) {
            throw berth.usage("learn", "--granularity=" + granularity + ": expected name, interface or method");
        }
    }

    private Seen watch(BerthClient client, ServerStatus status, Interruption interruption) {
        Map<AuditRecord, AuditRecord> kinds = new LinkedHashMap<>();
        try (PrintWriter file = record == null ? null : new PrintWriter(Files.newBufferedWriter(record, StandardCharsets.UTF_8))) {
            Observation observation = client.attach(status.path()).observe(!enforce, plain -> {
                AuditRecord message = RecordFields.read(RecordFields.json(plain)).subject();
                synchronized (kinds) {
                    if (kinds.put(message, message) == null && file != null) {
                        file.println(JsonOutput.line(line(status, plain)));
                        file.flush();
                    }
                }
            });
            berth.console().error("watching " + status.app().id() + " (" + status.id() + "); Ctrl-C ends it");
            while (!interruption.await(CHECK_MS) && !observation.awaitEnd(0, TimeUnit.MILLISECONDS)) {
                continue;
            }
            long leftOut = observation.stop();
            synchronized (kinds) {
                return new Seen(List.copyOf(kinds.values()), leftOut);
            }
        } catch (IOException unwritable) {
            throw new FailureException(record + ": cannot be written: " + unwritable.getMessage());
        } catch (InterruptedException interrupted) {
            throw new FailureException("interrupted");
        }
    }

    private static Map<String, Object> line(ServerStatus status, Map<String, Object> plain) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("time", TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis()));
        fields.put("event", "observed");
        fields.put("server", status.path());
        fields.put("type", status.app().type());
        fields.put("app_id", status.app().id());
        fields.putAll(RecordFields.json(plain));
        return fields;
    }

    private int print(ServerStatus status, Granularity how, Seen seen) {
        List<AuditRecord> messages = seen.messages().stream().filter(message -> message.bus().equals(status.bus())).toList();
        LearntText learnt = LearntText.of(messages, form, how, status);
        if (json) {
            berth.console().line(JsonOutput.line(fields(status, how, learnt, seen)));
        } else if (noDiff) {
            learnt.policy().forEach(this::line);
        } else {
            printDiff(learnt);
        }
        Set<String> notes = new LinkedHashSet<>(learnt.notes());
        if (seen.leftOut() > 0) {
            notes.add(seen.leftOut() + " messages were not recorded, being of too many kinds");
        }
        notes.forEach(note -> berth.console().error("note: " + note));
        return learnt.isComplete() && seen.leftOut() == 0 ? ExitStatus.OK : ExitStatus.DIFFERENT;
    }

    private void line(String text) {
        berth.console().line(Console.printable(text));
    }

    private void printDiff(LearntText learnt) {
        learnt.kept().forEach(rule -> line("  " + rule));
        learnt.added().forEach(rule -> line("+ " + rule));
        learnt.removed().forEach(rule -> line("- " + rule));
        learnt.commands().forEach(command -> line("# " + command));
    }

    private Map<String, Object> fields(ServerStatus status, Granularity how, LearntText learnt, Seen seen) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("server", status.path());
        fields.put("format", form.name());
        fields.put("granularity", how.name().toLowerCase(Locale.ROOT));
        fields.put("policy", new ArrayList<>(learnt.policy()));
        fields.put("kept", learnt.kept());
        fields.put("added", learnt.added());
        fields.put("removed", learnt.removed());
        fields.put("notes", learnt.notes());
        fields.put("complete", learnt.isComplete());
        fields.put("messages", (long) seen.messages().size());
        fields.put("left_out", seen.leftOut());
        return fields;
    }
}
