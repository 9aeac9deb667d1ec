package io.berth.tests.bench;

import io.berth.tests.house.Program;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code dbus-test-tool spam}: so many method calls to the echo service, so many of them on their way at a time.
 *
 * @param payload file with the bytes that each call carries; null for the tool's short text
 * @param pinned  on the first processor only
 */
record Spam(int count, int queue, Path payload, boolean pinned) {
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** Pins the mediator, the bus and the service too when {@link #pinned}. @return seconds, the tool's own start included */
    double run(Stage stage, Access access) {
        if (!pinned) {
            return start(stage, access);
        }
        List<Long> pids = new ArrayList<>(stage.commonPids());
        pids.addAll(access.pids());
        try (Affinity others = new Affinity(stage.outputs(), pids)) {
            return start(stage, access);
        }
    }

    private double start(Stage stage, Access access) {
        List<String> command = new ArrayList<>(pinned ? Affinity.PINNED : List.of());
        if (payload != null) {
            command.addAll(List.of("sh", "-c", "exec \"$@\" <\"$0\"", payload.toString()));
        }
        command.addAll(List.of("dbus-test-tool", "spam", "--dest=" + Stage.ECHO, "--count=" + count, "--queue=" + queue));
        if (payload != null) {
            command.addAll(List.of("--bytes", "--stdin"));
        }
        long start = System.nanoTime();
        Program spam = Program.start(stage.outputs(), Map.of("DBUS_SESSION_BUS_ADDRESS", access.address()), command);
        int status = spam.exitStatus(PATIENCE);
        double seconds = (System.nanoTime() - start) / 1e9;
        if (status != 0) {
            throw new IllegalStateException(command + " ended with status " + status + ": " + spam.errors());
        }
        return seconds;
    }
}
