package io.berth.tests.bench;

import io.berth.tests.house.Program;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Keeps processes with all their threads, or one thread, on one processor until closed; then they may run everywhere again. */
final class Affinity implements AutoCloseable {
    /** What a command line begins with to run there. */
    static final List<String> PINNED = List.of("taskset", "-c", "0");

    /** Counted before anything is pinned: the JVM counts what the asking thread may use. */
    private static final String ALL = "0-" + (Runtime.getRuntime().availableProcessors() - 1);

    private final Path outputs;
    private final List<List<String>> targets;

    private Affinity(Path outputs, List<List<String>> targets) {
        this.outputs = outputs;
        this.targets = targets;
        set("0");
    }

    Affinity(Path outputs, Collection<Long> pids) {
        this(outputs, pids.stream().map(pid -> List.of("-a", "-p", "-c", Long.toString(pid))).toList());
    }

    /** Of the calling thread alone. */
    static Affinity ofThisThread(Path outputs) {
        try {
            // a link to PID/task/TID (proc(5))
            String thread = Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName().toString();
            return new Affinity(outputs, List.of(List.of("-p", "-c", thread)));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private void set(String processors) {
        for (List<String> target : targets) {
            List<String> command = new ArrayList<>(List.of("taskset"));
            command.addAll(target);
            command.add(command.size() - 1, processors);
            Program taskset = Program.start(outputs, Map.of(), command);
            if (taskset.exitStatus(Duration.ofSeconds(10)) != 0) {
                throw new IllegalStateException("taskset: " + taskset.errors());
            }
        }
    }

    @Override
    public void close() {
        set(ALL);
    }
}
