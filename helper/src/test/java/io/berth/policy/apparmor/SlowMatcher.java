package io.berth.policy.apparmor;

import java.util.ArrayList;
import java.util.List;

/**
 * Globs by the table of apparmor.d(5), tried one way after the other: no code of the compiler, no regular expressions.
 * Takes patterns of ASCII without escapes but {@code \} before a wildcard.
 */
final class SlowMatcher {
    /** Where a brace or the comma of a choice stood: matches nothing and is no slash. */
    private static final char SEAM = '\u0001';

    private SlowMatcher() {
    }

    static boolean matches(String pattern, String value) {
        return choices(pattern).stream().anyMatch(one -> matches(one, 0, value, 0));
    }

    /** The same pattern without braces, in all its forms. */
    private static List<String> choices(String pattern) {
        int open = -1;
        int depth = 0;
        List<Integer> cuts = new ArrayList<>();
        boolean inBrackets = false;
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '[') {
                inBrackets = true;
            } else if (c == ']') {
                inBrackets = false;
            } else if (!inBrackets && c == '{' && depth++ == 0) {
                open = i;
                cuts.add(i);
            } else if (!inBrackets && c == ',' && depth == 1) {
                cuts.add(i);
            } else if (!inBrackets && c == '}' && --depth == 0) {
                cuts.add(i);
                List<String> all = new ArrayList<>();
                for (int cut = 0; cut + 1 < cuts.size(); cut++) {
                    all.addAll(choices(pattern.substring(0, open) + SEAM + pattern.substring(cuts.get(cut) + 1, cuts.get(cut + 1))
                            + SEAM + pattern.substring(i + 1)));
                }
                return all;
            }
        }
        return List.of(pattern);
    }

    private static boolean matches(String pattern, int at, String value, int from) {
        if (at == pattern.length()) {
            return from == value.length();
        }
        char c = pattern.charAt(at);
        switch (c) {
            case SEAM:
                return matches(pattern, at + 1, value, from);
            case '\\':
                return from < value.length() && value.charAt(from) == pattern.charAt(at + 1) && matches(pattern, at + 2, value, from + 1);
            case '?':
                return from < value.length() && value.charAt(from) != '/' && matches(pattern, at + 1, value, from + 1);
            case '[': {
                int end = pattern.indexOf(']', at);
                return from < value.length() && isInBrackets(pattern.substring(at + 1, end), value.charAt(from))
                        && matches(pattern, end + 1, value, from + 1);
            }
            case '*': {
                boolean any = pattern.startsWith("**", at);
                int stars = at;
                while (stars < pattern.length() && pattern.charAt(stars) == '*') {
                    stars++;
                }
                boolean alone = at > 0 && pattern.charAt(at - 1) == '/'
                        && (stars == pattern.length() || pattern.charAt(stars) == '/');
                int least = from;
                if (alone) {
                    if (from == value.length() || value.charAt(from) == '/') {
                        return false;
                    }
                    least++;
                }
                for (int to = from; to <= value.length(); to++) {
                    if (to >= least && matches(pattern, at + (any ? 2 : 1), value, to)) {
                        return true;
                    }
                    if (to < value.length() && !any && value.charAt(to) == '/') {
                        return false;
                    }
                }
                return false;
            }
            default:
                return from < value.length() && value.charAt(from) == c && matches(pattern, at + 1, value, from + 1);
        }
    }

    private static boolean isInBrackets(String members, char c) {
        boolean reverse = members.startsWith("^");
        boolean found = false;
        for (int i = reverse ? 1 : 0; i < members.length(); i++) {
            if (i + 2 < members.length() && members.charAt(i + 1) == '-') {
                found |= c >= members.charAt(i) && c <= members.charAt(i + 2);
                i += 2;
            } else {
                found |= members.charAt(i) == c;
            }
        }
        return found != reverse;
    }
}
