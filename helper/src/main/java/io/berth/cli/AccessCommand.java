package io.berth.cli;

import io.berth.api.AccessRule;
import io.berth.client.BerthClient;
import io.berth.client.ContainerServer;
import io.berth.client.ServerStatus;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(name = "access", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = {"Print the access rules of a running app, or change them and its mode; a change is in force for its next message.",
            "Rules print as the words that say them."},
        exitCodeListHeading = Berth.EXIT_CODES,
        exitCodeList = {"0:success", "1:no such server, or another failure", "2:the command line is wrong", "3:no helper"},
        footer = {"", "NAME: org.foo, org.foo.* (with all below it), :1.42, TYPE/APP_ID (any connection of that app), * (any)",
            "RULE: [*|IFACE.*|IFACE.MEMBER][@PATH|@PATH/*]"})
final class AccessCommand implements Callable<Integer> {
    @ParentCommand
    private Berth berth;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ServerArgument server;

    @ArgGroup(exclusive = true)
    private Change change = new Change();

    @Mixin
    private RuleOptions options;

    @Option(names = "--mode", paramLabel = "MODE", description = "enforce, or complain: let pass what the rules do not allow, and tell it"
            + " (berth monitor, berth why).")
    private Mode mode;

    @Option(names = "--json", description = "Print the rules as one JSON array.")
    private boolean json;

    enum Mode { enforce, complain }

    /** At most one of these. */
    private static final class Change {
        @Option(names = "--set", description = "Replace all base rules by those given; none given: nothing is allowed.")
        private boolean set;

        @Option(names = "--add", description = "Add the rules given.")
        private boolean add;

        @Option(names = "--remove", description = "Take the rules given away, spelled as they are printed.")
        private boolean remove;
    }

    @Override
    public Integer call() {
        List<AccessRule> rules = options.rules();
        boolean changes = change.set || change.add || change.remove;
        if (!changes && !rules.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "rules given, but what to do with them? One of --set, --add, --remove");
        }
        if (changes && !change.set && rules.isEmpty()) {
            throw new ParameterException(spec.commandLine(), (change.add ? "--add" : "--remove") + " needs at least one rule");
        }
        return berth.withHelper(client -> {
            ServerStatus status = server.find(client);
            if (mode != null) {
                client.attach(status.path()).setMode(mode.name());
            }
            if (changes) {
                change(client.attach(status.path()), rules);
            } else if (mode == null) {
                print(status);
            }
            return ExitStatus.OK;
        });
    }

    private void change(ContainerServer target, List<AccessRule> rules) {
        if (change.set) {
            target.setAccess(rules);
        } else if (change.add) {
            target.addAccess(rules);
        } else {
            target.removeAccess(rules);
        }
    }

    private void print(ServerStatus status) {
        if (json) {
            berth.console().line(JsonOutput.line(status.allow()));
        } else {
            status.allow().forEach(rule -> berth.console().line(Console.printable(rule.toString())));
        }
    }
}
