package io.berth.tests.bench;

import io.berth.tests.house.Program;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/** How many system calls the mediator makes for one method call and its reply ({@code strace -c}). */
final class SystemCallRow implements Row {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Spam spam;
    private final Figure figure;

    SystemCallRow(int count, int queue) {
        this.spam = new Spam(count, queue, null, false);
        this.figure = Figure.less("system calls per call, queue " + queue, "");
    }

    @Override
    public void measure(Stage stage, Contender contender, Results results) {
        if (contender == Contender.BARE_BUS) {
            return;
        }
        try (Access access = stage.open(contender, CallRow.rules(1))) {
            Path summary = Files.createTempFile(stage.outputs(), "strace", ".txt");
            Program strace = Program.start(stage.outputs(), Map.of(),
                    List.of("strace", "-f", "-c", "-o", summary.toString(), "-p", Long.toString(access.pids().get(0))));
            try {
                Awaitility.await("strace to attach").atMost(PATIENCE).until(() -> strace.errors().contains("attached"));
                spam.run(stage, access);
                // SIGTERM makes it detach and write its summary
                strace.terminate();
                strace.exitStatus(PATIENCE);
            } finally {
                strace.close();
            }
            results.add(figure, contender, total(Files.readAllLines(summary)) / spam.count());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** The last line is {@code 100.00 SECONDS USECS/CALL CALLS [ERRORS] total}. */
    private static double total(List<String> lines) {
        String last = lines.stream().filter(line -> line.strip().endsWith(" total")).findFirst()
                .orElseThrow(() -> new IllegalStateException("strace wrote no total: " + lines));
        return Double.parseDouble(last.strip().split("\\s+")[3]);
    }
}
