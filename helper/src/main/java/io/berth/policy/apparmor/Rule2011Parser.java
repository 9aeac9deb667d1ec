package io.berth.policy.apparmor;

import java.util.ArrayList;
import java.util.List;

/**
 * A dbus rule as it was proposed on the AppArmor list in 2011:
 *
 * <pre>
 * dbus [system|session] [[address=]NAME] [path=P] [interface=I] [method=M] [PERMISSION|(PERMISSION, …)],
 * </pre>
 *
 * <p>in this order. One address serves both sides of a message and owning; path, interface and method say nothing about
 * owning. Without a permission it is send, receive and acquire.
 */
final class Rule2011Parser implements RuleGrammar {
    private static final List<String> KEYS = List.of("", "address", "path", "interface", "method");
    private static final List<Field> FIELDS = List.of(Field.BUS, Field.NAME, Field.PATH, Field.INTERFACE, Field.MEMBER);
    /** What may be a bus name or a pattern of some: a word without a dot, colon or wildcard is more likely a mistake. */
    private static final String NAME_LIKE = "[^=/]*[.:*?\\[{@][^=/]*";
    private static final String PERMISSIONS = "r, w, rw, send, receive, read, write, acquire or bind";

    private boolean readItsOwnWord;

    /** Whether anything was read that only this language has, before the end or an error. */
    boolean hasReadItsOwnWord() {
        return readItsOwnWord;
    }

    @Override
    public Dialect dialect() {
        return Dialect.PROPOSED_2011;
    }

    @Override
    public List<RuleDraft> parse(PolicyScanner scanner, RulePrefix prefix) {
        RuleDraft message = new RuleDraft(prefix);
        RuleDraft own = new RuleDraft(prefix);
        int permissions = 0;
        int next = 0;
        for (scanner.skipSpace(); !scanner.take(","); scanner.skipSpace()) {
            if (permissions != 0) {
                throw scanner.unexpected("a comma: in the language of 2011 permissions come last, and several in parentheses");
            }
            SourcePosition position = scanner.position();
            int from = scanner.offset();
            String name = scanner.peekName();
            int place;
            String value;
            if (!name.isEmpty() && scanner.isFollowedBy(name.length(), '=')) {
                place = KEYS.indexOf(name);
                if (place < next) {
                    throw scanner.unexpected(expected(next));
                }
                scanner.skip(name.length());
                scanner.skipBlanks();
                scanner.require("=", "=");
                scanner.skipBlanks();
                position = scanner.position();
                value = takeValue(scanner);
            } else if (scanner.peek() == '(') {
                permissions = parseList(scanner);
                continue;
            } else {
                boolean quoted = scanner.peek() == '"';
                value = takeValue(scanner);
                permissions = quoted ? 0 : bits(value);
                if (permissions != 0) {
                    continue;
                }
                boolean bus = !quoted && (value.equals("system") || value.equals("session"));
                place = bus ? 0 : KEYS.indexOf("address");
                if (place < next || !bus && !value.matches(NAME_LIKE)) {
                    throw scanner.unexpectedSince(from, expected(next));
                }
            }
            readItsOwnWord |= FIELDS.get(place) != Field.PATH && FIELDS.get(place) != Field.INTERFACE;
            next = place + 1;
            message.set(FIELDS.get(place), value, position);
            if (place <= 1) {
                own.set(FIELDS.get(place), value, position);
            }
        }
        return lower(permissions == 0 ? Permission.MESSAGE | Permission.BIND.bit() : permissions, message, own);
    }

    private static List<RuleDraft> lower(int permissions, RuleDraft message, RuleDraft own) {
        List<RuleDraft> rules = new ArrayList<>();
        if ((permissions & Permission.MESSAGE) != 0) {
            message.permit(permissions & Permission.MESSAGE);
            rules.add(message);
        }
        if ((permissions & Permission.BIND.bit()) != 0) {
            own.permit(Permission.BIND.bit());
            rules.add(own);
        }
        return rules;
    }

    private int parseList(PolicyScanner scanner) {
        scanner.require("(", "(");
        int permissions = 0;
        for (scanner.skipSpace(); !scanner.take(")"); scanner.skipSpace()) {
            if (!scanner.take(",")) {
                int from = scanner.offset();
                int bits = bits(scanner.takeListed());
                if (bits == 0) {
                    throw scanner.unexpectedSince(from, PERMISSIONS + ", or )");
                }
                permissions |= bits;
            }
        }
        if (permissions == 0) {
            throw scanner.unexpected("a permission inside ( ): " + PERMISSIONS);
        }
        return permissions;
    }

    private int bits(String word) {
        readItsOwnWord |= word.equals("acquire");
        return switch (word) {
            case "r", "read", "receive" -> Permission.RECEIVE.bit();
            case "w", "write", "send" -> Permission.SEND.bit();
            case "rw" -> Permission.MESSAGE;
            case "acquire", "bind" -> Permission.BIND.bit();
            default -> 0;
        };
    }

    private static String takeValue(PolicyScanner scanner) {
        if (scanner.peek() == '"') {
            return scanner.takeQuoted();
        }
        String value = scanner.takeBare("()");
        if (value.isEmpty()) {
            throw scanner.unexpected("a value; quote one that has any of \" ! , ( ) or white space in it");
        }
        return value;
    }

    /** @param next the first place that is still free */
    private static String expected(int next) {
        List<String> parts = new ArrayList<>();
        if (next == 0) {
            parts.add("system or session");
        }
        if (next <= 1) {
            parts.add("a bus name (address=NAME if it has no dot)");
        }
        for (int place = Math.max(next, 2); place < KEYS.size(); place++) {
            parts.add(KEYS.get(place) + "=");
        }
        return "in this order, in the language of 2011: " + String.join(", ", parts) + (parts.isEmpty() ? "" : ", ") + PERMISSIONS + ", a comma";
    }
}
