package io.berth.tests.house;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/**
 * One running program whose outputs go to files, so that it never waits for a reader. Its environment is what the test gives
 * it and what makes every machine the same: a PATH, a language, a home of its own, and no modules for GLib (dconf and gvfs
 * leave files in the runtime directory and call services). Closing ends this process, by its id, and waits for it; what it
 * started itself is left to the caller.
 */
public final class Program implements AutoCloseable {
    private final String name;
    private final Process process;
    private final Path output;
    private final Path errors;

    private Program(String name, Process process, Path output, Path errors) {
        this.name = name;
        this.process = process;
        this.output = output;
        this.errors = errors;
    }

    /** @param directory takes the files with its outputs */
    public static Program start(Path directory, Map<String, String> environment, List<String> command) {
        try {
            String name = Path.of(command.get(0)).getFileName().toString();
            Path output = Files.createTempFile(directory, name, ".out");
            Path errors = Files.createTempFile(directory, name, ".err");
            ProcessBuilder builder = new ProcessBuilder(command).redirectInput(new File("/dev/null"))
                    .redirectOutput(output.toFile()).redirectError(errors.toFile());
            builder.environment().clear();
            builder.environment().put("PATH", "/usr/local/bin:/usr/bin:/bin");
            builder.environment().put("LC_ALL", "C.UTF-8");
            builder.environment().put("HOME", directory.toString());
            builder.environment().put("GIO_MODULE_DIR", directory.resolve("no-modules").toString());
            builder.environment().putAll(environment);
            return new Program(name, builder.start(), output, errors);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public String output() {
        return read(output);
    }

    public String errors() {
        return read(errors);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** The first line of its output, once it is whole. */
    public String firstLine(Duration timeout) {
        Awaitility.await(name + " to print a line").atMost(timeout).pollInterval(Duration.ofMillis(5))
                .until(() -> output().contains("\n") || !isAlive());
        if (!output().contains("\n")) {
            throw new IllegalStateException(name + " ended with " + process.exitValue() + ": " + errors());
        }
        return output().lines().findFirst().orElseThrow();
    }

    /** @return its exit status; 128 + number for a signal */
    public int exitStatus(Duration timeout) {
        try {
            if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError(name + " still runs after " + timeout + "; it said: " + output() + errors());
            }
            return process.exitValue();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    public void terminate() {
        process.destroy();
    }

    public void kill() {
        process.destroyForcibly();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        exitStatus(Duration.ofSeconds(10));
    }
}
