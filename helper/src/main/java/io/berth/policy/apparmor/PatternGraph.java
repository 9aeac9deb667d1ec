package io.berth.policy.apparmor;

import io.berth.policy.apparmor.Pattern.Choice;
import io.berth.policy.apparmor.Pattern.Element;
import io.berth.policy.apparmor.Pattern.Many;
import io.berth.policy.apparmor.Pattern.One;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * All patterns of one field in one graph that is walked byte by byte, at several nodes at once. Patterns that begin with
 * the same bytes share nodes as far as they are the same. {@link FieldAutomaton} makes the walk cheap.
 *
 * <p>An edge is taken with a byte of its set, or with none; an edge that accepts ends at a pattern's number.
 */
final class PatternGraph {
    static final int ROOT = 0;
    /** In the place of a set: taken with no byte. */
    static final int FREE = -1;
    /** In the place of a set: the edge's target is the number of a pattern that ends here. */
    static final int ACCEPT = -2;

    private final List<ByteSet> sets = new ArrayList<>();
    private final Map<ByteSet, Integer> setNumbers = new HashMap<>();
    private final int maxEdges;
    private int nodes = 1;
    private int edges;
    private int[] firstEdge = {-1};
    private int[] nextEdge = new int[16];
    private int[] edgeSet = new int[16];
    private int[] edgeTo = new int[16];

    /** @param maxEdges how large it may become */
    PatternGraph(int maxEdges) {
        this.maxEdges = maxEdges;
    }

    /** @return false when it would become too large; it is of no use then */
    boolean add(Pattern pattern, int number) {
        int end = build(pattern, ROOT);
        addEdge(end, ACCEPT, number);
        return edges <= maxEdges;
    }

    private int build(Pattern pattern, int from) {
        int node = from;
        for (Element element : pattern.elements()) {
            if (edges > maxEdges) {
                return node;
            }
            if (element instanceof One one) {
                node = step(node, one.bytes());
            } else if (element instanceof Many many) {
                int loop = addNode();
                addEdge(node, FREE, loop);
                addEdge(loop, number(many.bytes()), loop);
                node = loop;
            } else if (element instanceof Choice choice) {
                int end = addNode();
                for (Pattern option : choice.options()) {
                    addEdge(build(option, node), FREE, end);
                }
                node = end;
            }
        }
        return node;
    }

    private int step(int from, ByteSet bytes) {
        int set = number(bytes);
        if (bytes.onlyByte() >= 0) {
            // a node behind one byte is reached in no other way, so whatever begins with it can go on there
            for (int edge = firstEdge[from]; edge >= 0; edge = nextEdge[edge]) {
                if (edgeSet[edge] == set) {
                    return edgeTo[edge];
                }
            }
        }
        int node = addNode();
        addEdge(from, set, node);
        return node;
    }

    private int number(ByteSet bytes) {
        Integer known = setNumbers.get(bytes);
        if (known == null) {
            known = sets.size();
            sets.add(bytes);
            setNumbers.put(bytes, known);
        }
        return known;
    }

    private int addNode() {
        if (nodes == firstEdge.length) {
            firstEdge = Arrays.copyOf(firstEdge, nodes * 2);
        }
        firstEdge[nodes] = -1;
        return nodes++;
    }

    private void addEdge(int from, int set, int to) {
        if (edges == edgeTo.length) {
            nextEdge = Arrays.copyOf(nextEdge, edges * 2);
            edgeSet = Arrays.copyOf(edgeSet, edges * 2);
            edgeTo = Arrays.copyOf(edgeTo, edges * 2);
        }
        edgeSet[edges] = set;
        edgeTo[edges] = to;
        nextEdge[edges] = firstEdge[from];
        firstEdge[from] = edges++;
    }

    int nodes() {
        return nodes;
    }

    int edges() {
        return edges;
    }

    /** An edge from a node, -1 when there is none; the others follow by {@link #nextEdge}. */
    int firstEdge(int node) {
        return firstEdge[node];
    }

    int nextEdge(int edge) {
        return nextEdge[edge];
    }

    int target(int edge) {
        return edgeTo[edge];
    }

    /** {@link #FREE}, {@link #ACCEPT}, or another number. */
    int kind(int edge) {
        return edgeSet[edge];
    }

    boolean passes(int edge, int value) {
        int set = edgeSet[edge];
        return set >= 0 && sets.get(set).contains(value);
    }

    /** For each byte the number of its class: bytes of one class are told apart by no edge. Numbers are from 0 on, without gaps. */
    int[] byteClasses() {
        int[] classes = new int[256];
        int count = 1;
        int[] split = new int[256];
        for (ByteSet set : sets) {
            Arrays.fill(split, 0, count, -1);
            int[] inside = new int[count];
            for (int value = 0; value < 256; value++) {
                inside[classes[value]] += set.contains(value) ? 1 : 0;
            }
            int[] size = new int[count];
            for (int value = 0; value < 256; value++) {
                size[classes[value]]++;
            }
            for (int value = 0; value < 256; value++) {
                int old = classes[value];
                if (set.contains(value) && inside[old] < size[old]) {
                    if (split[old] < 0) {
                        split[old] = count++;
                    }
                    classes[value] = split[old];
                }
            }
        }
        return classes;
    }
}
