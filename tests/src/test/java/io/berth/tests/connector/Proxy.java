package io.berth.tests.connector;

import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.RawClient;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.awaitility.Awaitility;

/**
 * berth-dbus-proxy or xdg-dbus-proxy as a launcher runs it: it gets {@code --fd}, is ready when it has written there, and ends
 * when that is closed. Owns our end; closing it waits until the servers made since are gone.
 */
final class Proxy implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(20);
    static final String XDG = "xdg-dbus-proxy";
    static final String BERTH = built("berth-dbus-proxy");

    private final Program program;
    private final TestHouse house;
    private final Set<String> serversBefore;
    private final InputStream sync;

    private Proxy(TestHouse house, Set<String> serversBefore, Program program, InputStream sync) {
        this.house = house;
        this.serversBefore = serversBefore;
        this.program = program;
        this.sync = sync;
    }

    /** Absolute path of a program that the helper's build makes. */
    static String built(String name) {
        Path path = Path.of("../helper/target", name).toAbsolutePath().normalize();
        if (!Files.isExecutable(path)) {
            throw new IllegalStateException(path + " is not there: the build of the helper makes it");
        }
        return path.toString();
    }

    /** Without {@code --fd}. */
    static Program run(TestHouse house, String program, String... arguments) {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(List.of(arguments));
        return house.run(house.bus().address(), command.toArray(String[]::new));
    }

    /** Started, and ready. @param directory for a file */
    static Proxy ready(TestHouse house, Path directory, String program, String... arguments) {
        return ready(house, directory, List.of(), program, arguments);
    }

    /** @param before a program that starts it, with its arguments; must pass on open files */
    static Proxy ready(TestHouse house, Path directory, List<String> before, String program, String... arguments) {
        try {
            Path fifo = Files.createTempDirectory(directory, "sync").resolve("fd");
            if (new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor() != 0) {
                throw new IllegalStateException("mkfifo " + fifo);
            }
            List<String> command = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" 3>'" + fifo + "'", "sh"));
            command.addAll(before);
            command.addAll(List.of(program, "--fd=3"));
            command.addAll(List.of(arguments));
            Set<String> serversBefore = Set.copyOf(house.helper().servers());
            Program started = house.run(house.bus().address(), command.toArray(String[]::new));
            Proxy proxy = new Proxy(house, serversBefore, started, new FileInputStream(fifo.toFile()));
            int first = proxy.sync.read();
            if (first != 'x') {
                throw new IllegalStateException(program + " wrote " + first + " to its fd; it said " + started.output() + started.errors());
            }
            return house.keep(proxy);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    Program program() {
        return program;
    }

    /** Closes the fd. @return the exit status */
    int end() {
        close();
        return program.exitStatus(PATIENCE);
    }

    /** A file for {@code --args}. */
    static Path argumentFile(Path directory, String... arguments) throws IOException {
        return Files.write(directory.resolve("arguments"), String.join("\0", arguments).getBytes(StandardCharsets.UTF_8));
    }

    /** An app behind it. */
    static RawClient app(TestHouse house, Path socket) {
        return house.keep(RawClient.connect(socket));
    }

    @Override
    public void close() {
        try {
            sync.close();
            program.exitStatus(PATIENCE);
            Awaitility.await("the servers of the proxy to go").until(() -> serversBefore.containsAll(house.helper().servers()));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
