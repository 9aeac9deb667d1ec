package io.berth.policy.apparmor;

import java.util.List;

/** A dbus rule as apparmor_parser reads it now (parser/parser_yacc.y, dbus_rule; parser/dbus.cc). */
final class TodayRuleParser implements RuleGrammar {
    private static final String ACCESS = "send, receive, bind, eavesdrop, r, w or rw";
    private static final String KEYS = "bus=, path=, interface=, member=, name= or peer=(";
    private static final String PEER_KEYS = "name=, label=, bus=, path=, interface= or member=";

    @Override
    public Dialect dialect() {
        return Dialect.TODAY;
    }

    @Override
    public List<RuleDraft> parse(PolicyScanner scanner, RulePrefix prefix) {
        RuleDraft draft = new RuleDraft(prefix);
        boolean access = false;
        boolean keys = false;
        boolean peer = false;
        boolean service = false;
        for (scanner.skipSpace(); !scanner.take(","); scanner.skipSpace()) {
            String name = scanner.peekName();
            if (peer) {
                throw scanner.unexpected("a comma: peer=(…) is the last of a rule");
            }
            if (!name.isEmpty() && scanner.isFollowedBy(name.length(), '=')) {
                keys = true;
                peer = name.equals("peer");
                if (peer) {
                    parsePeer(scanner, draft);
                } else {
                    service |= name.equals("name");
                    parseKey(scanner, draft, name);
                }
            } else if (access) {
                throw scanner.unexpected(keys ? KEYS + ", or a comma"
                        : KEYS + ", or a comma; several accesses stand in parentheses, as in (send, receive)");
            } else if (keys) {
                throw scanner.unexpected(KEYS + ", or a comma; an access such as send stands before the keys");
            } else {
                access = true;
                parseAccess(scanner, draft);
            }
        }
        check(draft, service, prefix.position());
        return List.of(draft);
    }

    private static void parseAccess(PolicyScanner scanner, RuleDraft draft) {
        if (scanner.take("(")) {
            for (scanner.skipSpace(); !scanner.take(")"); scanner.skipSpace()) {
                if (!scanner.take(",")) {
                    int from = scanner.offset();
                    String item = Escapes.decode(scanner.peek() == '"' ? scanner.takeQuoted() : scanner.takeListed());
                    int bits = bits(item);
                    if (bits == 0 && (!item.matches("[rwRW]*") || scanner.offset() == from)) {
                        throw scanner.unexpectedSince(from, ACCESS + ", or )");
                    }
                    draft.permit(bits);
                }
            }
            return;
        }
        int from = scanner.offset();
        String word = scanner.takeBare("=:)");
        if (!word.matches("send|receive|bind|eavesdrop|read|write|r|w|rw|wr")) {
            String hint = word.matches("acquire|system|session") ? "; this word is of the language of 2011, and a policy is written in one" : "";
            throw scanner.unexpectedSince(from, ACCESS + ", " + KEYS + ", or a comma" + hint);
        }
        draft.permit(bits(word));
    }

    private static int bits(String word) {
        return switch (word) {
            case "read" -> Permission.RECEIVE.bit();
            case "write" -> Permission.SEND.bit();
            default -> Permission.findByWord(word).map(Permission::bit).orElseGet(() -> !word.matches("[rwRW]+") ? 0
                    : (word.matches(".*[rR].*") ? Permission.RECEIVE.bit() : 0) | (word.matches(".*[wW].*") ? Permission.SEND.bit() : 0));
        };
    }

    private static void parseKey(PolicyScanner scanner, RuleDraft draft, String key) {
        if (key.equals("label")) {
            throw scanner.unexpected(KEYS + "; label= stands inside peer=(…)");
        }
        Field field = field(scanner, draft, key, KEYS);
        scanner.skip(key.length());
        scanner.skipBlanks();
        scanner.require("=", "=");
        scanner.skipBlanks();
        if (scanner.peek() != '(' && !scanner.isLineEnd()) {
            SourcePosition position = scanner.position();
            draft.set(field, takeValue(scanner, false), position);
            return;
        }
        scanner.skipSpace();
        scanner.require("(", "a value on the line of its key");
        boolean given = false;
        for (scanner.skipSpace(); !given || !scanner.take(")"); scanner.skipSpace()) {
            if (!scanner.take(",")) {
                if (given) {
                    throw scanner.unexpected("): one value for a key; several are one pattern, as in {a,b}");
                }
                given = true;
                SourcePosition position = scanner.position();
                draft.set(field, takeValue(scanner, true), position);
            }
        }
    }

    private static void parsePeer(PolicyScanner scanner, RuleDraft draft) {
        scanner.skip("peer".length());
        scanner.skipBlanks();
        scanner.require("=", "=");
        scanner.skipBlanks();
        scanner.require("(", "( on the same line as peer=");
        for (scanner.skipSpace(); !scanner.take(")"); scanner.skipSpace()) {
            if (scanner.take(",")) {
                continue;
            }
            int from = scanner.offset();
            String key = scanner.takeBare("=:)(");
            int behind = scanner.offset();
            scanner.backTo(from);
            Field field = field(scanner, draft, key, PEER_KEYS + ", or )");
            scanner.backTo(behind);
            do {
                scanner.skipSpace();
            } while (scanner.take(","));
            scanner.require("=", "=");
            boolean parentheses = scanner.isFollowedBy(0, '(');
            scanner.skipSpace();
            parentheses = parentheses && scanner.take("(");
            scanner.skipSpace();
            SourcePosition position = scanner.position();
            if (scanner.peek() == '"' && scanner.peek(1) == '"') {
                throw scanner.unexpected("a value that is not empty");
            }
            draft.set(field, takeValue(scanner, true), position);
            if (parentheses) {
                scanner.skipSpace();
                scanner.require(")", "): one value for a key; several are one pattern in quotes, as in \"{a,b}\"");
            }
        }
    }

    private static Field field(PolicyScanner scanner, RuleDraft draft, String key, String expected) {
        Field field = Field.findByKey(key).orElseThrow(() -> scanner.unexpected(expected));
        if (draft.has(field)) {
            throw scanner.unexpected("each key once in a rule");
        }
        return field;
    }

    private static String takeValue(PolicyScanner scanner, boolean listed) {
        if (scanner.peek() == '"') {
            return scanner.takeQuoted();
        }
        int from = scanner.offset();
        String value = listed ? scanner.takeListed() : scanner.takeBare();
        if (scanner.offset() == from) {
            throw scanner.unexpected("a value; quote one that has any of \" ! , ( ) or white space in it");
        }
        return value;
    }

    /**
     * Which keys go with which accesses, and what no access means (parser/dbus.cc).
     *
     * @param service {@code name=} stands outside of peer
     */
    private static void check(RuleDraft draft, boolean service, SourcePosition rule) {
        Field message = null;
        for (Field field : Field.values()) {
            if (field != Field.BUS && draft.has(field) && (field != Field.NAME || !service)) {
                message = field;
            }
        }
        if (service && message != null) {
            throw draft.position(message).error(message.key() + "= in a rule with name= outside of peer",
                    "one of the two: name= is of a rule about owning a name, " + message.key() + "= of one about messages");
        }
        int given = draft.permissions();
        if (given == 0) {
            draft.permit(message != null ? Permission.MESSAGE : service ? Permission.BIND.bit() : Permission.ALL);
        } else if (message != null && (given & ~Permission.MESSAGE) != 0) {
            throw draft.position(message).error(message.key() + "= in a rule with " + Permission.words(given & ~Permission.MESSAGE, " and "),
                    "send or receive alone: only they are about messages");
        } else if (service && given != Permission.BIND.bit()) {
            throw draft.position(Field.NAME).error("name= in a rule with " + Permission.words(given & ~Permission.BIND.bit(), " and "),
                    "peer=(name=…), which is about the other side of a message; name= is about owning a name");
        }
    }
}
