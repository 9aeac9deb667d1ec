package io.berth.tests.bench;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.Program;
import io.berth.tests.raw.RawClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The daemon as {@code bin/berth} starts it. Closing ends it and waits. */
final class HelperProcess implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int WITHOUT_COMPLAINT = 0;

    private final Program program;
    private final double startMs;

    /**
     * Returns when the bus has said that the daemon owns its name.
     *
     * @param berth   the start script
     * @param outputs takes what it prints
     */
    HelperProcess(Path berth, PrivateBus bus, Path runtime, Path outputs) {
        try (RawClient observer = bus.connect()) {
            observer.match("type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" + BerthDaemon.NAME + "'");
            long start = System.nanoTime();
            program = Program.start(outputs, Map.of("XDG_RUNTIME_DIR", runtime.toString(), "DBUS_SESSION_BUS_ADDRESS", bus.address()),
                    List.of(berth.toString(), "daemon"));
            try {
                observer.await("owner of " + BerthDaemon.NAME, PATIENCE, message -> "NameOwnerChanged".equals(message.member()));
            } catch (AssertionError late) {
                program.close();
                throw new IllegalStateException("the daemon does not start: " + program.output() + program.errors(), late);
            }
            startMs = (System.nanoTime() - start) / 1e6;
        }
    }

    long pid() {
        return program.pid();
    }

    /** From starting the script to owning the name, in milliseconds. */
    double startMs() {
        return startMs;
    }

    @Override
    public void close() {
        program.terminate();
        int status = program.exitStatus(PATIENCE);
        if (status != WITHOUT_COMPLAINT) {
            throw new IllegalStateException("the daemon ended with status " + status + ": " + program.errors());
        }
    }
}
