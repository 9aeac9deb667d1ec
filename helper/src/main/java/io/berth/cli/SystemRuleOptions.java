package io.berth.cli;

import io.berth.api.AccessRule;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The twins of {@link RuleOptions} for the system bus; any of them asks for a socket of that bus as well. */
final class SystemRuleOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--system-see", paramLabel = "NAME", description = "As --see, --talk, ... on the system bus.")
    private List<String> see = List.of();

    @Option(names = "--system-talk", paramLabel = "NAME")
    private List<String> talk = List.of();

    @Option(names = "--system-own", paramLabel = "NAME")
    private List<String> own = List.of();

    @Option(names = "--system-call", paramLabel = "NAME=RULE")
    private List<String> call = List.of();

    @Option(names = "--system-broadcast", paramLabel = "NAME=RULE")
    private List<String> broadcast = List.of();

    @Option(names = "--system-rule", paramLabel = "FLAGS:NAME[=RULE]")
    private List<String> rule = List.of();

    @Option(names = "--system-unrestricted", description = "As --unrestricted on the system bus.")
    private boolean unrestricted;

    @Option(names = "--system-policy", paramLabel = "FILE", description = "As --policy on the system bus.")
    private String policy;

    /** Null when there is none. */
    String policy() {
        return policy;
    }

    boolean isWanted() {
        return unrestricted || policy != null || Stream.of(see, talk, own, call, broadcast, rule).anyMatch(words -> !words.isEmpty());
    }

    boolean isUnrestricted() {
        return unrestricted;
    }

    List<AccessRule> rules(boolean noFds) {
        return RuleOptions.parse(command, noFds, "--system-", see, talk, own, call, broadcast, rule);
    }
}
