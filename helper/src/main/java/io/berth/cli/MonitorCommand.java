package io.berth.cli;

import io.berth.api.AppId;
import io.berth.client.BerthClient;
import io.berth.client.HelperListener;
import io.berth.client.ServerStatus;
import io.berth.cli.Console.Style;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(name = "monitor", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = {"Print what happens, as it happens: servers added and removed, and what was denied, why, and the rule that would allow it.",
            "Runs until interrupted, also while the helper is away."},
        exitCodeListHeading = Berth.EXIT_CODES,
        exitCodeList = {"0:the reader of its output has gone", "1:the bus went away, or another failure", "2:the command line is wrong",
            "3:no helper to begin with", "130:interrupted"})
final class MonitorCommand implements Callable<Integer> {
    private static final long CHECK_INTERVAL_MS = 500;

    @ParentCommand
    private Berth berth;

    @Option(names = "--json", description = "Print one JSON object per line.")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        try (BerthClient client = BerthClient.connect()) {
            Printer printer = new Printer(client);
            AutoCloseable watch = client.watch(printer);
            try {
                for (ServerStatus server : client.servers()) {
                    printer.apps.putIfAbsent(server.path(), server.app());
                }
                printer.print("ready", Style.DIM, "", Map.of());
                while (!printer.stopped.await(CHECK_INTERVAL_MS, TimeUnit.MILLISECONDS)) {
                    if (!client.isConnected()) {
                        berth.console().error("the session bus went away");
                        return ExitStatus.FAILURE;
                    }
                }
                return ExitStatus.OK;
            } finally {
                closeQuietly(watch);
            }
        }
    }

    private static void closeQuietly(AutoCloseable watch) {
        try {
            watch.close();
        } catch (Exception busIsGone) {
            // nothing is left to be taken back
        }
    }

    /** Prints on the client's signal thread; learns the apps' names on the way. */
    private final class Printer implements HelperListener {
        private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");

        private final BerthClient client;
        private final Map<String, AppId> apps = new ConcurrentHashMap<>();
        private final CountDownLatch stopped = new CountDownLatch(1);

        private Printer(BerthClient client) {
            this.client = client;
        }

        @Override
        public void onServerAdded(String serverPath, AppId app) {
            apps.put(serverPath, app);
            print("added", Style.GREEN, serverPath, Map.of());
        }

        @Override
        public void onServerRemoved(String serverPath, String reason) {
            print("removed", Style.YELLOW, serverPath, Map.of("reason", reason));
            apps.remove(serverPath);
        }

        @Override
        public void onAudit(String serverPath, Map<String, Object> record) {
            String verdict = String.valueOf(record.get("Verdict"));
            // a server can be added too
            String event = "access".equals(record.get("Operation")) ? "access-" + verdict : verdict;
            print(event, verdict.equals("denied") ? Style.RED : Style.YELLOW, serverPath, record);
        }

        @Override
        public void onHelperAppeared() {
            print("helper-appeared", Style.GREEN, "", Map.of());
        }

        @Override
        public void onHelperVanished() {
            apps.clear();
            print("helper-vanished", Style.YELLOW, "", Map.of());
        }

        private void print(String event, Style style, String serverPath, Map<String, Object> details) {
            LocalTime now = LocalTime.now().truncatedTo(ChronoUnit.MILLIS);
            String id = serverPath.substring(serverPath.lastIndexOf('/') + 1);
            AppId app = apps.get(serverPath);
            Console console = berth.console();
            if (json) {
                console.line(JsonOutput.line(fields(event, serverPath, app, details)));
            } else {
                String head = TIME.format(now) + "  " + console.styled(style, String.format("%-7s", event));
                String who = app == null ? id : app.id() + " (" + id + ")";
                console.line((head + "  " + Console.printable(who + "  " + MonitorText.describe(event, details))).stripTrailing());
                MonitorText.advice(id, details).ifPresent(advice ->
                        console.line(" ".repeat(TIME.format(now).length() + 2) + console.styled(Style.DIM, Console.printable(advice))));
            }
            if (!console.isWritable()) {
                stopped.countDown();
            }
        }

        private Map<String, Object> fields(String event, String serverPath, AppId app, Map<String, Object> details) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("time", TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis()));
            fields.put("event", event);
            if (!serverPath.isEmpty()) {
                fields.put("server", serverPath);
            }
            if (app != null) {
                fields.put("type", app.type());
                fields.put("app_id", app.id());
            }
            details.forEach((key, value) -> fields.put(MonitorText.jsonName(key), value));
            return fields;
        }
    }
}
