package io.berth.tests.house;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** How much resident memory a process came to use since a moment: the kernel's own high-water mark (proc(5), clear_refs). */
public final class MemoryPeak {
    private final Path process;
    private final long startKib;

    public MemoryPeak(long pid) {
        process = Path.of("/proc/" + pid);
        try {
            Files.writeString(process.resolve("clear_refs"), "5");
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        startKib = statusKib("VmRSS:");
    }

    /** KiB above where it was when this began. */
    public long growthKib() {
        return statusKib("VmHWM:") - startKib;
    }

    private long statusKib(String field) {
        try (Stream<String> lines = Files.lines(process.resolve("status"))) {
            return lines.filter(line -> line.startsWith(field)).findFirst()
                    .map(line -> Long.parseLong(line.replaceAll("[^0-9]", ""))).orElseThrow();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
