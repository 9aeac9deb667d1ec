package io.berth.tests.bench;

import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** One service's signals to many apps, each with a mediator of its own: how many arrive in a second, and what that costs. */
final class BroadcastRow implements Row {
    private static final String NAME = "org.example.Radio";
    private static final int TOGETHER = 50;

    private final int apps;
    private final int signals;
    private final Figure speed;
    private final Figure cpu;

    BroadcastRow(int apps, int signals) {
        this.apps = apps;
        this.signals = signals;
        this.speed = Figure.more("broadcasts to " + apps + " apps, arrived", "1/s");
        this.cpu = Figure.less("CPU per 20,000 broadcasts arrived", "ms");
    }

    @Override
    public void measure(Stage stage, Contender contender, Results results) {
        List<Access> accesses = new ArrayList<>();
        List<RawClient> listeners = new ArrayList<>();
        try (RawClient sender = stage.bus().connect()) {
            sender.own(NAME);
            Set<Long> pids = new HashSet<>();
            for (int i = 0; i < apps; i++) {
                Access access = stage.open(contender, List.of("--talk=" + NAME));
                accesses.add(access);
                pids.addAll(access.pids());
                RawClient listener = RawClient.connect(access.socket());
                listeners.add(listener);
                listener.match("type='signal',interface='" + NAME + "'");
            }
            double before = ProcessFigures.cpuMs(pids);
            long start = System.nanoTime();
            List<CompletableFuture<Void>> listening = listeners.stream()
                    .map(listener -> CompletableFuture.runAsync(() -> hearAll(listener), task -> new Thread(task, "listener").start())).toList();
            send(sender);
            listening.forEach(CompletableFuture::join);
            double seconds = (System.nanoTime() - start) / 1e9;
            double arrived = (double) signals * apps;
            results.add(speed, contender, arrived / seconds);
            if (contender != Contender.BARE_BUS) {
                results.add(cpu, contender, (ProcessFigures.cpuMs(pids) - before) * CallRow.PER_CALLS / arrived);
            }
        } finally {
            listeners.forEach(RawClient::close);
            accesses.forEach(Access::close);
        }
    }

    private void send(RawClient sender) {
        for (int sent = 0; sent < signals; sent += TOGETHER) {
            Message[] burst = new Message[Math.min(TOGETHER, signals - sent)];
            for (int i = 0; i < burst.length; i++) {
                burst[i] = Message.signal(null, "/org/example/Radio", NAME, "Said").body("s", "hello, world!");
            }
            sender.sendTogether(burst);
        }
    }

    private void hearAll(RawClient listener) {
        int heard = 0;
        while (heard < signals) {
            if (listener.next().is(Message.SIGNAL, "Said")) {
                heard++;
            }
        }
    }
}
