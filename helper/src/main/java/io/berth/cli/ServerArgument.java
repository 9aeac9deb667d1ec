package io.berth.cli;

import io.berth.client.BerthClient;
import io.berth.client.ServerStatus;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which container server a command is about. */
final class ServerArgument {
    @Parameters(paramLabel = "SERVER", description = "Identifier, object path, or app identifier when only one server has it.")
    private String server;

    @Option(names = "--bus", paramLabel = "BUS",
            description = "Consider only servers of this bus: session, system or an address. An app may have one of each.")
    private String bus;

    /** @throws FailureException when none or more than one fits */
    ServerStatus find(BerthClient client) {
        List<ServerStatus> all = client.servers().stream().filter(known -> bus == null || known.bus().equals(bus)).toList();
        List<ServerStatus> found = select(all, known -> server.equals(known.id()) || server.equals(known.path()));
        if (found.isEmpty()) {
            found = select(all, known -> server.equals(known.app().id()) || server.equals(known.app().toString()));
        }
        if (found.size() == 1) {
            return found.get(0);
        }
        String asked = "server '" + server + "'" + (bus == null ? "" : " on bus '" + bus + "'");
        throw new FailureException(found.isEmpty() ? asked + ": there is none; expected one of: " + describe(all)
                : asked + " is not unique; expected one of the identifiers: " + describe(found));
    }

    private static List<ServerStatus> select(List<ServerStatus> servers, Predicate<ServerStatus> fits) {
        return servers.stream().filter(fits).toList();
    }

    private static String describe(List<ServerStatus> servers) {
        return servers.isEmpty() ? "(no servers)" : servers.stream()
                .map(known -> known.id() + " (" + known.app().id() + ", " + known.bus() + " bus)").collect(Collectors.joining(", "));
    }
}
