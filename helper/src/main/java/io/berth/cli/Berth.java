package io.berth.cli;

import io.berth.client.BerthClient;
import io.berth.client.BerthException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.ToIntFunction;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The {@code berth} command: parses, runs one subcommand, and turns what goes wrong into one line and an exit status. */
@Command(name = "berth", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = "A D-Bus socket of its own for every app, mediated.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {DaemonCommand.class, RunCommand.class, ListCommand.class, ShowCommand.class, AccessCommand.class,
            RemoveCommand.class, MountCommand.class, UnmountCommand.class, DoctorCommand.class, IdentifyCommand.class,
            MonitorCommand.class, WhyCommand.class, LearnCommand.class, ReplayCommand.class, PolicyCommand.class, CompletionCommand.class},
        commandListHeading = "%nCommands:%n",
        exitCodeListHeading = Berth.EXIT_CODES,
        exitCodeList = {"0:success", "1:failure", "2:the command line is wrong", "3:no helper, no bus, or the helper's name is taken"},
        footer = {"", "SERVER is an identifier, an object path, or an app identifier that only one server has.",
            "berth COMMAND --help says more."})
public final class Berth implements Runnable {
    static final String EXIT_CODES = "%nExit status:%n";

    @Spec
    private CommandSpec spec;
    private final Console console;

    private Berth(Console console) {
        this.console = console;
    }

    public static void main(String[] arguments) {
        PrintWriter out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        System.exit(execute(out, err, System.getenv(), arguments));
    }

    /** @return the exit status; never throws */
    static int execute(PrintWriter out, PrintWriter err, Map<String, String> environment, String... arguments) {
        CommandLine line = commandLine(new Berth(new Console(out, err, environment)));
        line.setOut(out).setErr(err);
        int status = line.execute(arguments);
        out.flush();
        return status;
    }

    private static CommandLine commandLine(Berth berth) {
        CommandLine line = new CommandLine(berth);
        line.setExpandAtFiles(false);
        line.setUsageHelpLongOptionsMaxWidth(34);
        line.setUsageHelpWidth(Math.max(60, Math.min(120, berth.console.columns() == 0 ? 100 : berth.console.columns())));
        line.getSubcommands().get("run").setStopAtPositional(true);
        line.setExecutionExceptionHandler((failure, command, parsed) -> berth.report(failure));
        line.setParameterExceptionHandler((failure, arguments) -> {
            berth.console.error(failure.getMessage());
            berth.console.error("try '" + failure.getCommandLine().getCommandSpec().qualifiedName() + " --help'");
            return ExitStatus.USAGE;
        });
        return line;
    }

    private int report(Exception failure) throws Exception {
        if (!(failure instanceof BerthException || failure instanceof FailureException)) {
            throw failure;
        }
        console.error(failure.getMessage());
        return failure instanceof BerthException.NoHelper || failure instanceof BerthException.NoBus
                ? ExitStatus.NO_HELPER : ExitStatus.FAILURE;
    }

    Console console() {
        return console;
    }

    CommandSpec spec() {
        return spec;
    }

    /** What is wrong with the command line of one command. */
    CommandLine.ParameterException usage(String command, String message) {
        return new CommandLine.ParameterException(spec.subcommands().get(command), message);
    }

    /** Runs one piece of work with a connection to the helper. */
    int withHelper(ToIntFunction<BerthClient> work) {
        try (BerthClient client = BerthClient.connect()) {
            return work.applyAsInt(client);
        }
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "which command? One of " + String.join(", ", spec.subcommands().keySet()));
    }

    /** The version that the build wrote into the jar. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Berth.class.getPackage().getImplementationVersion();
            return new String[] {"berth " + (version == null ? "(development)" : version)};
        }
    }
}
