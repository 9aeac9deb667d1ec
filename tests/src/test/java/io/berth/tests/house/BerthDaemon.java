package io.berth.tests.house;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/**
 * The daemon as users run it: a process of its own on the class path of the tests, in the memory that its start script gives it.
 * Closing it asks it to end (SIGTERM), and it must do so with status 0 and leave nothing.
 */
public final class BerthDaemon implements AutoCloseable {
    public static final String NAME = "io.berth.Helper1";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final Duration CLOSING = Duration.ofSeconds(8);

    private final Program program;
    private final Path runtime;

    private BerthDaemon(Program program, Path runtime) {
        this.program = program;
        this.runtime = runtime;
    }

    /**
     * @param runtime plays XDG_RUNTIME_DIR
     * @param more    further variables and those to replace
     */
    public static BerthDaemon start(PrivateBus bus, Path runtime, Path outputs, Map<String, String> more) {
        return start(bus, runtime, outputs, more, List.of());
    }

    /** @param wrapper the beginning of the command line: a program that becomes the daemon */
    static BerthDaemon start(PrivateBus bus, Path runtime, Path outputs, Map<String, String> more, List<String> wrapper) {
        Map<String, String> environment = new HashMap<>();
        environment.put("XDG_RUNTIME_DIR", runtime.toString());
        environment.put("DBUS_SESSION_BUS_ADDRESS", bus.address());
        environment.putAll(more);
        List<String> command = new ArrayList<>(wrapper);
        command.addAll(command("daemon"));
        return new BerthDaemon(Program.start(outputs, environment, command), runtime);
    }

    /** The command line of {@code berth}. */
    public static List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java"));
        if (Runtime.version().feature() >= 22) {
            // what the jar says of itself in its manifest: without it, warnings; before, it would only switch class-data sharing off
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(List.of(
                "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xms4m", "-Xmx64m", "-Xss256k",
                "-XX:ReservedCodeCacheSize=16m", "-Xshare:auto", "-Xlog:disable",
                "-XX:+ExitOnOutOfMemoryError", "-XX:+UnlockDiagnosticVMOptions", "-XX:-DisplayVMOutput",
                "-cp", System.getProperty("java.class.path"), "io.berth.cli.Main"));
        command.addAll(List.of(arguments));
        return command;
    }

    /** Waits for the name on the bus. */
    public BerthDaemon awaitReady(PrivateBus bus) {
        try (var client = bus.connect()) {
            Awaitility.await("the daemon to own its name").atMost(PATIENCE).pollInterval(Duration.ofMillis(10)).until(() -> {
                if (!program.isAlive()) {
                    throw new IllegalStateException("the daemon ended: " + program.output() + program.errors());
                }
                return (Boolean) client.bus("NameHasOwner", "s", NAME).arg();
            });
        }
        return this;
    }

    public Program program() {
        return program;
    }

    public long pid() {
        return program.pid();
    }

    /** What the daemon has put into the runtime directory. */
    public Path directory() {
        return runtime.resolve("berth");
    }

    @Override
    public void close() {
        if (!program.isAlive()) {
            throw new AssertionError("the daemon had ended by itself: " + program.errors());
        }
        program.terminate();
        int status = program.exitStatus(CLOSING);
        if (status != 0) {
            throw new AssertionError("the daemon ended with status " + status + ": " + program.errors());
        }
        checkNothingLeft();
    }

    /** @throws AssertionError its directory holds more than the lock file that all daemons of a user share */
    public void checkNothingLeft() {
        List<Path> left = new ArrayList<>(RuntimeFiles.below(directory()));
        left.remove(directory().resolve("lock"));
        if (!left.isEmpty()) {
            throw new AssertionError("the daemon left " + left);
        }
    }
}
