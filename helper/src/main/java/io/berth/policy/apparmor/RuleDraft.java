package io.berth.policy.apparmor;

import io.berth.policy.apparmor.DbusRule.Condition;
import java.util.EnumMap;
import java.util.Map;

/** One rule while its text is being read: values whose variables may be defined further down. */
final class RuleDraft {
    private record Value(String text, SourcePosition position) {
    }

    private final RulePrefix prefix;
    private final Map<Field, Value> values = new EnumMap<>(Field.class);
    private int permissions;

    RuleDraft(RulePrefix prefix) {
        this.prefix = prefix;
    }

    void permit(int bits) {
        permissions |= bits;
    }

    int permissions() {
        return permissions;
    }

    boolean has(Field field) {
        return values.containsKey(field);
    }

    /** Bytes of memory, as {@link PolicySize} counts. */
    int size() {
        return PolicySize.RULE + values.values().stream().mapToInt(value -> PolicySize.VALUE + value.text.length()).sum();
    }

    /** Where the value of a field stands; there must be one. */
    SourcePosition position(Field field) {
        return values.get(field).position();
    }

    /** @param token the value as it stands in the text, without quotes */
    void set(Field field, String token, SourcePosition position) {
        values.put(field, new Value(Escapes.decode(token), position));
    }

    /**
     * @param known patterns read before, by their texts; new ones are added
     * @param size  of the policy; grows by what this adds to {@link #size}
     * @throws PolicySyntaxException when a value is no pattern, or a variable of it cannot be used
     */
    DbusRule finish(Variables variables, Map<String, Pattern> known, PolicySize size) {
        Map<Field, Condition> conditions = new EnumMap<>(Field.class);
        values.forEach((field, value) -> {
            String expanded = variables.expand(value.text(), value.position());
            String text = field == Field.PATH ? withSingleSlashes(expanded) : expanded;
            Pattern pattern = known.get(text);
            if (text != value.text()) {
                size.add(PolicySize.VALUE + text.length(), value.position());
            }
            if (pattern == null) {
                pattern = PatternParser.parse(text, value.position(), size);
                known.put(text, pattern);
            }
            conditions.put(field, new Condition(text, pattern, value.position()));
        });
        RuleMode mode = prefix.mode() == null ? RuleMode.ALLOW : prefix.mode();
        return new DbusRule(prefix.position(), prefix.priority(), mode, prefix.audit(), permissions, conditions);
    }

    /** Runs of slashes become one, but two at the very beginning stay (parser/parser_regex.c, filter_slashes). */
    private static String withSingleSlashes(String path) {
        if (!path.contains("//")) {
            return path;
        }
        StringBuilder out = new StringBuilder(path.length());
        int from = path.startsWith("//") && !path.startsWith("///") && path.length() > 1 ? 2 : 0;
        out.append(path, 0, from);
        boolean slash = false;
        for (char c : path.substring(from).toCharArray()) {
            if (c != '/' || !slash) {
                out.append(c);
            }
            slash = c == '/';
        }
        return out.toString();
    }
}
