package io.berth.policy.apparmor;

import java.nio.charset.StandardCharsets;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Whether two rules can ever be about the same message; where that is hard to tell, they can. */
final class PatternOverlap {
    private static final int MAX_TEXTS = 64;

    private static final class Yes implements FieldAutomaton.Acceptor {
        private int found;

        @Override
        public void add(int pattern) {
            found = 1;
        }

        @Override
        public int finish() {
            int result = found;
            found = 0;
            return result;
        }
    }

    private final Map<Pattern, FieldAutomaton> automata = new IdentityHashMap<>();

    boolean mayOverlap(DbusRule a, DbusRule b) {
        int common = a.permissions() & b.permissions();
        for (Permission permission : Permission.values()) {
            if ((common & permission.bit()) != 0 && mayOverlap(a, b, permission)) {
                return true;
            }
        }
        return false;
    }

    private boolean mayOverlap(DbusRule a, DbusRule b, Permission permission) {
        for (int i = 0; i < permission.fields(); i++) {
            Pattern ofA = a.pattern(Field.values()[i]);
            Pattern ofB = b.pattern(Field.values()[i]);
            if (ofA != null && ofB != null && areApart(ofA, ofB)) {
                return false;
            }
        }
        return true;
    }

    private boolean areApart(Pattern a, Pattern b) {
        Optional<List<String>> texts = a.findTexts(MAX_TEXTS);
        Pattern other = b;
        if (texts.isEmpty()) {
            texts = b.findTexts(MAX_TEXTS);
            other = a;
        }
        FieldAutomaton automaton = automata.computeIfAbsent(other, PatternOverlap::automaton);
        return texts.isPresent() && texts.get().stream().noneMatch(text -> {
            byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
            return automaton.match(bytes, 0, bytes.length) == 1;
        });
    }

    private static FieldAutomaton automaton(Pattern pattern) {
        PatternGraph graph = new PatternGraph(Integer.MAX_VALUE);
        graph.add(pattern, 0);
        return new FieldAutomaton(graph, new Yes(), 1 << 16);
    }
}
