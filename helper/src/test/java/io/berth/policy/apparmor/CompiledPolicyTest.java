package io.berth.policy.apparmor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CompiledPolicyTest {
    private static final String HARD = "a?*b";

    @Test
    void query_pointsIntoALargerArray_andSeesOnlyItsPart() {
        CompiledPolicy policy = PolicyText.parse("dbus send path=/a member=M,", "x").compile();
        byte[] message = "xx/aMM".getBytes(StandardCharsets.US_ASCII);
        PolicyQuery query = new PolicyQuery().clear(Permission.SEND).set(Field.PATH, message, 2, 2).set(Field.MEMBER, message, 4, 1);
        assertTrue(policy.check(query).allow());
        assertEquals("deny, audit", policy.check(query.set(Field.MEMBER, message, 4, 2)).toString());
    }

    @Test
    void names_of2011_areJoined() {
        CompiledPolicy policy = PolicyText.parse("dbus org.foo,\ndeny dbus org.bar receive,", "x").compile();
        PolicyQuery query = new PolicyQuery().clear(Permission.RECEIVE);
        RuleVerdict foo = policy.check(query.set(Field.NAME, "org.foo"));
        RuleVerdict unique = policy.check(query.set(Field.NAME, ":1.5"));
        RuleVerdict bar = policy.check(query.set(Field.NAME, "org.bar"));
        assertEquals("allow", foo.joinedWith(unique).toString());
        assertEquals("deny, quiet", foo.joinedWith(unique).joinedWith(bar).toString());
        assertEquals("allow", policy.check(query.permission(Permission.BIND).set(Field.NAME, "org.foo")).toString());
        assertTrue(!policy.check(query.permission(Permission.EAVESDROP)).allow());
    }

    @Test
    void rules_of2011_withPathAndAcquire_ownWhateverThePath() {
        CompiledPolicy policy = PolicyText.parse("dbus system org.foo path=/a (acquire, r),", "x").compile();
        PolicyQuery query = new PolicyQuery().clear(Permission.BIND).set(Field.BUS, "system").set(Field.NAME, "org.foo");
        assertTrue(policy.check(query).allow());
        assertTrue(!policy.check(query.permission(Permission.RECEIVE)).allow());
        assertTrue(policy.check(query.set(Field.PATH, "/a")).allow());
        assertTrue(!policy.check(query.permission(Permission.SEND)).allow());
    }

    @Test
    void queries_onceSeen_allocateNothing() {
        CompiledPolicy policy = PolicyText.parse(PolicyBenchmark.rules(200), "x").compile();
        PolicyQuery query = new PolicyQuery();
        byte[][] names = new byte[100][];
        for (int i = 0; i < names.length; i++) {
            names[i] = ("org.freedesktop.Service" + i).getBytes(StandardCharsets.US_ASCII);
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 50_000; i++) {
                byte[] name = names[i % names.length];
                policy.check(query.clear(Permission.SEND).set(Field.NAME, name).set(Field.MEMBER, name, 4, 8));
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertTrue(least < 1_000, least + " bytes in 50,000 queries");
    }

    @Test
    void automaton_withHostilePatterns_staysSmallAndRight() {
        PatternGraph graph = new PatternGraph(1 << 16);
        List<String> globs = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            globs.add("**" + HARD.charAt(i % 2 * 3) + "?".repeat(8 + i) + (i % 3 == 0 ? "**" : ""));
            assertTrue(graph.add(PatternParser.parse(globs.get(i), new SourcePosition(1, 1)), i));
        }
        List<Integer> fitting = new ArrayList<>();
        FieldAutomaton.Acceptor bits = new FieldAutomaton.Acceptor() {
            private int found;

            @Override
            public void add(int pattern) {
                found |= 1 << pattern;
            }

            @Override
            public int finish() {
                fitting.add(found);
                int result = found;
                found = 0;
                return result;
            }
        };
        int limit = 20_000;
        FieldAutomaton automaton = new FieldAutomaton(graph, bits, limit);
        Random random = new Random(3);
        int largest = 0;
        for (int n = 0; n < 400; n++) {
            StringBuilder value = new StringBuilder();
            for (int i = random.nextInt(60); i >= 0; i--) {
                value.append("ab".charAt(random.nextInt(2)));
            }
            int expected = 0;
            for (int i = 0; i < globs.size(); i++) {
                expected |= SlowMatcher.matches(globs.get(i), value.toString()) ? 1 << i : 0;
            }
            byte[] bytes = value.toString().getBytes(StandardCharsets.US_ASCII);
            assertEquals(expected, automaton.match(bytes, 0, bytes.length), value.toString());
            largest = Math.max(largest, automaton.remembered());
        }
        assertTrue(largest > limit / 2 && largest <= limit, largest + " of " + limit);
        assertTrue(fitting.stream().distinct().count() > 20, "the patterns told values apart");
    }

    @Test
    void policy_thatForgets_answersTheSame() {
        int forgot = 0;
        for (int seed = 0; seed < 60; seed++) {
            RandomRules random = new RandomRules(seed);
            List<RandomRules.Rule> rules = new ArrayList<>();
            StringBuilder text = new StringBuilder();
            for (int n = 0; n < 80; n++) {
                rules.add(random.rule(true));
                text.append(random.text(rules.get(n)));
            }
            CompiledPolicy policy = new CompiledPolicy(Dialect.TODAY, PolicyText.parse(text.toString(), "x").rules(), 1 << 20, 200);
            PolicyQuery query = new PolicyQuery();
            for (int n = 0; n < 100; n++) {
                Permission permission = Permission.values()[random.below(2)];
                List<String> values = random.values(rules);
                query.clear(permission);
                for (Field field : Field.values()) {
                    query.set(field, values.get(field.ordinal()));
                }
                assertEquals(RandomRules.check(rules, permission, values), policy.check(query), () -> text + permission.word() + values);
            }
            forgot += policy.timesForgotten();
        }
        assertTrue(forgot > 60, forgot + " times");
    }
}
