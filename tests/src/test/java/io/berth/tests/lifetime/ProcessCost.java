package io.berth.tests.lifetime;

import io.berth.tests.raw.Libc;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What a process has cost so far, as /proc tells. Stateless. */
final class ProcessCost {
    private ProcessCost() {
    }

    /** Time on a processor, of all threads that it has or had, in nanoseconds (clock_getcpuclockid(3)). */
    static long processorNs(long pid) {
        long[] time = new long[2];
        if (Libc.LIBC.clock_gettime(((int) ~pid << 3) | 2, time) != 0) {
            throw new IllegalStateException("clock_gettime of process " + pid + ": errno " + Libc.errno());
        }
        return time[0] * 1_000_000_000L + time[1];
    }

    /** Its share of the memory (Pss), in KiB. */
    static long memoryKiB(long pid) {
        try {
            List<String> lines = Files.readAllLines(Path.of("/proc/" + pid + "/smaps_rollup"));
            return lines.stream().filter(line -> line.startsWith("Pss:")).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst().orElseThrow();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    static int fds(long pid) {
        try (Stream<Path> fds = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            return (int) fds.count();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
