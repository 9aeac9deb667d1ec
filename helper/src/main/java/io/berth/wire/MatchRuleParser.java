package io.berth.wire;

import io.berth.wire.MatchRule.Argument;
import io.berth.wire.MatchRule.Comparison;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Reads the text of one match rule the way the reference bus does: white space before a key and before its {@code =} is
 * passed over, behind the {@code =} it belongs to the value; an apostrophe begins and ends a quotation; outside of one, a
 * backslash makes an apostrophe literal and is itself literal before anything else. Stricter than that bus where it
 * passes over words: an empty key, more than 16 keys, a key twice, argument numbers that are not plain decimals.
 */
final class MatchRuleParser {
    /** In the order in which they are written. */
    static final List<String> TEXT_KEYS =
            List.of("type", "sender", "interface", "member", "path", "path_namespace", "destination");
    /** Bytes; the reference bus's DBUS_MAXIMUM_MATCH_RULE_LENGTH. */
    private static final int MAX_LENGTH = 1024;
    /** The reference bus does not look at what comes behind its sixteenth key. */
    private static final int MAX_KEYS = 16;
    private static final int MAX_ARGUMENT = 63;
    private static final Set<String> TYPES = Set.of("signal", "method_call", "method_return", "error");

    private final String text;
    private int at;
    private int keys;
    private final Map<String, String> texts = new HashMap<>();
    private final TreeMap<Integer, Argument> arguments = new TreeMap<>();
    private String eavesdrop;

    MatchRuleParser(String text) {
        this.text = text;
    }

    static void checkLength(String text) {
        if (text.length() > MAX_LENGTH || text.getBytes(StandardCharsets.UTF_8).length > MAX_LENGTH) {
            throw new MalformedException("match rule of more than " + MAX_LENGTH + " bytes");
        }
    }

    MatchRule parse() {
        checkLength(text);
        if (text.indexOf('\0') >= 0 || !StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw malformed("a character that no text can have");
        }
        skipWhiteSpace();
        while (at < text.length()) {
            String key = key();
            add(key, value());
            skipWhiteSpace();
        }
        return new MatchRule(texts, arguments, "true".equals(eavesdrop));
    }

    private void skipWhiteSpace() {
        while (at < text.length() && isWhite(text.charAt(at))) {
            at++;
        }
    }

    private static boolean isWhite(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
    }

    private String key() {
        int start = at;
        while (at < text.length() && text.charAt(at) != '=' && !isWhite(text.charAt(at))) {
            at++;
        }
        String key = text.substring(start, at);
        skipWhiteSpace();
        if (key.isEmpty() || at == text.length() || text.charAt(at) != '=') {
            throw malformed("expected KEY='VALUE'");
        }
        at++;
        return key;
    }

    /** Up to the next comma outside of quotes, which is passed, or to the end. */
    private String value() {
        StringBuilder value = new StringBuilder();
        boolean quoted = false;
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '\'') {
                quoted = !quoted;
            } else if (quoted) {
                value.append(c);
            } else if (c == ',') {
                return value.toString();
            } else if (c == '\\' && at < text.length()) {
                char next = text.charAt(at++);
                value.append(next == '\'' ? "'" : "\\" + next);
            } else {
                value.append(c);
            }
        }
        if (quoted) {
            throw malformed("a quotation that does not end");
        }
        return value.toString();
    }

    private void add(String key, String value) {
        if (++keys > MAX_KEYS) {
            throw malformed("more than " + MAX_KEYS + " keys");
        }
        boolean valid = switch (key) {
            case "type" -> TYPES.contains(value);
            case "sender", "destination" -> NameGrammar.isBusName(value);
            case "interface" -> NameGrammar.isInterface(value);
            case "member" -> NameGrammar.isMember(value);
            case "path", "path_namespace" -> NameGrammar.isObjectPath(value);
            case "eavesdrop" -> value.equals("true") || value.equals("false");
            default -> addArgument(key, value);
        };
        if (!valid) {
            throw malformed("'" + value + "' is no value for " + key);
        }
        if (key.equals("eavesdrop")) {
            checkOnce(eavesdrop == null, key);
            eavesdrop = value;
        } else if (TEXT_KEYS.contains(key)) {
            checkOnce(texts.put(key, value) == null, key);
            checkOnce(!texts.containsKey("path") || !texts.containsKey("path_namespace"), "path");
        }
    }

    private void checkOnce(boolean once, String key) {
        if (!once) {
            throw malformed(key + " twice");
        }
    }

    /** @return whether the value is one for that key */
    private boolean addArgument(String key, String value) {
        int digits = 3;
        while (digits < key.length() && key.charAt(digits) >= '0' && key.charAt(digits) <= '9') {
            digits++;
        }
        boolean numbered = key.startsWith("arg") && digits > 3 && digits <= 5 && (digits == 4 || key.charAt(3) != '0');
        int number = numbered ? Integer.parseInt(key.substring(3, digits)) : MAX_ARGUMENT + 1;
        String suffix = numbered ? key.substring(digits) : "";
        Comparison comparison = null;
        for (Comparison candidate : Comparison.values()) {
            if (candidate.suffix.equals(suffix)) {
                comparison = candidate;
            }
        }
        if (number > MAX_ARGUMENT || comparison == null || comparison == Comparison.NAMESPACE && number != 0) {
            throw malformed("unknown key " + key);
        }
        checkOnce(arguments.put(number, new Argument(comparison, value)) == null, "arg" + number);
        return switch (comparison) {
            case EQUAL -> true;
            case PATH -> !value.isEmpty();
            case NAMESPACE -> NameGrammar.isBusNamespace(value);
        };
    }

    private MalformedException malformed(String what) {
        return new MalformedException("match rule \"" + text + "\", at character " + at + ": " + what);
    }
}
