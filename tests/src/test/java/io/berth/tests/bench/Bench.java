package io.berth.tests.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The benchmark: every row for every contender in turn, round after round, in one run on one bus; who comes first changes
 * from round to round. What does not change between rounds is measured once in the end. Prints where it is on standard error and the table on standard output.
 */
final class Bench {
    private final List<Row> rows = new ArrayList<>();
    /** What does not change from round to round. */
    private final List<Row> onceRows = new ArrayList<>();
    private int rounds = 9;
    private boolean quick;
    private Path json;
    private volatile boolean cutShort;

    private Bench(String[] arguments) {
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--quick" -> {
                    quick = true;
                    rounds = 5;
                }
                case "--rounds" -> rounds = rounds(value(arguments, ++i));
                case "--json" -> json = Path.of(value(arguments, ++i)).toAbsolutePath();
                default -> throw new IllegalArgumentException("unknown argument '" + arguments[i] + "'");
            }
        }
    }

    private static String value(String[] arguments, int index) {
        if (index >= arguments.length) {
            throw new IllegalArgumentException("'" + arguments[index - 1] + "' needs a value");
        }
        return arguments[index];
    }

    private static int rounds(String text) {
        int number = text.matches("[0-9]{1,4}") ? Integer.parseInt(text) : 0;
        if (number < 1 || number > 1000) {
            throw new IllegalArgumentException("--rounds is '" + text + "', expected 1 to 1000");
        }
        return number;
    }

    private void addRows() {
        int scale = quick ? 1 : 3;
        rows.add(CallRow.pipelined(20_000 * scale));
        rows.add(CallRow.oneAtATime(5_000 * scale));
        rows.add(new LatencyRow(2_000 * scale));
        rows.add(new RulesRow(10_000 * scale));
        rows.add(new PayloadRow(64 << 10, 400 * scale, true));
        rows.add(new PayloadRow(1 << 20, 40 * scale, true));
        rows.add(new PayloadRow(64 << 10, 400 * scale, false));
        rows.add(new PayloadRow(1 << 20, 40 * scale, false));
        rows.add(new BroadcastRow(100, 100 * scale));
        rows.add(new ManyAppsRow(100, 0.5 * scale));
        rows.add(new SetupRow((1_000 + rounds - 1) / rounds));
        onceRows.add(new StartRow(10));
        onceRows.add(new SystemCallRow(5_000, 50));
        onceRows.add(new SystemCallRow(5_000, 1));
        onceRows.add(new BigMessageRow());
        onceRows.add(new FootprintRow(1, 0));
        onceRows.add(new FootprintRow(100, 0));
        onceRows.add(new FootprintRow(1_000, quick ? 10 : 30));
    }

    private Results run(Path berth) throws IOException {
        Results results = new Results();
        addRows();
        Path root = Files.createTempDirectory("berth-bench");
        // a failure or a signal ends the run
        Thread onExit = new Thread(() -> {
            cutShort = true;
            Stage.abandon(root);
        }, "bench-exit");
        Runtime.getRuntime().addShutdownHook(onExit);
        Stage stage = new Stage(root, berth);
        warmUp(stage);
        for (int round = 0; round < rounds; round++) {
            System.err.printf("bench: round %d of %d%n", round + 1, rounds);
            measure(rows, stage, round, results);
        }
        System.err.println("bench: what is measured once");
        measure(onceRows, stage, 0, results);
        Runtime.getRuntime().removeShutdownHook(onExit);
        stage.close();
        return results;
    }

    private static void measure(List<Row> rows, Stage stage, int round, Results results) {
        for (Row row : rows) {
            for (Contender contender : inTurn(round)) {
                row.measure(stage, contender, results);
            }
        }
    }

    /** A daemon has been running for hours when it matters. */
    private static void warmUp(Stage stage) {
        for (Contender contender : Contender.values()) {
            CallRow.pipelined(60_000).measure(stage, contender, new Results());
            new PayloadRow(64 << 10, 1_000, false).measure(stage, contender, new Results());
        }
    }

    private static List<Contender> inTurn(int round) {
        List<Contender> order = new ArrayList<>(Arrays.asList(Contender.values()));
        Collections.rotate(order, round);
        return order;
    }

    private Map<String, String> circumstances() throws IOException {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("kernel", Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip());
        all.put("processor", Files.readAllLines(Path.of("/proc/cpuinfo")).stream().filter(line -> line.startsWith("model name"))
                .map(line -> line.replaceFirst(".*: *", "")).findFirst().orElse("unknown") + ", "
                + Runtime.getRuntime().availableProcessors() + " used");
        all.put("java", System.getProperty("java.vm.version"));
        all.put("rounds", rounds + (quick ? ", quick" : ""));
        all.put("load before", loadAverage());
        return all;
    }

    /** Of the last minute: above about 0.5 somebody else was at work and the figures are noise. */
    private static String loadAverage() throws IOException {
        return Files.readString(Path.of("/proc/loadavg")).split(" ")[0];
    }

    public static void main(String[] arguments) throws IOException {
        Bench bench;
        try {
            bench = new Bench(arguments);
        } catch (IllegalArgumentException wrong) {
            System.err.println("bench: " + wrong.getMessage() + "; see bin/bench --help");
            System.exit(2);
            return;
        }
        Map<String, String> circumstances = bench.circumstances();
        Results results;
        try {
            results = bench.run(Path.of(System.getProperty("berth.command")));
        } catch (RuntimeException | Error failure) {
            if (bench.cutShort) {
                // what was being measured has been taken away
                return;
            }
            throw failure;
        }
        Report report = new Report(results, circumstances);
        report.print(System.out);
        if (bench.json != null) {
            report.writeJson(bench.json);
        }
    }
}
