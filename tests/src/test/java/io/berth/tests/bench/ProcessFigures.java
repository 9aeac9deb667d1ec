package io.berth.tests.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/** What the kernel says about processes (proc(5)). Stateless. */
final class ProcessFigures {
    /** USER_HZ, which is 100 on every Linux of today. */
    private static final double TICK_MS = 10;

    private ProcessFigures() {
    }

    /**
     * utime + stime of all these processes, in milliseconds. The kernel tells it in ticks for a process, ended threads included,
     * and to the nanosecond for each thread; many small processes need the latter.
     */
    static double cpuMs(Collection<Long> pids) {
        return pids.stream().mapToDouble(pid -> Math.max(ticks(pid) * TICK_MS, threadsNs(pid) / 1e6)).sum();
    }

    private static long ticks(long pid) {
        String stat = read(Path.of("/proc/" + pid + "/stat"));
        // the second field is the name, in brackets, and may hold anything
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    private static long threadsNs(long pid) {
        return sumOverThreads(pid, task -> Long.parseLong(read(task.resolve("schedstat")).split(" ")[0]));
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
        return sumOverThreads(pid, task -> !read(task.resolve("comm")).startsWith(threads) ? 0
                : read(task.resolve("status")).lines().filter(line -> line.startsWith("voluntary_ctxt_switches:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).findFirst().orElseThrow());
    }

    private static long sumOverThreads(long pid, ToLongFunction<Path> figure) {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + pid + "/task"))) {
            return tasks.mapToLong(task -> {
                try {
                    return figure.applyAsLong(task);
                } catch (UncheckedIOException ended) {
                    return 0; // between the list and the look
                }
            }).sum();
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
