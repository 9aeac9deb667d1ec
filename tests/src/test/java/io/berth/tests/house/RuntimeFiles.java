package io.berth.tests.house;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Files of a test's own directories. Stateless. */
public final class RuntimeFiles {
    private RuntimeFiles() {
    }

    /** Every path below {@code directory}, sorted; empty when it is not there. */
    public static List<Path> below(Path directory) {
        if (!Files.exists(directory)) {
            return List.of();
        }
        try (Stream<Path> walk = Files.walk(directory)) {
            return walk.filter(path -> !path.equals(directory)).sorted().toList();
        } catch (IOException | UncheckedIOException vanished) {
            return below(directory);
        }
    }

    public static void deleteTree(Path directory) {
        below(directory).stream().sorted(Comparator.reverseOrder()).forEach(RuntimeFiles::delete);
        delete(directory);
    }

    private static void delete(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
