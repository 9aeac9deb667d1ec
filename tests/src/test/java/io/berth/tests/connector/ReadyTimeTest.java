package io.berth.tests.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import java.nio.file.Path;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A launcher waits for its proxy: berth-dbus-proxy is ready as soon as people do not notice. */
class ReadyTimeTest {
    private static final int ROUNDS = 30;

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @TempDir
    private Path directory;

    @Test
    void proxy_whileTheHelperRuns_isReadyEachTime() {
        Path script = Path.of("src/test/resources/programs/ready_time.py").toAbsolutePath();
        Program timing = HOUSE.run(HOUSE.bus().address(), "/usr/bin/python3", script.toString(), HOUSE.bus().address(), directory.toString(),
                String.valueOf(ROUNDS), Proxy.XDG, Proxy.BERTH);
        assertEquals(0, timing.exitStatus(Proxy.PATIENCE), timing::errors);
        List<Double> medians = timing.output().lines().map(Double::valueOf).toList();
        System.out.printf("ready: xdg-dbus-proxy %.1f ms, berth-dbus-proxy %.1f ms%n", medians.get(0), medians.get(1));
        assertTrue(medians.get(1) > 0);
        Awaitility.await().until(() -> HOUSE.helper().servers().isEmpty());
    }
}
