package io.berth.policy.apparmor;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Rules and queries by chance, with what the rules say of the queries by {@link SlowMatcher}. */
final class RandomRules {
    /** One rule as it was meant. */
    record Rule(int priority, boolean audit, RuleMode mode, int permissions, Map<Field, String> globs) {
        boolean fits(Permission permission, List<String> values) {
            return (permissions & permission.bit()) != 0 && globs.entrySet().stream()
                    .allMatch(e -> e.getKey().ordinal() >= permission.fields() || SlowMatcher.matches(e.getValue(), values.get(e.getKey().ordinal())));
        }
    }

    private static final String[][] PIECES = {
        {"session", "system", "s", "*", "?", "{session,system}", "[as]", "**"},
        {"o.N", "o.M", ".x", ":1.", "5", "*", "{,.*}", "[0-9]", "{:1.,o.}", "**", "?"},
        {"/usr/bin/", "a", "snap.", "x//y", "*", "**", "{a,b}", "[^a]", "unconfined", "?"},
        {"/", "/a", "/b", "/*", "/**", "*", "**", "{,/**}", "?", "[ab]", "/{*,b}", "{/a,/b}{/,}", "5", "\\*", "***"},
        {"o.I", "o.J", ".x", "*", "{,.*}", "[IJ]", "?", "{o,p}."},
        {"M", "N", "x", "*", "[^M]", "{M,N}", "{,M}", "?", "{,{M,x}N}"}};
    private static final String VALUES = "/ab.:15MNoIJxs*";

    private final Random random;

    RandomRules(long seed) {
        this.random = new Random(seed);
    }

    private String pick(String... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private String glob(Field field) {
        StringBuilder glob = new StringBuilder(field == Field.PATH ? pick("", "/", "/a") : "");
        do {
            glob.append(pick(PIECES[field.ordinal()]));
        } while (random.nextInt(3) > 0);
        return field == Field.PATH ? glob.toString().replaceAll("/+", "/") : glob.toString();
    }

    /** @param ranked also priorities and prompts, which apparmor_parser before 4.1 does not know */
    Rule rule(boolean ranked) {
        Map<Field, String> globs = new EnumMap<>(Field.class);
        int kind = random.nextInt(8);
        if (random.nextInt(3) == 0) {
            globs.put(Field.BUS, glob(Field.BUS));
        }
        int permissions;
        if (kind == 0) {
            permissions = Permission.ALL;
        } else if (kind == 1) {
            permissions = Permission.EAVESDROP.bit();
        } else if (kind == 2) {
            permissions = Permission.BIND.bit();
            if (random.nextInt(4) > 0) {
                globs.put(Field.NAME, glob(Field.NAME));
            }
        } else {
            permissions = 1 + random.nextInt(3);
            for (Field field : List.of(Field.NAME, Field.LABEL, Field.PATH, Field.INTERFACE, Field.MEMBER)) {
                if (random.nextInt(3) == 0) {
                    globs.put(field, glob(field));
                }
            }
        }
        RuleMode mode = random.nextInt(4) == 0 ? RuleMode.DENY : ranked && random.nextInt(8) == 0 ? RuleMode.PROMPT : RuleMode.ALLOW;
        return new Rule(ranked && random.nextInt(3) == 0 ? random.nextInt(5) - 2 : 0, random.nextInt(3) == 0, mode, permissions, globs);
    }

    /** One of the ways to write a rule. */
    String text(Rule rule) {
        StringBuilder text = new StringBuilder(rule.priority == 0 ? "" : "priority=" + rule.priority + " ");
        text.append(rule.audit ? "audit " : "").append(rule.mode == RuleMode.ALLOW ? pick("", "allow ") : rule.mode.word() + " ").append("dbus ");
        if (rule.permissions != Permission.ALL) {
            text.append(rule.permissions == Permission.MESSAGE ? pick("rw", "(send, receive)", "(send receive)", "(\"receive\" w)", "wr")
                    : pick(Permission.words(rule.permissions, " "), "( " + Permission.words(rule.permissions, " ") + ",)"));
        }
        List<String> keys = new ArrayList<>();
        List<String> peer = new ArrayList<>();
        rule.globs.forEach((field, glob) -> {
            boolean message = (rule.permissions & Permission.BIND.bit()) == 0;
            if (field == Field.LABEL || field == Field.NAME && message || field == Field.PATH && random.nextInt(9) == 0) {
                peer.add(field.key() + pick("=", " = ", "= ") + pick("\"" + glob + "\"", "(\"" + glob + "\")"));
            } else {
                keys.add(random.nextInt(keys.size() + 1), field.key() + pick("=", " = ", " =")
                        + pick(glob, glob, "\"" + glob + "\"", "(\"" + glob + "\")"));
            }
        });
        for (String key : keys) {
            text.append(pick(" ", "\n  ", "\t")).append(key);
        }
        if (!peer.isEmpty()) {
            text.append(" peer=(").append(String.join(pick(" ", ", ", ",\n"), peer)).append(")");
        }
        return text.append(pick(",", " ,", "\n,")).append('\n').toString();
    }

    /** Values for all fields; about half of them begin as what a pattern of one of the rules stands for. */
    List<String> values(List<Rule> rules) {
        List<String> values = new ArrayList<>();
        Map<Field, String> globs = rules.isEmpty() ? Map.of() : rules.get(random.nextInt(rules.size())).globs;
        for (Field field : Field.values()) {
            String value = globs.containsKey(field) && random.nextInt(8) > 0 ? sample(globs.get(field))
                    : sample(pick(PIECES[field.ordinal()]) + pick(PIECES[field.ordinal()]));
            values.add(random.nextInt(12) == 0 ? "" : value);
        }
        return values;
    }

    /** Something like the pattern. */
    private String sample(String glob) {
        StringBuilder value = new StringBuilder();
        for (int i = 0; i < glob.length(); i++) {
            char c = glob.charAt(i);
            if (c == '*' || c == '?') {
                for (int n = random.nextInt(3); n > 0; n--) {
                    value.append(VALUES.charAt(random.nextInt(VALUES.length())));
                }
            } else if (c == '{') {
                int end = glob.indexOf('}', i);
                value.append(pick(glob.substring(i + 1, end).replace("{", "").split(",", -1)).replace("*", "x"));
                i = end;
            } else if (c == '[') {
                value.append(VALUES.charAt(random.nextInt(VALUES.length())));
                i = glob.indexOf(']', i);
            } else if (c != '}' && c != '\\') {
                value.append(c);
            }
        }
        return value.toString();
    }

    /** What the rules say, one after the other. */
    static RuleVerdict check(List<Rule> rules, Permission permission, List<String> values) {
        List<Rule> fitting = rules.stream().filter(rule -> rule.fits(permission, values)).toList();
        int highest = fitting.stream().mapToInt(Rule::priority).max().orElse(0);
        List<Rule> ruling = fitting.stream().filter(rule -> rule.priority == highest).toList();
        List<Rule> denying = ruling.stream().filter(rule -> rule.mode == RuleMode.DENY).toList();
        List<Rule> allowing = ruling.stream().filter(rule -> rule.mode == RuleMode.ALLOW).toList();
        if (!denying.isEmpty()) {
            return RuleVerdict.denied(!denying.stream().allMatch(Rule::audit));
        }
        return allowing.isEmpty() ? RuleVerdict.unmatched() : RuleVerdict.allowed(allowing.stream().anyMatch(Rule::audit));
    }

    /** A rule's text with something wrong with it, or not. */
    String damaged(String text) {
        int from = text.indexOf("dbus ") + 5;
        StringBuilder damaged = new StringBuilder(text);
        for (int n = 1 + random.nextInt(2); n > 0; n--) {
            int at = from + random.nextInt(damaged.length() - from);
            int change = random.nextInt(3);
            if (change > 0) {
                damaged.deleteCharAt(at);
            }
            if (change < 2) {
                damaged.insert(at, pick(" ", ",", "(", ")", "=", "\"", "[", "]", "{", "}", "\\", "!", "@", ":", "a", "-", "^", "\n", ".", "send", "peer=(", "name=", "x="));
            }
        }
        return damaged.toString();
    }

    int below(int bound) {
        return random.nextInt(bound);
    }
}
