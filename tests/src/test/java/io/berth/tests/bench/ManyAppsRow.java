package io.berth.tests.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/** Many apps that all call the same service at once, each one call at a time: how many calls in all, and whether each gets its share. */
final class ManyAppsRow implements Row {
    private final int apps;
    private final long durationNs;
    private final Figure speed;
    private final Figure share;

    ManyAppsRow(int apps, double seconds) {
        this.apps = apps;
        this.durationNs = (long) (seconds * 1e9);
        this.speed = Figure.more("calls, " + apps + " apps at once", "1/s");
        this.share = Figure.more("slowest of " + apps + " apps over their mean", "");
    }

    @Override
    public void measure(Stage stage, Contender contender, Results results) {
        List<Access> accesses = new ArrayList<>();
        List<Caller> callers = new ArrayList<>();
        try {
            for (int i = 0; i < apps; i++) {
                accesses.add(stage.open(contender, CallRow.rules(1)));
                callers.add(new Caller(accesses.get(i).socket()));
            }
            CountDownLatch start = new CountDownLatch(1);
            List<CompletableFuture<Long>> counting = callers.stream().map(caller -> CompletableFuture.supplyAsync(
                    () -> count(caller, start), task -> new Thread(task, "app").start())).toList();
            start.countDown();
            long[] counts = counting.stream().mapToLong(CompletableFuture::join).toArray();
            double mean = Arrays.stream(counts).average().orElseThrow();
            results.add(speed, contender, mean * apps / (durationNs / 1e9));
            results.add(share, contender, Arrays.stream(counts).min().orElseThrow() / mean);
        } finally {
            callers.forEach(Caller::close);
            accesses.forEach(Access::close);
        }
    }

    private long count(Caller caller, CountDownLatch start) {
        try {
            start.await();
        } catch (InterruptedException cutShort) {
            throw new IllegalStateException(cutShort);
        }
        long calls = 0;
        for (long end = System.nanoTime() + durationNs; System.nanoTime() < end; calls++) {
            caller.once();
        }
        return calls;
    }
}
