package io.berth.cli;

import io.berth.cli.Console.Style;
import io.berth.client.ServerStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(name = "list", aliases = "ls", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = "List the container servers, oldest first.",
        exitCodeListHeading = Berth.EXIT_CODES, exitCodeList = {"0:success", "1:failure", "2:the command line is wrong", "3:no helper"})
final class ListCommand implements Callable<Integer> {
    @ParentCommand
    private Berth berth;

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Override
    public Integer call() {
        return berth.withHelper(client -> {
            List<ServerStatus> servers = client.servers();
            if (json) {
                berth.console().line(JsonOutput.line(servers.stream().map(JsonOutput::server).toList()));
            } else {
                print(servers, Instant.now());
            }
            return ExitStatus.OK;
        });
    }

    private void print(List<ServerStatus> servers, Instant now) {
        Console console = berth.console();
        if (servers.isEmpty()) {
            console.line("No container servers.");
            return;
        }
        Table table = new Table("ID", "APP", "TYPE", "BUS", "STATE", ">CLIENTS", ">PASSED", ">DENIED", ">AGE");
        for (ServerStatus server : servers) {
            table.add(server.state().equals("listening") ? Style.PLAIN : Style.DIM, server.id(), server.app().id(),
                    server.app().type(), server.bus(), server.state(), String.valueOf(server.connections().size()),
                    String.valueOf(server.messagesForwarded()), String.valueOf(server.messagesDenied()),
                    age(Duration.between(Instant.EPOCH.plus(server.createdUs(), ChronoUnit.MICROS), now)));
        }
        table.print(console);
    }

    /** The two largest units. */
    static String age(Duration age) {
        if (age.toDays() > 0) {
            return age.toDays() + "d " + age.toHoursPart() + "h";
        }
        if (age.toHours() > 0) {
            return age.toHours() + "h " + age.toMinutesPart() + "min";
        }
        return age.toMinutes() > 0 ? age.toMinutes() + "min " + age.toSecondsPart() + "s" : Math.max(0, age.toSeconds()) + "s";
    }
}
