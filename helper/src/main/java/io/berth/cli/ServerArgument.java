package io.berth.cli;

import io.berth.client.BerthClient;
import io.berth.client.ServerStatus;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Which container server a command is about. */
final class ServerArgument {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Parameters(paramLabel = "SERVER", description = "Identifier, object path, or app identifier when only one server has it.")
    private String server;

    @Option(names = "--bus", paramLabel = "BUS",
            description = "Consider only servers of this bus: session, system or an address. An app may have one of each.")
    private String bus;

    /** @throws ParameterException when none or more than one fits */
    ServerStatus find(BerthClient client) {
        List<ServerStatus> all = client.servers();
        List<ServerStatus> fitting = all.stream().filter(this::isNamed)
                .filter(candidate -> bus == null || candidate.bus().equals(bus)).toList();
        if (fitting.size() == 1) {
            return fitting.get(0);
        }
        String known = (fitting.isEmpty() ? all : fitting).stream()
                .map(candidate -> candidate.id() + " (" + candidate.app().id() + ", " + candidate.bus() + " bus)")
                .collect(Collectors.joining(", "));
        throw new ParameterException(command.commandLine(), "SERVER '" + server + "'" + (bus == null ? "" : " on bus '" + bus + "'")
                + (fitting.isEmpty() ? ": expected one of: " + (known.isEmpty() ? "(there are none)" : known)
                        : " is not unique: use one of the identifiers " + known));
    }

    private boolean isNamed(ServerStatus candidate) {
        return server.equals(candidate.id()) || server.equals(candidate.path()) || server.equals(candidate.app().id())
                || server.equals(candidate.app().toString());
    }
}
