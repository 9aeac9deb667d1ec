package io.berth.cli;

import io.berth.api.AccessRule;
import io.berth.api.RuleKind;
import io.berth.api.RuleText;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that spell access rules; {@code run} and {@code access} share them. */
final class RuleOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--see", paramLabel = "NAME", description = "The app sees that NAME exists.")
    private List<String> see = List.of();

    @Option(names = "--talk", paramLabel = "NAME",
            description = "The app calls NAME, signals it and hears its broadcasts, file descriptors included.")
    private List<String> talk = List.of();

    @Option(names = "--own", paramLabel = "NAME", description = "As --talk, and the app may own NAME.")
    private List<String> own = List.of();

    @Option(names = "--call", paramLabel = "NAME=RULE", description = "The app calls what RULE says of NAME.")
    private List<String> call = List.of();

    @Option(names = "--broadcast", paramLabel = "NAME=RULE", description = "The app hears the broadcasts of NAME that RULE says.")
    private List<String> broadcast = List.of();

    @Option(names = "--rule", paramLabel = "FLAGS:NAME[=RULE]",
            description = "Any permissions: FLAGS are see, call, signal, broadcast, own, send-fds, receive-fds"
                    + " (talk: the first four; fds: the last two) joined by +.")
    private List<String> rule = List.of();

    @Option(names = "--no-fds", description = "Take file descriptors away from all rules given here.")
    private boolean noFds;

    /** The rules, those of one kind in the order in which they were given. */
    List<AccessRule> rules() {
        return parse(command, noFds, "--", see, talk, own, call, broadcast, rule);
    }

    boolean withoutFds() {
        return noFds;
    }

    /**
     * @param words one list for each {@link RuleKind}, in its order
     * @throws ParameterException naming the option, the value and what was expected
     */
    @SafeVarargs
    static List<AccessRule> parse(CommandSpec command, boolean noFds, String prefix, List<String>... words) {
        List<AccessRule> rules = new ArrayList<>();
        for (RuleKind kind : RuleKind.values()) {
            for (String word : words[kind.ordinal()]) {
                try {
                    AccessRule rule = RuleText.parse(kind, word);
                    rules.add(noFds ? rule.withoutFds() : rule);
                } catch (IllegalArgumentException malformed) {
                    throw new ParameterException(command.commandLine(),
                            prefix + kind.word() + "=" + Console.printable(word) + ": " + malformed.getMessage());
                }
            }
        }
        return rules;
    }
}
