package io.berth.tests.bench;

/** One kind of work that every contender does in turn, once in a round. */
interface Row {
    /** Does it once; adds nothing where the contender has no such work. */
    void measure(Stage stage, Contender contender, Results results);
}
