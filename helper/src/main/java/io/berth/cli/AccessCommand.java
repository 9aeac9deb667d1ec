package io.berth.cli;

import io.berth.api.AccessRule;
import io.berth.client.BerthClient;
import io.berth.client.ContainerServer;
import io.berth.client.ServerStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
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
            "Rules print as the words that say them, timed ones with the time left, and an AppArmor policy as it was given. What services have granted is not among them:"
                + " see berth show."},
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

    @Option(names = "--for", paramLabel = "TIME",
            description = "Add the rules given for so long only: 90s, 10m, 2h, 1d (systemd.time(7)). The time that the machine sleeps counts."
                    + " A timed rule that is there already gets the new end.")
    private String duration;

    @Option(names = "--json", description = "Print the base rules as one JSON array.")
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

        @Option(names = "--policy", paramLabel = "FILE", description = "Put the AppArmor policy in FILE in the place of all rules; - for"
                + " standard input.")
        private String policy;

        @Option(names = "--add-policy-rule", paramLabel = "RULE", description = "Add a dbus rule to the AppArmor policy that the server has.")
        private List<String> policyRules = List.of();

        boolean isPolicy() {
            return policy != null || !policyRules.isEmpty();
        }
    }

    @Override
    public Integer call() {
        List<AccessRule> rules = options.rules();
        Optional<Duration> time = time();
        boolean changes = change.set || change.add || change.remove || time.isPresent();
        if (!changes && !rules.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "rules given, but what to do with them? One of --set, --add, --remove, --for");
        }
        if (options.withoutFds() && rules.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--no-fds takes file descriptors away from the rules given with it, and none is"
                    + " given");
        }
        if (change.isPolicy() && (!rules.isEmpty() || time.isPresent())) {
            throw new ParameterException(spec.commandLine(), "access rules and --for do not go with an AppArmor policy");
        }
        if (time.isPresent() && (change.set || change.remove)) {
            throw new ParameterException(spec.commandLine(), "--for adds rules; it does not go with " + (change.set ? "--set" : "--remove"));
        }
        if (changes && !change.set && rules.isEmpty()) {
            throw new ParameterException(spec.commandLine(),
                    (change.remove ? "--remove" : change.add ? "--add" : "--for") + " needs at least one rule");
        }
        return berth.withHelper(client -> {
            ServerStatus status = server.find(client);
            if (mode != null) {
                client.attach(status.path()).setMode(mode.name());
            }
            if (change.policy != null) {
                return PolicyFile.read(change.policy, berth.console(), text -> setPolicy(client.attach(status.path()), text));
            } else if (change.isPolicy()) {
                return setPolicy(client.attach(status.path()), withRules(status, change.policyRules));
            } else if (changes) {
                change(client.attach(status.path()), rules, time);
            } else if (mode == null) {
                print(status);
            }
            return ExitStatus.OK;
        });
    }

    private static int setPolicy(ContainerServer target, String policy) {
        target.setPolicy(policy);
        return ExitStatus.OK;
    }

    private static String withRules(ServerStatus status, List<String> more) {
        if (status.policy().isEmpty()) {
            throw new FailureException("server " + status.id() + " has no AppArmor policy to add rules to, but access rules: use --add");
        }
        return status.policy() + (status.policy().endsWith("\n") ? "" : "\n") + String.join("\n", more) + "\n";
    }

    private Optional<Duration> time() {
        try {
            return Optional.ofNullable(duration).map(TimeSpan::parse);
        } catch (IllegalArgumentException malformed) {
            throw new ParameterException(spec.commandLine(), "--for: " + malformed.getMessage());
        }
    }

    private void change(ContainerServer target, List<AccessRule> rules, Optional<Duration> time) {
        if (change.set) {
            target.setAccess(rules);
        } else if (change.remove) {
            target.removeAccess(rules);
        } else if (time.isPresent()) {
            target.addAccess(rules, time.get());
        } else {
            target.addAccess(rules);
        }
    }

    private void print(ServerStatus status) {
        if (json) {
            berth.console().line(JsonOutput.line(status.allow()));
        } else if (!status.policy().isEmpty()) {
            status.policy().lines().forEach(line -> berth.console().line(Console.printable(line)));
        } else {
            status.allow().forEach(rule -> berth.console().line(Console.printable(rule.toString())));
            status.timed().forEach(timed -> berth.console().line(Console.printable(timed.rule() + " --for='" + TimeSpan.print(timed.left()) + "'")));
        }
    }
}
