package io.berth.policy.apparmor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A policy that answers queries: for each field the value is walked once and gives the set of rules that it fits, and the
 * rules that fit all fields give the verdict. What was found is remembered, so that a query costs the same for ten rules
 * and for thousands, and makes no object once its kind has been seen.
 *
 * <p>Rules do not change; what is remembered does, so it is owned by one thread. Holds no resources.
 */
public final class CompiledPolicy {
    /** Edges of the graphs of all fields together: with what belongs to them some 30 MB. */
    private static final int MAX_EDGES = 1 << 20;
    /** What the automaton of one field remembers, in ints; and what is remembered of sets of rules, in longs. */
    private static final int MAX_REMEMBERED = 1 << 20;

    /** What a rule does where it applies: all that is kept of it besides its patterns. */
    private record Effect(int priority, RuleMode mode, boolean audit) {
        static Effect of(DbusRule rule) {
            return new Effect(rule.priority(), rule.mode(), rule.audit());
        }
    }

    private final Dialect dialect;
    private final List<Effect> effects;
    private final RuleSets sets;
    private final int steps;
    /** Null for a field that no rule speaks of. */
    private final FieldAutomaton[] automata = new FieldAutomaton[Field.values().length];
    private final long[][] byPermission = new long[Permission.values().length][];
    private final int[] numberOfPermission = new int[Permission.values().length];

    CompiledPolicy(Dialect dialect, List<DbusRule> rules) {
        this(dialect, rules, MAX_EDGES, MAX_REMEMBERED);
    }

    /**
     * @param maxEdges      of the graphs of all fields together
     * @param maxRemembered in ints for each field, in longs for sets of rules
     */
    CompiledPolicy(Dialect dialect, List<DbusRule> rules, int maxEdges, int maxRemembered) {
        this.dialect = dialect;
        Map<Effect, Effect> same = new HashMap<>();
        this.effects = rules.stream().map(Effect::of).map(effect -> same.computeIfAbsent(effect, first -> first)).toList();
        this.sets = new RuleSets(rules.size(), this::judge, maxRemembered);
        int edges = 0;
        // one after the other, so that the last field gets what the others leave
        for (Field field : Field.values()) {
            edges += compile(rules, field, maxEdges - edges, maxRemembered);
        }
        steps = edges;
        for (Permission permission : Permission.values()) {
            long[] with = new long[sets.words()];
            for (int i = 0; i < rules.size(); i++) {
                if (rules.get(i).has(permission)) {
                    with[i >> 6] |= 1L << i;
                }
            }
            byPermission[permission.ordinal()] = with;
        }
        numberPermissions();
    }

    /** @return how many edges it took */
    private int compile(List<DbusRule> rules, Field field, int maxEdges, int maxRemembered) {
        PatternGraph graph = new PatternGraph(maxEdges);
        Map<Pattern, Integer> numbers = new HashMap<>();
        List<List<Integer>> users = new ArrayList<>();
        long[] silent = new long[sets.words()];
        for (int i = 0; i < rules.size(); i++) {
            Pattern pattern = rules.get(i).pattern(field);
            if (pattern == null || pattern.isEverything()) {
                silent[i >> 6] |= 1L << i;
                continue;
            }
            Integer number = numbers.get(pattern);
            if (number == null) {
                number = users.size();
                numbers.put(pattern, number);
                users.add(new ArrayList<>());
                if (!graph.add(pattern, number)) {
                    throw rules.get(i).conditions().get(field).position().error("a pattern too many",
                            "fewer or simpler patterns: they take more steps than a policy may have");
                }
            }
            users.get(number).add(i);
        }
        if (!users.isEmpty()) {
            automata[field.ordinal()] = new FieldAutomaton(graph, new Users(sets, silent, users), maxRemembered);
        }
        return graph.edges();
    }

    /** How many steps its patterns have together; one takes some 30 bytes. */
    public int steps() {
        return steps;
    }

    public Dialect dialect() {
        return dialect;
    }

    /**
     * What the policy says. In a policy of {@link Dialect#PROPOSED_2011} {@link Field#NAME} is to be each of the names
     * that the peer owns, one query after the other, and the answers are joined.
     */
    public RuleVerdict check(PolicyQuery query) {
        Permission permission = query.permission();
        int fitting = numberOfPermission[permission.ordinal()];
        for (int i = 0; i < permission.fields() && fitting != RuleSets.NONE; i++) {
            FieldAutomaton automaton = automata[i];
            if (automaton != null) {
                fitting = sets.common(fitting, automaton.match(query.bytes(i), query.start(i), query.length(i)));
            }
        }
        RuleVerdict verdict = sets.verdict(fitting);
        if (sets.isFull()) {
            sets.forget();
            numberPermissions();
            for (FieldAutomaton automaton : automata) {
                if (automaton != null) {
                    automaton.forgetAccepted();
                }
            }
        }
        return verdict;
    }

    /** How often what was found about sets of rules was forgotten. */
    int timesForgotten() {
        return sets.timesForgotten();
    }

    private void numberPermissions() {
        for (int i = 0; i < byPermission.length; i++) {
            numberOfPermission[i] = sets.number(byPermission[i]);
        }
    }

    /** Of the highest priority among the rules, then deny over allow over prompt. */
    private RuleVerdict judge(long[] bits, int from) {
        int priority = Integer.MIN_VALUE;
        RuleMode mode = RuleMode.PROMPT;
        boolean audited = false;
        boolean quiet = false;
        for (int i = 0; i < sets.words(); i++) {
            for (long left = bits[from + i]; left != 0; left &= left - 1) {
                Effect rule = effects.get((i << 6) + Long.numberOfTrailingZeros(left));
                int order = rule.priority() != priority ? Integer.compare(rule.priority(), priority) : rule.mode().compareTo(mode);
                if (order > 0) {
                    priority = rule.priority();
                    mode = rule.mode();
                    audited = false;
                    quiet = false;
                }
                if (order >= 0) {
                    audited |= rule.audit();
                    quiet |= !rule.audit();
                }
            }
        }
        return switch (mode) {
            case PROMPT -> RuleVerdict.unmatched();
            case ALLOW -> RuleVerdict.allowed(audited);
            case DENY -> RuleVerdict.denied(quiet);
        };
    }

    /** The rules that a value of one field fits: those with a matching pattern, and those that do not speak of the field. */
    private static final class Users implements FieldAutomaton.Acceptor {
        private final RuleSets sets;
        private final long[] silent;
        private final int[][] users;
        private final long[] fitting;

        Users(RuleSets sets, long[] silent, List<List<Integer>> users) {
            this.sets = sets;
            this.silent = silent;
            this.users = users.stream().map(list -> list.stream().mapToInt(Integer::intValue).toArray()).toArray(int[][]::new);
            this.fitting = silent.clone();
        }

        @Override
        public void add(int pattern) {
            for (int rule : users[pattern]) {
                fitting[rule >> 6] |= 1L << rule;
            }
        }

        @Override
        public int finish() {
            int number = sets.number(fitting);
            System.arraycopy(silent, 0, fitting, 0, fitting.length);
            return number;
        }
    }
}
