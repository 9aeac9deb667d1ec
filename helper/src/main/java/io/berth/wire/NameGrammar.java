package io.berth.wire;

/**
 * Which texts are names and paths (specification, "Valid Names" and "Valid Object Paths"). Where the reference
 * implementation takes more than the specification says, this follows the specification.
 */
final class NameGrammar {
    private static final int MAX_NAME = 255;

    private NameGrammar() {
    }

    /** A unique or a well-known bus name. */
    static boolean isBusName(String text) {
        return text.startsWith(":")
                ? isDotted(text, 1, 2, true, true)
                : isDotted(text, 0, 2, true, false);
    }

    /** The beginning of well-known names, at a dot: one element or more. */
    static boolean isBusNamespace(String text) {
        return isDotted(text, 0, 1, true, false);
    }

    static boolean isInterface(String text) {
        return isDotted(text, 0, 2, false, false);
    }

    static boolean isMember(String text) {
        return text.indexOf('.') < 0 && isDotted(text, 0, 1, false, false);
    }

    static boolean isObjectPath(String text) {
        if (text.equals("/")) {
            return true;
        }
        if (!text.startsWith("/") || text.endsWith("/")) {
            return false;
        }
        for (int i = 1; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '/' ? text.charAt(i - 1) == '/' : !isWordCharacter(c)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isDotted(String text, int from, int minimum, boolean hyphens, boolean digitsFirst) {
        if (text.length() > MAX_NAME) {
            return false;
        }
        int elements = 1;
        boolean first = true;
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '.') {
                if (first) {
                    return false;
                }
                elements++;
                first = true;
            } else {
                boolean digit = c >= '0' && c <= '9';
                if (!isWordCharacter(c) && !(hyphens && c == '-') || digit && first && !digitsFirst) {
                    return false;
                }
                first = false;
            }
        }
        return !first && elements >= minimum;
    }

    private static boolean isWordCharacter(char c) {
        return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_';
    }
}
