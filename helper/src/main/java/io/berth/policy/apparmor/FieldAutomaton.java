package io.berth.policy.apparmor;

import java.util.Arrays;

/**
 * Finds which patterns of one field a value matches, with one step per byte however many patterns there are. A state is
 * the set of graph nodes at which a walk can be; states and the steps between them are made when a message first needs
 * them and kept up to a limit, then all are forgotten and made anew. So neither patterns nor messages can make it grow
 * without end.
 *
 * <p>A state remembers its first step beside itself, because most have only one that is ever taken; the second one makes a
 * row with a place for every class of bytes. Owned by one thread.
 */
final class FieldAutomaton {
    /** Turns the patterns that match into one number. */
    interface Acceptor {
        void add(int pattern);

        /** The number of all that were added since the last time. */
        int finish();
    }

    private static final int DEAD = 0;
    private static final int START = 1;
    private static final int UNKNOWN = -1;

    private final PatternGraph graph;
    private final Acceptor acceptor;
    private final int[] classes;
    private final int width;
    private final int maxInts;

    /**
     * For each state its first step: the byte in the lowest eight bits, and where it leads. Close together, because that is
     * nearly all that a walk reads. 0 when there is none yet, and right even then: NUL is in no pattern.
     */
    private int[] steps = new int[16];
    /** For each state where its row begins, and what it accepts. */
    private int[] rowOf = new int[16];
    private int[] accepted = new int[16];
    private int[] rows = new int[0];
    private int rowsUsed;
    /** The nodes of all states one after the other; those of state n begin at nodesFrom[n] and end where the next begin. */
    private int[] nodes = new int[64];
    private int[] nodesFrom = new int[17];
    private int states;
    /** States by the hash of their nodes, open addressing; 0 is a free place, since DEAD is never looked up. */
    private int[] table = new int[32];

    private final int[] startNodes;
    private final int[] reached;
    private final int[] reachedAt;
    private int reachedCount;

    /** @param maxInts below 1 << 24; about how many ints to remember; what two states need is remembered in any case */
    FieldAutomaton(PatternGraph graph, Acceptor acceptor, int maxInts) {
        this.graph = graph;
        this.acceptor = acceptor;
        this.classes = graph.byteClasses();
        this.width = Arrays.stream(classes).max().getAsInt() + 1;
        this.maxInts = maxInts;
        this.reached = new int[graph.nodes()];
        this.reachedAt = new int[graph.nodes()];
        reach(PatternGraph.ROOT);
        keepNodesThatMatter();
        this.startNodes = Arrays.copyOf(reached, reachedCount);
        forget();
    }

    /** The acceptor's number for the patterns that match the whole value. */
    int match(byte[] bytes, int start, int length) {
        int[] known = steps;
        int state = START;
        for (int i = start, end = start + length; i < end && state != DEAD; i++) {
            int value = bytes[i] & 0xff;
            int step = known[state];
            if ((step & 0xff) == value) {
                state = step >>> 8;
            } else {
                int row = rowOf[state];
                int next = row == UNKNOWN ? UNKNOWN : rows[row + classes[value]];
                if (next == UNKNOWN) {
                    next = makeStep(state, value);
                    known = steps;
                }
                state = next;
            }
        }
        return accepted[state] == UNKNOWN ? accept(state) : accepted[state];
    }

    /** The acceptor is asked anew from now on. */
    void forgetAccepted() {
        Arrays.fill(accepted, UNKNOWN);
    }

    /** How many ints are remembered. */
    int remembered() {
        return states * 4 + rowsUsed + nodesFrom[states];
    }

    private int accept(int state) {
        for (int i = nodesFrom[state]; i < nodesFrom[state + 1]; i++) {
            for (int edge = graph.firstEdge(nodes[i]); edge >= 0; edge = graph.nextEdge(edge)) {
                if (graph.kind(edge) == PatternGraph.ACCEPT) {
                    acceptor.add(graph.target(edge));
                }
            }
        }
        accepted[state] = acceptor.finish();
        return accepted[state];
    }

    private int makeStep(int state, int value) {
        reachedCount = 0;
        for (int i = nodesFrom[state]; i < nodesFrom[state + 1]; i++) {
            for (int edge = graph.firstEdge(nodes[i]); edge >= 0; edge = graph.nextEdge(edge)) {
                if (graph.passes(edge, value)) {
                    reach(graph.target(edge));
                }
            }
        }
        keepNodesThatMatter();
        int next = reachedCount == 0 ? DEAD : table[place(reached, 0, reachedCount)];
        if (next == 0 && reachedCount > 0) {
            if (states > 2 && remembered() + reachedCount + width > maxInts) {
                forget();
                return add(reached, reachedCount);
            }
            next = add(reached, reachedCount);
        }
        remember(state, value, next);
        return next;
    }

    private void remember(int state, int value, int next) {
        if (steps[state] == 0) {
            steps[state] = next << 8 | value;
            return;
        }
        if (rowOf[state] == UNKNOWN) {
            if (rowsUsed + width > rows.length) {
                rows = Arrays.copyOf(rows, Math.max(rowsUsed + width, rows.length * 2));
            }
            Arrays.fill(rows, rowsUsed, rowsUsed + width, UNKNOWN);
            rowOf[state] = rowsUsed;
            rowsUsed += width;
        }
        rows[rowOf[state] + classes[value]] = next;
    }

    /** Adds a node and all that are reached from it with no byte. */
    private void reach(int node) {
        int done = reachedCount;
        addReached(node);
        for (; done < reachedCount; done++) {
            for (int edge = graph.firstEdge(reached[done]); edge >= 0; edge = graph.nextEdge(edge)) {
                if (graph.kind(edge) == PatternGraph.FREE) {
                    addReached(graph.target(edge));
                }
            }
        }
    }

    private void addReached(int node) {
        int at = reachedAt[node];
        if (at >= reachedCount || reached[at] != node) {
            reachedAt[node] = reachedCount;
            reached[reachedCount++] = node;
        }
    }

    /** Those with an edge of a byte, or where a pattern ends; in order, so that the same nodes make the same state. */
    private void keepNodesThatMatter() {
        int kept = 0;
        for (int i = 0; i < reachedCount; i++) {
            boolean matters = false;
            for (int edge = graph.firstEdge(reached[i]); edge >= 0 && !matters; edge = graph.nextEdge(edge)) {
                matters = graph.kind(edge) != PatternGraph.FREE;
            }
            if (matters) {
                reached[kept++] = reached[i];
            }
        }
        reachedCount = kept;
        Arrays.sort(reached, 0, kept);
    }

    private int add(int[] from, int count) {
        int state = states;
        int begin = state == 0 ? 0 : nodesFrom[state];
        if (state == steps.length) {
            steps = Arrays.copyOf(steps, state * 2);
            rowOf = Arrays.copyOf(rowOf, state * 2);
            accepted = Arrays.copyOf(accepted, state * 2);
            nodesFrom = Arrays.copyOf(nodesFrom, state * 2 + 1);
        }
        if (begin + count > nodes.length) {
            nodes = Arrays.copyOf(nodes, Math.max(begin + count, nodes.length * 2));
        }
        System.arraycopy(from, 0, nodes, begin, count);
        nodesFrom[state] = begin;
        nodesFrom[state + 1] = begin + count;
        steps[state] = 0;
        rowOf[state] = UNKNOWN;
        accepted[state] = UNKNOWN;
        states++;
        if (state != DEAD) {
            if (states * 2 > table.length) {
                table = new int[table.length * 2];
                for (int old = START; old < state; old++) {
                    table[place(nodes, nodesFrom[old], nodesFrom[old + 1])] = old;
                }
            }
            table[place(nodes, begin, begin + count)] = state;
        }
        return state;
    }

    /** Where the state of these nodes is in the table, or a free place. */
    private int place(int[] from, int begin, int end) {
        int hash = 1;
        for (int i = begin; i < end; i++) {
            hash = (hash ^ from[i]) * 0x9E3779B1;
        }
        int place = (hash ^ hash >>> 15) & table.length - 1;
        while (table[place] != 0 && !Arrays.equals(nodes, nodesFrom[table[place]], nodesFrom[table[place] + 1], from, begin, end)) {
            place = place + 1 & table.length - 1;
        }
        return place;
    }

    private void forget() {
        states = 0;
        rowsUsed = 0;
        Arrays.fill(table, 0);
        add(startNodes, 0);
        add(startNodes, startNodes.length);
    }
}
