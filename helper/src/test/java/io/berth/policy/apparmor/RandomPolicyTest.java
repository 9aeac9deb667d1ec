package io.berth.policy.apparmor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

class RandomPolicyTest {
    /** What apparmor_parser reads and this parser refuses, or the other way round, as {@link PatternParser} tells. */
    private static final String KNOWN_TO_DIFFER = "(?s).*(\\[[^\\]]*(\\*|\\?)|\\[\\^?\\]|#).*";

    private static boolean isParserInstalled() {
        return ApparmorParser.isInstalled();
    }

    private static PolicyQuery query(Permission permission, List<String> values) {
        PolicyQuery query = new PolicyQuery().clear(permission);
        for (Field field : Field.values()) {
            query.set(field, values.get(field.ordinal()));
        }
        return query;
    }

    @Test
    void verdicts_ofRandomRules_areThoseOfTryingRuleByRule() {
        int allowed = 0;
        int denied = 0;
        for (int seed = 0; seed < 1_500; seed++) {
            RandomRules random = new RandomRules(seed);
            List<RandomRules.Rule> rules = new ArrayList<>();
            StringBuilder text = new StringBuilder();
            for (int n = random.below(12); n >= 0; n--) {
                rules.add(random.rule(true));
                text.append(random.text(rules.get(rules.size() - 1)));
            }
            CompiledPolicy policy = PolicyText.parse(text.toString(), "x").compile();
            for (int n = 0; n < 40; n++) {
                Permission permission = Permission.values()[random.below(9) % 4];
                List<String> values = random.values(rules);
                RuleVerdict expected = RandomRules.check(rules, permission, values);
                assertEquals(expected, policy.check(query(permission, values)), text + permission.word() + " " + values);
                allowed += expected.allow() ? 1 : 0;
                denied += expected.isDeniedByRule() ? 1 : 0;
            }
        }
        assertTrue(allowed > 6_000 && denied > 3_000, allowed + " allowed, " + denied + " denied");
    }

    @Test
    @EnabledIf("isParserInstalled")
    void verdicts_ofRandomRules_areThoseOfTheRealParsersAutomaton() throws Exception {
        for (int seed = 0; seed < 100; seed++) {
            RandomRules random = new RandomRules(-1 - seed);
            List<RandomRules.Rule> rules = new ArrayList<>();
            StringBuilder text = new StringBuilder();
            for (int n = random.below(6); n >= 0; n--) {
                rules.add(random.rule(false));
                text.append(random.text(rules.get(rules.size() - 1)));
            }
            CompiledPolicy policy = PolicyText.parse(text.toString(), "x").compile();
            ApparmorParser real = ApparmorParser.compile("", text.toString()).orElseThrow(() -> new AssertionError("refused: " + text));
            for (int n = 0; n < 200; n++) {
                Permission permission = Permission.values()[random.below(9) % 4];
                List<String> values = random.values(rules);
                assertEquals(real.check(permission, values).toString(), policy.check(query(permission, values)).toString(),
                        text + permission.word() + " " + values);
            }
        }
    }

    @Test
    @EnabledIf("isParserInstalled")
    void damagedRules_areRefusedWhereTheRealParserRefusesThem() throws Exception {
        int refused = 0;
        int taken = 0;
        for (int seed = 0; seed < 500; seed++) {
            RandomRules random = new RandomRules(1_000_000 + seed);
            RandomRules.Rule rule = random.rule(false);
            String text = random.damaged(random.text(rule));
            if (text.matches(KNOWN_TO_DIFFER)) {
                continue;
            }
            Optional<ApparmorParser> real = ApparmorParser.compile("", text);
            Optional<CompiledPolicy> policy = compileToday(text);
            assertEquals(real.isPresent(), policy.isPresent(), text);
            refused += real.isEmpty() ? 1 : 0;
            taken += real.isPresent() ? 1 : 0;
            for (int n = 0; real.isPresent() && n < 30; n++) {
                Permission permission = Permission.values()[random.below(4)];
                List<String> values = random.values(List.of(rule));
                assertEquals(real.get().check(permission, values).toString(),
                        policy.get().check(query(permission, values)).toString(), text + permission.word() + " " + values);
            }
        }
        assertTrue(refused > 100 && taken > 50, refused + " refused, " + taken + " taken");
    }

    private static Optional<CompiledPolicy> compileToday(String text) {
        try {
            return Optional.of(new ParsedPolicy(text, Dialect.TODAY, PolicyParser.parse(text, new TodayRuleParser(), "x")).compile());
        } catch (PolicySyntaxException refused) {
            return Optional.empty();
        }
    }
}
