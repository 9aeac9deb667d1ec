package io.berth.cli;

import io.berth.api.AccessRule;
import io.berth.cli.Console.Style;
import io.berth.client.ServerStatus;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(name = "show", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = "Show everything about one container server.",
        exitCodeListHeading = Berth.EXIT_CODES,
        exitCodeList = {"0:success", "1:no such server, or another failure", "2:the command line is wrong", "3:no helper"})
final class ShowCommand implements Callable<Integer> {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss");

    @ParentCommand
    private Berth berth;

    @Mixin
    private ServerArgument server;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        return berth.withHelper(client -> {
            ServerStatus status = server.find(client);
            if (json) {
                berth.console().line(JsonOutput.line(JsonOutput.server(status)));
            } else {
                print(status);
            }
            return ExitStatus.OK;
        });
    }

    private void print(ServerStatus status) {
        berth.console().line(berth.console().styled(Style.BOLD, Console.printable(status.app().id())) + " - " + status.id());
        print("Type", status.app().type());
        print("State", status.state());
        print("Mode", status.mode());
        print("Bus", status.bus());
        print("Socket", status.socketPath());
        print("Address", status.address());
        print("Created", time(status.createdUs()));
        print("Creator", entries(status.creator()));
        print("Metadata", entries(status.metadata()));
        print("Clients", status.connections());
        print("Cgroups", status.cgroups());
        print("Mounted", status.mounts().stream().map(mount -> mount.target() + "  in " + mount.kind() + " " + mount.namespace()).toList());
        print("Messages", status.messagesForwarded() + " forwarded, " + status.messagesDenied() + " denied");
        print("Access", status.allow().stream().map(AccessRule::toString).toList());
        print("Granted", status.grants().stream().map(AccessRule::toString).toList());
        print("Until", status.timed().stream().map(timed -> time(timed.untilUs()) + "  " + timed.rule() + "  (" + TimeSpan.print(timed.left()) + " left)").toList());
        print("Policy", status.policy().isEmpty() ? List.of() : List.of(status.policy().split("\n")));
        print("Object", status.path());
    }

    private static String time(long us) {
        return TIME.format(Instant.EPOCH.plus(us, ChronoUnit.MICROS).atZone(ZoneId.systemDefault()));
    }

    private static List<String> entries(Map<String, Object> map) {
        List<String> lines = new ArrayList<>();
        map.forEach((key, value) -> lines.add(key + " = " + JsonOutput.line(value)));
        return lines;
    }

    private void print(String label, String value) {
        print(label, List.of(value));
    }

    private void print(String label, List<String> values) {
        String head = String.format("%10s: ", label);
        for (String value : values) {
            berth.console().line(berth.console().styled(Style.DIM, head) + Console.printable(value));
            head = " ".repeat(head.length());
        }
    }
}
