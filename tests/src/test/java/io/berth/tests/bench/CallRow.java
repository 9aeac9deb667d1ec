package io.berth.tests.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * Small method calls and their replies: how many in a second, and what they cost the mediator, and everybody but the client
 * (who batches makes less work for others too; CPU time says something on a busy machine as well).
 */
final class CallRow implements Row {
    /** CPU time is told for so many calls, whatever their number was. */
    static final int PER_CALLS = 20_000;

    private final Spam spam;
    private final Figure speed;
    private final Figure cpu;
    private final Figure allCpu;

    private CallRow(String circumstance, Spam spam) {
        this.spam = spam;
        this.speed = Figure.more("calls, " + circumstance, "1/s");
        this.cpu = Figure.less("CPU per 20,000 calls, " + circumstance, "ms");
        this.allCpu = Figure.less("CPU with bus and service, " + circumstance, "ms");
    }

    /** One client that keeps 50 calls on their way. */
    static CallRow pipelined(int count) {
        return new CallRow("queue 50", new Spam(count, 50, null, false));
    }

    /** One client that waits for each reply, everything on one processor: no wake-up of another one hides the work. */
    static CallRow oneAtATime(int count) {
        return new CallRow("queue 1, one core", new Spam(count, 1, null, true));
    }

    /** The rule that lets the calls pass is the last one. */
    static List<String> rules(int count) {
        List<String> rules = new ArrayList<>();
        for (int i = 1; i < count; i++) {
            rules.add("--talk=org.example.Other" + i);
        }
        rules.add("--talk=" + Stage.ECHO);
        return rules;
    }

    @Override
    public void measure(Stage stage, Contender contender, Results results) {
        try (Access access = stage.open(contender, rules(1))) {
            List<Long> all = new ArrayList<>(stage.commonPids());
            all.addAll(access.pids());
            double before = ProcessFigures.cpuMs(access.pids());
            double allBefore = ProcessFigures.cpuMs(all);
            double seconds = spam.run(stage, access);
            results.add(speed, contender, spam.count() / seconds);
            double per = (double) PER_CALLS / spam.count();
            if (contender != Contender.BARE_BUS) {
                results.add(cpu, contender, (ProcessFigures.cpuMs(access.pids()) - before) * per);
            }
            results.add(allCpu, contender, (ProcessFigures.cpuMs(all) - allBefore) * per);
        }
    }
}
