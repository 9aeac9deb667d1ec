package io.berth.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Access rules in the words of the command line: parsing and printing, each undoing the other.
 *
 * <pre>
 * --see=NAME  --talk=NAME  --own=NAME  --call=NAME=RULE  --broadcast=NAME=RULE  --rule=FLAGS:NAME[=RULE]
 * NAME   org.foo | org.foo.* (org.foo and all below it) | :1.42 | type/app_id (any connection of that app) | * (any)
 * RULE   [*|IFACE.*|IFACE.MEMBER][@PATH|@PATH/*]
 * FLAGS  see+call+signal+broadcast+own+send-fds+receive-fds, talk for the first four, fds for the last two
 * </pre>
 *
 * <p>The first five are xdg-dbus-proxy's, read as its program reads them: what follows the last dot of
 * {@code a.b.c} is a member, so a whole interface is {@code a.b.c.*}. A name with a single dot cannot be split and is
 * an interface, as its manual page says.
 */
public final class RuleText {
    private static final Map<String, Integer> FLAG_WORDS = Map.of(
            "see", AccessFlags.SEE, "call", AccessFlags.CALL, "signal", AccessFlags.SIGNAL,
            "broadcast", AccessFlags.BROADCAST, "own", AccessFlags.OWN, "send-fds", AccessFlags.SEND_FDS,
            "receive-fds", AccessFlags.RECEIVE_FDS, "talk", AccessFlags.TALK, "fds", AccessFlags.FDS);
    /** Groups before their members: the order in which flags are printed. */
    private static final List<String> PRINT_ORDER = List.of(
            "talk", "see", "call", "signal", "broadcast", "own", "fds", "send-fds", "receive-fds");

    private RuleText() {
    }

    /**
     * Reads one whole word such as {@code --talk=org.foo.*}.
     *
     * @throws IllegalArgumentException naming the value and what was expected
     */
    public static AccessRule parse(String word) {
        int equals = word.indexOf('=');
        if (word.startsWith("--") && equals > 0) {
            for (RuleKind kind : RuleKind.values()) {
                if (word.substring(2, equals).equals(kind.word())) {
                    return parse(kind, word.substring(equals + 1));
                }
            }
        }
        throw NameGrammar.rejected("access rule", word,
                "--see=NAME, --talk=NAME, --own=NAME, --call=NAME=RULE, --broadcast=NAME=RULE or --rule=FLAGS:NAME[=RULE]");
    }

    /**
     * Reads what follows {@code --kind=}.
     *
     * @throws IllegalArgumentException naming the value and what was expected
     */
    public static AccessRule parse(RuleKind kind, String text) {
        int flags = kind.permissions();
        String name = text;
        String rule = "";
        if (kind == RuleKind.RULE) {
            int colon = text.indexOf(':');
            if (colon < 0) {
                throw NameGrammar.rejected("--rule", text, "FLAGS:NAME[=RULE], such as talk:org.example.Foo");
            }
            flags = parseFlags(text.substring(0, colon));
            name = text.substring(colon + 1);
        }
        if (kind.isNarrow() || kind == RuleKind.RULE) {
            // RULE never holds an equals sign; an app identifier may.
            int equals = name.lastIndexOf('=');
            if (equals >= 0) {
                rule = name.substring(equals + 1);
                name = name.substring(0, equals);
            } else if (kind.isNarrow()) {
                throw NameGrammar.rejected(kind.option(), text, "NAME=RULE, such as org.example.Foo=org.example.Iface.*@/path/*");
            }
        }
        return parseParts(flags, name, rule);
    }

    private static AccessRule parseParts(int permissions, String nameText, String rule) {
        int flags = permissions;
        String name = nameText;
        if (name.isEmpty()) {
            throw NameGrammar.rejected("bus name", name, "a name, or * for any");
        } else if (name.equals("*")) {
            name = "";
        } else if (name.indexOf('/') >= 0) {
            flags |= AccessFlags.NAME_IS_APP;
        } else if (name.endsWith(".*")) {
            flags |= AccessFlags.NAME_IS_SUBTREE;
            name = name.substring(0, name.length() - 2);
        }

        int at = rule.indexOf('@');
        String path = at < 0 ? "/*" : rule.substring(at + 1);
        if (path.endsWith("/*")) {
            flags |= AccessFlags.PATH_IS_SUBTREE;
            path = path.length() == 2 ? "/" : path.substring(0, path.length() - 2);
        }

        String method = at < 0 ? rule : rule.substring(0, at);
        if (method.equals("*")) {
            method = "";
        } else if (method.endsWith(".*")) {
            method = NameGrammar.checkInterface(method.substring(0, method.length() - 2));
        } else if (method.indexOf('.') != method.lastIndexOf('.')) {
            flags |= AccessFlags.INTERFACE_HAS_MEMBER;
        }
        return new AccessRule(flags, name, path, method);
    }

    private static int parseFlags(String text) {
        int flags = 0;
        for (String word : text.split("\\+", -1)) {
            Integer bits = FLAG_WORDS.get(word);
            if (bits == null) {
                throw NameGrammar.rejected("permission", word, "words of " + String.join(", ", PRINT_ORDER) + ", joined by +");
            }
            flags |= bits;
        }
        return flags;
    }

    /** The word that {@link #parse(String)} reads back as the same rule. */
    public static String print(AccessRule rule) {
        int permissions = rule.flags() & AccessFlags.PERMISSIONS;
        String name = printName(rule);
        String narrowing = printNarrowing(rule);
        RuleKind kind = RuleKind.findByPermissions(permissions)
                .filter(found -> found.isNarrow() || narrowing.equals("*")).orElse(RuleKind.RULE);
        StringBuilder word = new StringBuilder(kind.option()).append('=');
        if (kind == RuleKind.RULE) {
            word.append(printFlags(permissions)).append(':');
        }
        word.append(name);
        if (kind.isNarrow() || kind == RuleKind.RULE && (!narrowing.equals("*") || name.indexOf('=') >= 0)) {
            word.append('=').append(narrowing);
        }
        return word.toString();
    }

    private static String printName(AccessRule rule) {
        if (rule.busName().isEmpty()) {
            return "*";
        }
        return rule.has(AccessFlags.NAME_IS_SUBTREE) ? rule.busName() + ".*" : rule.busName();
    }

    private static String printNarrowing(AccessRule rule) {
        boolean subtree = rule.has(AccessFlags.PATH_IS_SUBTREE);
        String path = "@" + rule.objectPath();
        if (subtree) {
            path = rule.objectPath().equals("/") ? "" : path + "/*";
        }
        String method = rule.interfaceName();
        if (!method.isEmpty() && !rule.has(AccessFlags.INTERFACE_HAS_MEMBER)) {
            method += ".*";
        }
        return method.isEmpty() && path.isEmpty() ? "*" : method + path;
    }

    private static String printFlags(int permissions) {
        List<String> words = new ArrayList<>();
        int left = permissions;
        for (String word : PRINT_ORDER) {
            int bits = FLAG_WORDS.get(word);
            if ((left & bits) == bits) {
                words.add(word);
                left &= ~bits;
            }
        }
        return String.join("+", words);
    }
}
