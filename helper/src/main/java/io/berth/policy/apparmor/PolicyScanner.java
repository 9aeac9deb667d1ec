package io.berth.policy.apparmor;

import java.util.Arrays;

/**
 * A policy text being read: where the reader is, what stands there, and the kinds of word that the language has
 * (parser/parser_lex.l). What words mean is left to the parsers.
 */
final class PolicyScanner {
    private static final String BLANK = " \t";
    private static final String NEVER_BARE = " \t\r\n\"!,";
    private static final int SHOWN = 40;

    private final String text;
    private final int[] lines;
    private int at;

    PolicyScanner(String text) {
        this.text = text;
        int[] starts = new int[1 + (int) text.chars().filter(c -> c == '\n').count()];
        int line = 1;
        for (int i = 0; line < starts.length; i++) {
            if (text.charAt(i) == '\n') {
                starts[line++] = i + 1;
            }
        }
        this.lines = starts;
    }

    SourcePosition position() {
        int found = Arrays.binarySearch(lines, at);
        int line = found >= 0 ? found : -found - 2;
        return new SourcePosition(line + 1, at - lines[line] + 1);
    }

    boolean atEnd() {
        return at == text.length();
    }

    /** The char at {@code offset} from here; NUL behind the end. */
    char peek(int offset) {
        return at + offset < text.length() ? text.charAt(at + offset) : 0;
    }

    char peek() {
        return peek(0);
    }

    /** Takes {@code expected} if it stands here. */
    boolean take(String expected) {
        boolean here = text.startsWith(expected, at);
        at += here ? expected.length() : 0;
        return here;
    }

    /** @throws PolicySyntaxException unless {@code expected} stands here */
    void require(String expected, String what) {
        if (!take(expected)) {
            throw unexpected(what);
        }
    }

    /** Spaces and tabs. */
    void skipBlanks() {
        while (!atEnd() && BLANK.indexOf(peek()) >= 0) {
            at++;
        }
    }

    /** Ends of lines too. */
    void skipSpace() {
        skipBlanks();
        while (isLineEnd()) {
            at += peek() == '\r' ? 2 : 1;
            skipBlanks();
        }
    }

    /** Comments too; they may stand between rules only. */
    void skipSpaceAndComments() {
        skipSpace();
        while (peek() == '#') {
            if (text.startsWith("#include", at)) {
                throw unexpected("rules: includes are not read, write the rules of the included file here");
            }
            skipLine();
            skipSpace();
        }
    }

    /** Up to the end of the line. */
    void skipLine() {
        while (!atEnd() && peek() != '\n') {
            at++;
        }
    }

    boolean isLineEnd() {
        return peek() == '\n' || peek() == '\r' && peek(1) == '\n';
    }

    /** {@code [A-Za-z][A-Za-z0-9_]*} from here on, without taking it; empty when there is none. */
    String peekName() {
        int end = at;
        while (end < text.length() && isNameChar(text.charAt(end), end > at)) {
            end++;
        }
        return text.substring(at, end);
    }

    /** Whether blanks, if any, and then {@code sign} follow at {@code offset}. */
    boolean isFollowedBy(int offset, char sign) {
        int i = offset;
        while (peek(i) != 0 && BLANK.indexOf(peek(i)) >= 0) {
            i++;
        }
        return peek(i) == sign;
    }

    void skip(int chars) {
        at += chars;
    }

    int offset() {
        return at;
    }

    void backTo(int offset) {
        at = offset;
    }

    /** A value up to white space or the rule's end; a comma is part of it when more follows. May be empty. */
    String takeBare() {
        return takeBare("");
    }

    /** The same, ending before any of {@code stops} too unless it stands behind a comma. */
    String takeBare(String stops) {
        String ends = NEVER_BARE + stops;
        int from = at;
        while (!atEnd()) {
            char c = peek();
            if (c == '\\' && isOneOf(peek(1), " \t\"!,")) {
                at += 2;
            } else if (c == ',' && !isOneOf(peek(1), ends) && peek(1) != 0) {
                at += 2;
            } else if (isOneOf(c, ends)) {
                break;
            } else {
                at++;
            }
        }
        return text.substring(from, at);
    }

    /** A value inside parentheses, where no comma is part of one. May be empty. */
    String takeListed() {
        int from = at;
        while (!atEnd()) {
            if (peek() == '\\' && isOneOf(peek(1), " \t\"!,()")) {
                at += 2;
            } else if (isOneOf(peek(), NEVER_BARE + "()")) {
                break;
            } else {
                at++;
            }
        }
        return text.substring(from, at);
    }

    /** What stands between the quote here and the one that ends it, backslashes as they are. */
    String takeQuoted() {
        int end = -1;
        for (int i = text.indexOf('"', at + 1); i >= 0; i = text.indexOf('"', i + 1)) {
            end = i;
            if (text.charAt(i - 1) != '\\') {
                break;
            }
        }
        if (end < 0) {
            throw unexpected("a closing \"");
        }
        String quoted = text.substring(at + 1, end);
        at = end + 1;
        return quoted;
    }

    /** The error of finding here what is found here. */
    PolicySyntaxException unexpected(String expected) {
        return position().error(found(), expected + (peek() == '#' ? "; a comment stands between rules only" : ""));
    }

    /** The error of finding a word that was taken from {@code from} on. */
    PolicySyntaxException unexpectedSince(int from, String expected) {
        String word = text.substring(from, at);
        at = from;
        return word.isEmpty() ? unexpected(expected) : position().error("'" + shown(word) + "'",
                expected + (word.indexOf(',') > 0 ? "; white space stands behind the comma that ends a rule" : ""));
    }

    private String found() {
        if (atEnd()) {
            return "the end of the text";
        }
        if (isLineEnd()) {
            return "the end of the line";
        }
        if (peek() < ' ') {
            return String.format("the character U+%04X", (int) peek());
        }
        int end = at + 1;
        if (!isOneOf(text.charAt(at), "(){},=\"!")) {
            while (end < text.length() && !isOneOf(text.charAt(end), NEVER_BARE + "()=")) {
                end++;
            }
        }
        return "'" + shown(text.substring(at, end)) + "'";
    }

    /** So much of a text that a message stays readable. */
    static String shown(String text) {
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    }

    private static boolean isOneOf(char c, String set) {
        return set.indexOf(c) >= 0;
    }

    private static boolean isNameChar(char c, boolean inside) {
        return c < 128 && (Character.isLetter(c) || inside && (Character.isDigit(c) || c == '_'));
    }
}
