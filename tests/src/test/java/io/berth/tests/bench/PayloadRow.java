package io.berth.tests.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Method calls that carry much, one at a time: how much gets through in a second, and what it costs the mediator. On one
 * processor it is the work that is seen; on several, the wake-ups across them. */
final class PayloadRow implements Row {
    private static final double MIB = 1 << 20;

    private final int bytes;
    private final int count;
    private final boolean pinned;
    private final Figure speed;
    private final Figure cpu;

    /** @param count of calls. @param pinned everything on one processor */
    PayloadRow(int bytes, int count, boolean pinned) {
        this.bytes = bytes;
        this.count = count;
        this.pinned = pinned;
        String size = (bytes >= MIB ? bytes / (1 << 20) + " MiB" : bytes / (1 << 10) + " KiB") + (pinned ? ", one core" : "");
        this.speed = Figure.more("calls of " + size, "MiB/s");
        this.cpu = Figure.less("CPU per 100 MiB, calls of " + size, "ms");
    }

    @Override
    public void measure(Stage stage, Contender contender, Results results) {
        Path payload = stage.outputs().resolve("payload" + bytes);
        try (Access access = stage.open(contender, CallRow.rules(1))) {
            Files.write(payload, new byte[bytes]);
            double before = ProcessFigures.cpuMs(access.pids());
            double mib = count * (bytes / MIB);
            results.add(speed, contender, mib / new Spam(count, 1, payload, pinned).run(stage, access));
            if (contender != Contender.BARE_BUS) {
                results.add(cpu, contender, (ProcessFigures.cpuMs(access.pids()) - before) * 100 / mib);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
