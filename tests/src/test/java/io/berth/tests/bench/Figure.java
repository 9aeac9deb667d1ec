package io.berth.tests.bench;

/**
 * One thing that is measured.
 *
 * @param name      what it is, for the table
 * @param unit      of every sample
 * @param aim       which way is good
 * @param statistic what stands for all samples
 */
record Figure(String name, String unit, Aim aim, Statistic statistic) {
    enum Aim {
        MORE, LESS
    }

    enum Statistic {
        MEDIAN(0.5), P99(0.99);

        private final double quantile;

        Statistic(double quantile) {
            this.quantile = quantile;
        }

        double quantile() {
            return quantile;
        }
    }

    static Figure more(String name, String unit) {
        return new Figure(name, unit, Aim.MORE, Statistic.MEDIAN);
    }

    static Figure less(String name, String unit) {
        return new Figure(name, unit, Aim.LESS, Statistic.MEDIAN);
    }
}
