package io.berth.policy.apparmor;

import io.berth.policy.apparmor.Pattern.Choice;
import io.berth.policy.apparmor.Pattern.Element;
import io.berth.policy.apparmor.Pattern.Many;
import io.berth.policy.apparmor.Pattern.One;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Reads the globs of the language as apparmor_parser compiles them (parser/parser_regex.c, convert_aaregex_to_pcre, and
 * libapparmor_re/parse.y for what is inside brackets). Takes byte strings with variables expanded.
 *
 * <p>Refused although apparmor_parser takes it, because it makes something else of it than anybody means: a wildcard
 * inside brackets, and a closing bracket as their first byte.
 */
final class PatternParser {
    /** parser_regex.c, MAX_ALT_DEPTH. */
    private static final int MAX_DEPTH = 50;
    /** One for each character, shared by all patterns. */
    private static final One[] CHARACTERS = IntStream.range(0, 256).mapToObj(c -> new One(ByteSet.single(c))).toArray(One[]::new);

    private final String text;
    private final SourcePosition position;
    private final PolicySize size;
    private int at;
    /** The byte just read was a plain slash. */
    private boolean afterSlash;

    private PatternParser(String text, SourcePosition position, PolicySize size) {
        this.text = text;
        this.position = position;
        this.size = size;
    }

    /** A pattern of no policy. */
    static Pattern parse(String text, SourcePosition position) {
        return parse(text, position, new PolicySize());
    }

    /**
     * @param position of the value, for errors
     * @param size     of the policy; grows by what the pattern takes
     * @throws PolicySyntaxException when the text is no pattern
     */
    static Pattern parse(String text, SourcePosition position, PolicySize size) {
        PatternParser parser = new PatternParser(text, position, size);
        Pattern pattern = parser.sequence(0);
        if (parser.at < text.length()) {
            throw parser.error("a { before each }");
        }
        return pattern;
    }

    /** Elements up to the end, or inside braces to the next comma or closing brace. */
    private Pattern sequence(int depth) {
        List<Element> elements = new ArrayList<>();
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '}' || c == ',' && depth > 0) {
                break;
            }
            at++;
            size.add("*?[{".indexOf(c) < 0 ? PolicySize.CHARACTER : PolicySize.STEP, position);
            boolean slash = false;
            switch (c) {
                case '\\' -> {
                    if (at == text.length()) {
                        throw error("a character after \\ at the end");
                    }
                    char literal = text.charAt(at++);
                    slash = literal == '/';
                    elements.add(CHARACTERS[literal]);
                }
                case '*' -> star(elements);
                case '?' -> elements.add(new One(ByteSet.NOT_SLASH));
                case '[' -> elements.add(new One(brackets()));
                case ']' -> throw error("a [ before each ]");
                case '{' -> elements.add(braces(depth + 1));
                default -> {
                    slash = c == '/';
                    elements.add(CHARACTERS[c]);
                }
            }
            afterSlash = slash;
        }
        return elements.isEmpty() ? Pattern.EMPTY : new Pattern(List.copyOf(elements));
    }

    /** Stars that are all of a path's component stand for a component that is not empty. */
    private void star(List<Element> elements) {
        int rest = at;
        while (rest < text.length() && text.charAt(rest) == '*') {
            rest++;
        }
        if (afterSlash && (rest == text.length() || text.charAt(rest) == '/')) {
            elements.add(new One(ByteSet.NOT_SLASH));
        }
        if (at < rest) {
            at++;
            elements.add(new Many(ByteSet.ANY));
        } else {
            elements.add(new Many(ByteSet.NOT_SLASH));
        }
    }

    private Choice braces(int depth) {
        if (depth >= MAX_DEPTH) {
            throw error("{} in one another at most " + (MAX_DEPTH - 1) + " deep");
        }
        List<Pattern> options = new ArrayList<>();
        char end;
        do {
            afterSlash = false;
            size.add(PolicySize.STEP, position);
            options.add(sequence(depth));
            if (at == text.length()) {
                throw error("a } for each {");
            }
            end = text.charAt(at++);
        } while (end == ',');
        if (options.size() == 1) {
            throw error("two choices or more between { and }, separated by a comma");
        }
        return new Choice(List.copyOf(options));
    }

    /** What follows a {@code [}. A {@code -} or {@code ^} means itself or a range or the reverse by where it stands. */
    private ByteSet brackets() {
        int[] members = members();
        int first = members.length > 0 && members[0] == -'^' ? 1 : 0;
        boolean reverse = first == 1;
        ByteSet set = ByteSet.NONE;
        int i = first;
        boolean leading = true;
        if (reverse && i < members.length && members[i] == -'^') {
            set = ByteSet.single('^');
            i++;
            leading = false;
        }
        if (leading && i == members.length) {
            throw error("something between [ and ]");
        }
        while (i < members.length) {
            if (members[i] == -'-' && !leading) {
                throw error("- in brackets first, or between two characters: [-a] or [a-z]");
            }
            int low = Math.abs(members[i++]);
            int high = low;
            if (i < members.length && members[i] == -'-') {
                if (i + 1 == members.length || members[i + 1] == -'-') {
                    throw error("- in brackets first, or between two characters: [-a] or [a-z]");
                }
                high = Math.abs(members[i + 1]);
                i += 2;
            }
            set = set.plusRange(Math.min(low, high), Math.max(low, high));
            leading = false;
        }
        return reverse ? ByteSet.ANY.minus(set) : set;
    }

    /** The bytes up to the closing bracket; {@code -} and {@code ^} negative where they may have a meaning of their own. */
    private int[] members() {
        List<Integer> members = new ArrayList<>();
        while (at < text.length()) {
            char c = text.charAt(at++);
            boolean escaped = c == '\\';
            if (escaped) {
                if (at == text.length()) {
                    break;
                }
                c = text.charAt(at++);
                if (c == ',') {
                    members.add((int) '\\');
                }
            } else if (c == ']') {
                return members.stream().mapToInt(Integer::intValue).toArray();
            } else if (c == '*' || c == '?') {
                throw error("no wildcard inside [ and ]; write \\" + c + " for the character");
            }
            members.add(c == '-' || c == '^' ? -c : c);
        }
        throw error("a ] for each [");
    }

    private PolicySyntaxException error(String expected) {
        return position.error("pattern '" + PolicyScanner.shown(text) + "'", expected);
    }
}
