package io.berth.cli;

import io.berth.client.ConfinedApp;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(name = "identify", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = "Say which app is behind a connection to the bus.",
        exitCodeListHeading = Berth.EXIT_CODES,
        exitCodeList = {"0:a confined app", "1:failure, or nobody has that name", "2:the command line is wrong", "3:no helper",
            "4:not confined by a container server"})
final class IdentifyCommand implements Callable<Integer> {
    @ParentCommand
    private Berth berth;

    @Parameters(paramLabel = "BUSNAME", description = "Unique (:1.42) or well-known (org.example.App) name.")
    private String name;

    @Option(names = "--bus", paramLabel = "BUS", description = "Bus of that name: session (default), system or an address.")
    private String bus = "session";

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        return berth.withHelper(client -> {
            Optional<ConfinedApp> app = client.identify(name, bus);
            if (json) {
                berth.console().line(JsonOutput.line(app.map(JsonOutput::app).orElse(Map.of("confined", false))));
            } else {
                app.ifPresentOrElse(this::print, () -> berth.console().line(Console.printable(name) + " is not confined"));
            }
            return app.isPresent() ? ExitStatus.OK : ExitStatus.UNCONFINED;
        });
    }

    private void print(ConfinedApp app) {
        berth.console().line("  App: " + Console.printable(app.app().id()));
        berth.console().line(" Type: " + app.app().type());
        berth.console().line("Server: " + app.serverPath().substring(app.serverPath().lastIndexOf('/') + 1));
        app.metadata().forEach((key, value) -> berth.console().line(Console.printable(" Meta: " + key + " = " + JsonOutput.line(value))));
    }
}
