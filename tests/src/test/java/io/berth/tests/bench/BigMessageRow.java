package io.berth.tests.bench;

import io.berth.tests.house.MemoryPeak;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** One message of the length that buses allow at most: how fast it passes, and how much memory the mediator takes for it. */
final class BigMessageRow implements Row {
    /** The specification allows arrays of 64 MiB. */
    private static final int BYTES = 64_000_000;
    private static final Figure SPEED = Figure.more("one call of 64 MB", "MB/s");
    private static final Figure GROWTH = Figure.less("memory for it (RSS, peak)", "MiB");

    @Override
    public void measure(Stage stage, Contender contender, Results results) {
        Path payload = stage.outputs().resolve("payload" + BYTES);
        try (Access access = stage.open(contender, CallRow.rules(1))) {
            Files.write(payload, new byte[BYTES]);
            Spam once = new Spam(1, 1, payload, false);
            if (contender == Contender.BARE_BUS) {
                results.add(SPEED, contender, BYTES / 1e6 / once.run(stage, access));
            } else {
                MemoryPeak peak = new MemoryPeak(access.pids().get(0));
                results.add(SPEED, contender, BYTES / 1e6 / once.run(stage, access));
                results.add(GROWTH, contender, peak.growthKib() / 1024.0);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
