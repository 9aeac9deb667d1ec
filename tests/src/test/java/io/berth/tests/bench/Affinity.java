package io.berth.tests.bench;

import io.berth.tests.house.Program;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Keeps processes on one processor until closed, with all their threads; then they may run everywhere again. */
final class Affinity implements AutoCloseable {
    /** What a command line begins with to run there. */
    static final List<String> PINNED = List.of("taskset", "-c", "0");

    private final Path outputs;
    private final List<Long> pids;

    Affinity(Path outputs, Collection<Long> pids) {
        this.outputs = outputs;
        this.pids = new ArrayList<>(pids);
        set("0");
    }

    private void set(String processors) {
        for (long pid : pids) {
            Program taskset = Program.start(outputs, Map.of(), List.of("taskset", "-a", "-p", "-c", processors, Long.toString(pid)));
            if (taskset.exitStatus(Duration.ofSeconds(10)) != 0) {
                throw new IllegalStateException("taskset: " + taskset.errors());
            }
        }
    }

    @Override
    public void close() {
        set("0-" + (Runtime.getRuntime().availableProcessors() - 1));
    }
}
