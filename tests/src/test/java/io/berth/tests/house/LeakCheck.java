package io.berth.tests.house;

import io.berth.tests.raw.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/**
 * Compares what a process holds with what it held before: open files by kind, threads by name, children, files in a runtime
 * directory, and names on the bus. Less than before is no leak. The threads of the Java machine itself come and go and do not
 * count. For one thread.
 */
public final class LeakCheck {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Pattern MACHINE_THREADS = Pattern.compile(
            "C[12] CompilerThre|GC .*|G1 .*|VM .*|Signal Dispatch|Service Thread|Attach Listener|Monitor Deflati|"
            + "Reference Handl|Finalizer|Common-Cleaner|Cleaner-.*|Notification T.*|Sweeper thread|java|process reaper");

    private final long pid;
    private final Path runtime;
    private final RawClient observer;
    private final Map<String, Integer> baseline;

    /** @param observer on the bus; borrowed */
    public LeakCheck(long pid, Path runtime, RawClient observer) {
        this.pid = pid;
        this.runtime = runtime;
        this.observer = observer;
        this.baseline = holdings();
    }

    /** @throws AssertionError what was not given back within some seconds */
    public void verify() {
        try {
            Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(10)).until(() -> leaks().isEmpty());
        } catch (ConditionTimeoutException tooLong) {
            List<String> leaks = leaks();
            if (!leaks.isEmpty()) {
                throw new AssertionError("leaked: " + leaks, tooLong);
            }
        }
    }

    private List<String> leaks() {
        List<String> leaks = new ArrayList<>();
        holdings().forEach((what, count) -> {
            int before = baseline.getOrDefault(what, 0);
            if (count > before) {
                leaks.add(what + ": " + before + " before, " + count + " now");
            }
        });
        return leaks;
    }

    private Map<String, Integer> holdings() {
        Map<String, Integer> held = new TreeMap<>();
        Path process = Path.of("/proc/" + pid);
        for (Path fd : children(process.resolve("fd"))) {
            kind(fd).ifPresent(kind -> held.merge("fd " + kind, 1, Integer::sum));
        }
        for (Path task : children(process.resolve("task"))) {
            String name = read(task.resolve("comm"));
            if (!name.isEmpty() && !MACHINE_THREADS.matcher(name).matches()) {
                held.merge("thread " + name, 1, Integer::sum);
            }
            for (String child : read(task.resolve("children")).split(" ")) {
                if (!child.isEmpty()) {
                    held.merge("child process " + child, 1, Integer::sum);
                }
            }
        }
        RuntimeFiles.below(runtime).forEach(file -> held.put("file " + file, 1));
        for (Object name : (List<?>) observer.bus("ListNames").arg()) {
            held.put("bus name " + name, 1);
        }
        return held;
    }

    private static Optional<String> kind(Path fd) {
        try {
            String target = Files.readSymbolicLink(fd).toString();
            return Optional.of(target.replaceAll("^(socket|pipe):.*", "$1"));
        } catch (IOException closedMeanwhile) {
            return Optional.empty();
        }
    }

    private static List<Path> children(Path directory) {
        try (Stream<Path> list = Files.list(directory)) {
            return list.toList();
        } catch (IOException gone) {
            throw new AssertionError("the process is gone: " + directory, gone);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException endedMeanwhile) {
            return "";
        }
    }
}
