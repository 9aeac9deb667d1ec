package io.berth.wire;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A match rule (specification, "Match Rules"), read once and only ever sent on as {@link #canonical} writes it: what the
 * bus gets is what was understood here. Two rules are equal when they mean the same. Reading texts is {@link
 * MatchRuleParser}'s job. Immutable.
 */
public final class MatchRule {
    /** How an argument is compared; the text behind its number in the key. */
    enum Comparison {
        EQUAL(""),
        PATH("path"),
        NAMESPACE("namespace");

        final String suffix;

        Comparison(String suffix) {
            this.suffix = suffix;
        }
    }

    /** What an argument must be. */
    record Argument(Comparison comparison, String value) {
        boolean matches(String actual) {
            return switch (comparison) {
                case EQUAL -> actual.equals(value);
                case NAMESPACE -> actual.equals(value) || actual.startsWith(value + ".");
                case PATH -> actual.equals(value)
                        || value.endsWith("/") && actual.startsWith(value)
                        || actual.endsWith("/") && value.startsWith(actual);
            };
        }
    }

    private final Map<String, String> texts;
    private final TreeMap<Integer, Argument> arguments;
    private final boolean eavesdrop;
    private final String canonical;

    /** @param texts by key: type, sender, interface, member, path or path_namespace, destination */
    MatchRule(Map<String, String> texts, TreeMap<Integer, Argument> arguments, boolean eavesdrop) {
        this.texts = texts;
        this.arguments = arguments;
        this.eavesdrop = eavesdrop;
        this.canonical = write();
    }

    /**
     * Reads a rule as the bus would; what the bus takes without a use for it (a key twice with another value, words that
     * it passes over) is refused.
     *
     * @throws MalformedException when it is no rule; the message says what and where
     */
    public static MatchRule parse(String text) {
        MatchRule rule = new MatchRuleParser(text).parse();
        MatchRuleParser.checkLength(rule.canonical);
        return rule;
    }

    /** Whether the rule asks for messages to others. */
    public boolean eavesdrop() {
        return eavesdrop;
    }

    /** The rule as a text that every bus reads as this rule. */
    public String canonical() {
        return canonical;
    }

    /** {@code signal}, {@code method_call}, {@code method_return}, {@code error}; null when the rule does not say. */
    public String type() {
        return texts.get("type");
    }

    /** A bus name; null when the rule does not say. */
    public String sender() {
        return texts.get("sender");
    }

    /** Null when the rule does not say. */
    public String interfaceName() {
        return texts.get("interface");
    }

    /** Null when the rule does not say. */
    public String member() {
        return texts.get("member");
    }

    /**
     * Whether a broadcast with these values would be delivered because of this rule.
     *
     * @param sender    compared as a text: who owns which name is left to the caller
     * @param arguments the first arguments; null for one that is not a string
     */
    public boolean matchesSignal(String sender, String path, String interfaceName, String member, List<String> arguments) {
        return mayMatchSignal(sender, path, interfaceName, member) && matchesArguments(arguments);
    }

    /** The same for some arguments. */
    public boolean mayMatchSignal(String sender, String path, String interfaceName, String member) {
        return is("type", "signal") && is("sender", sender) && is("interface", interfaceName) && is("member", member)
                && !texts.containsKey("destination") && matchesPath(path);
    }

    /** Names, without their subtrees, whose change of owner it asks for: the first argument of NameOwnerChanged. */
    public Set<String> ownersWatched() {
        Argument name = arguments.get(0);
        return name == null || name.comparison == Comparison.PATH || !is("member", "NameOwnerChanged") || !is("interface", "org.freedesktop.DBus")
                || !is("sender", "org.freedesktop.DBus") ? Set.of() : Set.of(name.value);
    }

    private boolean is(String key, String actual) {
        String wanted = texts.get(key);
        return wanted == null || wanted.equals(actual);
    }

    private boolean matchesPath(String path) {
        String namespace = texts.get("path_namespace");
        return is("path", path)
                && (namespace == null || namespace.equals("/") || path.equals(namespace) || path.startsWith(namespace + "/"));
    }

    private boolean matchesArguments(List<String> actual) {
        for (Map.Entry<Integer, Argument> wanted : arguments.entrySet()) {
            String value = wanted.getKey() < actual.size() ? actual.get(wanted.getKey()) : null;
            if (value == null || !wanted.getValue().matches(value)) {
                return false;
            }
        }
        return true;
    }

    private String write() {
        StringBuilder text = new StringBuilder();
        for (String key : MatchRuleParser.TEXT_KEYS) {
            if (texts.containsKey(key)) {
                append(text, key, texts.get(key));
            }
        }
        arguments.forEach((number, argument) -> append(text, "arg" + number + argument.comparison.suffix, argument.value));
        if (eavesdrop) {
            append(text, "eavesdrop", "true");
        }
        return text.toString();
    }

    /** A quote cannot stand between quotes: it goes outside them, behind a backslash. */
    private static void append(StringBuilder text, String key, String value) {
        text.append(text.isEmpty() ? "" : ",").append(key).append("='").append(value.replace("'", "'\\''")).append('\'');
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof MatchRule rule && rule.canonical.equals(canonical);
    }

    @Override
    public int hashCode() {
        return canonical.hashCode();
    }

    @Override
    public String toString() {
        return canonical;
    }
}
