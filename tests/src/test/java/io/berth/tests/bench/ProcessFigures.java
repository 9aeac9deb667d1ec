package io.berth.tests.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.stream.Stream;

/** What the kernel says about processes (proc(5)). Stateless. */
final class ProcessFigures {
    /** USER_HZ, which is 100 on every Linux of today. */
    private static final double TICK_MS = 10;

    private ProcessFigures() {
    }

    /** utime + stime of all these processes, in milliseconds, to 10 ms each. */
    static double cpuMs(Collection<Long> pids) {
        double ms = 0;
        for (long pid : pids) {
            String stat = read(Path.of("/proc/" + pid + "/stat"));
            // the second field is the name, in brackets, and may hold anything
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            ms += (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * TICK_MS;
        }
        return ms;
    }

    /** Proportional set size of all these processes together, in MiB. */
    static double pssMib(Collection<Long> pids) {
        long kib = 0;
        for (long pid : pids) {
            kib += read(Path.of("/proc/" + pid + "/smaps_rollup")).lines().filter(line -> line.startsWith("Pss:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).findFirst().orElseThrow();
        }
        return kib / 1024.0;
    }

    /** How often the threads whose names begin so have been woken up: context switches that they asked for, by waiting. */
    static long wakeUps(long pid, String threads) {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + pid + "/task"))) {
            return tasks.filter(task -> read(task.resolve("comm")).startsWith(threads))
                    .mapToLong(task -> read(task.resolve("status")).lines().filter(line -> line.startsWith("voluntary_ctxt_switches:"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).findFirst().orElseThrow())
                    .sum();
        } catch (IOException ended) {
            throw new UncheckedIOException("a process that is measured has ended", ended);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException ended) {
            throw new UncheckedIOException("a process that is measured has ended", ended);
        }
    }
}
