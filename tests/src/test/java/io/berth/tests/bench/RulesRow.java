package io.berth.tests.bench;

/** Whether many rules make calls dearer: the mediator's CPU time for the same calls, with the rule that counts behind many others. */
final class RulesRow implements Row {
    private static final int FEW = 10;
    private static final int MANY = 1_000;
    private static final Figure RATIO = Figure.less("CPU per call, 1,000 rules over 10 rules", "");

    private final Spam spam;

    RulesRow(int count) {
        this.spam = new Spam(count, 50, null, false);
    }

    @Override
    public void measure(Stage stage, Contender contender, Results results) {
        if (contender != Contender.BARE_BUS) {
            double few = cpuMs(stage, contender, FEW);
            results.add(RATIO, contender, cpuMs(stage, contender, MANY) / few);
        }
    }

    private double cpuMs(Stage stage, Contender contender, int rules) {
        try (Access access = stage.open(contender, CallRow.rules(rules))) {
            double before = ProcessFigures.cpuMs(access.pids());
            spam.run(stage, access);
            return ProcessFigures.cpuMs(access.pids()) - before;
        }
    }
}
