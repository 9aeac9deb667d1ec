package io.berth.policy.apparmor;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The {@code @{NAME}} of one policy text and what they stand for (parser/variable.cc). Texts are replaced by texts, so that
 * braces and wildcards in a value mean what they mean where it is used. What it becomes is bounded.
 */
final class Variables {
    /** Of one value with its variables expanded, and of all that is put together for one variable; in bytes. */
    static final int MAX_LENGTH = 65_536;
    /** How many variables may stand for one another in a row. */
    private static final int MAX_DEPTH = 50;

    private static final class Variable {
        private final Set<String> values = new TreeSet<>();
        private Set<String> expanded;
        private boolean expanding;
    }

    /** A reference inside a text: from its {@code @} to behind its brace. */
    private record Reference(int from, int to, String name) {
    }

    private final Map<String, Variable> variables = new HashMap<>();
    private final PolicySize size;
    private int depth;

    /**
     * @param profileName what {@code @{profile_name}} stands for, literally
     * @param size        of the policy; grows by what the variables take
     */
    Variables(String profileName, PolicySize size) {
        this.size = size;
        StringBuilder literal = new StringBuilder();
        for (char c : Escapes.decode(profileName.replace("\\", "\\\\")).toCharArray()) {
            literal.append("*?[]{}^,@".indexOf(c) >= 0 ? "\\" : "").append(c);
        }
        define("profile_name", List.of(literal.toString()), new SourcePosition(1, 1));
    }

    boolean isDefined(String name) {
        return variables.containsKey(name);
    }

    /** Adds values to a variable, which comes to be when it is new. */
    void define(String name, List<String> values, SourcePosition position) {
        size.add(PolicySize.VARIABLE, position);
        values.forEach(value -> size.add(PolicySize.VALUE + value.length(), position));
        variables.computeIfAbsent(name, n -> new Variable()).values.addAll(values);
    }

    /**
     * A value with every reference replaced by a choice of what the variable stands for.
     *
     * @param position of the value, for errors
     * @throws PolicySyntaxException when a variable is not defined, refers to itself, or becomes too long
     */
    String expand(String value, SourcePosition position) {
        if (find(value, 0) == null) {
            return value;
        }
        String rest = value;
        StringBuilder done = new StringBuilder();
        for (Reference found = find(rest, 0); found != null; found = find(rest, 0)) {
            String prefix = rest.substring(0, found.from);
            String suffix = rest.substring(found.to);
            boolean leading = prefix.endsWith("/") && !trimmed(prefix, true).isEmpty();
            boolean trailing = suffix.startsWith("/");
            List<String> texts = new ArrayList<>();
            for (String one : values(found.name, position)) {
                String text = leading ? trimmed(one, true) : one;
                texts.add(trailing ? trimmed(text, false) : text);
            }
            done.append(prefix);
            rest = (texts.size() > 1 ? "{" + String.join(",", texts) + "}" : texts.get(0)) + suffix;
            if (done.length() + rest.length() > MAX_LENGTH) {
                throw tooLong(found.name, position);
            }
        }
        return done + rest;
    }

    private Set<String> values(String name, SourcePosition position) {
        Variable variable = variables.get(name);
        if (variable == null) {
            throw position.error("@{" + name + "}", "a variable that the text defines, as in @{" + name + "}=VALUE on a line of its own");
        }
        if (variable.expanding) {
            throw position.error("@{" + name + "}", "a variable that does not stand for itself");
        }
        if (variable.expanded == null) {
            if (++depth > MAX_DEPTH) {
                throw position.error("@{" + name + "}", "at most " + MAX_DEPTH + " variables that stand for one another in a row");
            }
            variable.expanding = true;
            Set<String> expanded = new TreeSet<>();
            Deque<String> open = new ArrayDeque<>(variable.values);
            int left = MAX_LENGTH;
            while (!open.isEmpty()) {
                String value = open.pop();
                Reference found = find(value, 0);
                if (found == null) {
                    size.add(PolicySize.VALUE + value.length(), position);
                    expanded.add(value);
                } else {
                    for (String inner : values(found.name, position)) {
                        String longer = value.substring(0, found.from) + inner + value.substring(found.to);
                        left -= longer.length() + 1;
                        if (left < 0) {
                            throw tooLong(name, position);
                        }
                        open.add(longer);
                    }
                }
            }
            depth--;
            variable.expanding = false;
            variable.expanded = expanded;
        }
        return variable.expanded;
    }

    private static PolicySyntaxException tooLong(String name, SourcePosition position) {
        return position.error("@{" + name + "}", "variables that become at most " + MAX_LENGTH + " bytes together");
    }

    /** The next reference; what is written like one around something that is no name, such as a choice, is none. */
    private static Reference find(String text, int from) {
        boolean escaped = false;
        int start = -1;
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                escaped = !escaped;
                continue;
            }
            if (!escaped && c == '@' && text.startsWith("{", i + 1)) {
                start = i;
            } else if (!escaped && c == '}' && start >= 0) {
                String name = text.substring(start + 2, i);
                if (isName(name)) {
                    return new Reference(start, i + 1, name);
                }
                start = -1;
            }
            escaped = false;
        }
        return null;
    }

    /** {@code [A-Za-z][A-Za-z0-9_]*}. */
    static boolean isName(String text) {
        return !text.isEmpty() && Character.isLetter(text.charAt(0))
                && text.chars().allMatch(c -> c < 128 && (Character.isLetterOrDigit(c) || c == '_'));
    }

    private static String trimmed(String text, boolean atStart) {
        int from = 0;
        int to = text.length();
        while (from < to && text.charAt(atStart ? from : to - 1) == '/') {
            from += atStart ? 1 : 0;
            to -= atStart ? 0 : 1;
        }
        return text.substring(from, to);
    }
}
