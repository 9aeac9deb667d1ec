package io.berth.policy.apparmor;

import java.nio.charset.StandardCharsets;

/**
 * The first of the two readings of backslashes in a value (parser/parser_misc.c, processunquoted): numbers and letters
 * become bytes. What would then be a wildcard, and what is no escape here, keeps its backslash for {@link PatternParser}.
 * Values are byte strings from here on: one char per byte, 0 to 255.
 */
final class Escapes {
    private static final String WILD = "*?[]{}^,\\";
    private static final String LETTERS = "\\\"aefnrt";
    private static final String MEANINGS = "\\\"\u0007\u001b\f\n\r\t";

    private final String text;
    private int at;

    private Escapes(String text) {
        this.text = text;
    }

    /** The bytes of a token as it stands in the policy, without its quotes. */
    static String decode(String token) {
        String bytes = new String(token.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        return bytes.indexOf('\\') < 0 ? bytes : new Escapes(bytes).decode();
    }

    private String decode() {
        StringBuilder out = new StringBuilder(text.length());
        while (at < text.length()) {
            int from = at++;
            char c = text.charAt(from);
            int value = c == '\\' && at < text.length() ? sequence() : -1;
            if (value < 0) {
                at = from + 1;
                out.append(c);
            } else {
                if (WILD.indexOf(value) >= 0) {
                    out.append('\\');
                }
                out.append((char) value);
            }
        }
        return out.toString();
    }

    /** The byte that the escape at {@code at} stands for, -1 when it is none. */
    private int sequence() {
        char c = text.charAt(at);
        if (c >= '0' && c <= '7') {
            return number(8, 3);
        }
        at++;
        if (c == 'd') {
            return number(10, 3);
        }
        if (c == 'x') {
            return number(16, 2);
        }
        int letter = LETTERS.indexOf(c);
        return letter < 0 ? -1 : MEANINGS.charAt(letter);
    }

    /** As many digits as make a byte; -1 when there are none. */
    private int number(int base, int digits) {
        int value = -1;
        for (int i = 0; i < digits && at < text.length(); i++, at++) {
            int digit = Character.digit(text.charAt(at), base);
            int longer = Math.max(value, 0) * base + digit;
            if (digit < 0 || longer > 255) {
                break;
            }
            value = longer;
        }
        return value;
    }
}
