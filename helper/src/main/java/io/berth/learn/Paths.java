package io.berth.learn;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Object paths that a learnt rule is about. An element with a digit is taken for one that changes from run to run, and where
 * many paths were seen it is taken that there will be others: then what lies above stands for them.
 */
final class Paths {
    private static final int MOST = 4;

    /** @param subtree whether all that lies below is meant too */
    record Place(String path, boolean subtree) {
    }

    private final SortedSet<String> exact = new TreeSet<>();
    private final SortedSet<String> subtrees = new TreeSet<>();

    void add(String path) {
        for (int from = 1; from < path.length();) {
            int end = path.indexOf('/', from) < 0 ? path.length() : path.indexOf('/', from);
            if (path.substring(from, end).chars().anyMatch(Character::isDigit)) {
                subtrees.add(from == 1 ? "/" : path.substring(0, from - 1));
                return;
            }
            from = end + 1;
        }
        exact.add(path);
    }

    List<Place> places() {
        if (exact.size() + subtrees.size() > MOST) {
            String common = exact.isEmpty() ? subtrees.first() : exact.first();
            for (String path : exact) {
                common = common(common, path);
            }
            for (String path : subtrees) {
                common = common(common, path);
            }
            return List.of(new Place(common, true));
        }
        List<Place> places = new ArrayList<>();
        subtrees.forEach(path -> places.add(new Place(path, true)));
        exact.forEach(path -> places.add(new Place(path, false)));
        return places;
    }

    /** The longest path above both, or one of them. */
    private static String common(String one, String other) {
        String above = one;
        while (!(above.equals("/") || other.equals(above) || other.startsWith(above + "/"))) {
            int slash = above.lastIndexOf('/');
            above = slash <= 0 ? "/" : above.substring(0, slash);
        }
        return above;
    }
}
