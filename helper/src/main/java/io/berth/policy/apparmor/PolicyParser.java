package io.berth.policy.apparmor;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a whole policy text in one dialect: variables, what stands before a rule, comments; and says why whatever else an
 * AppArmor profile may hold cannot be read here. The rules themselves are the {@link RuleGrammar}'s.
 */
final class PolicyParser {
    private final PolicyScanner scanner;
    private final RuleGrammar grammar;
    private final PolicySize size = new PolicySize();
    private final Variables variables;
    private final Deque<RuleDraft> drafts = new ArrayDeque<>();

    private PolicyParser(String text, RuleGrammar grammar, String profileName) {
        this.scanner = new PolicyScanner(text);
        this.grammar = grammar;
        this.variables = new Variables(profileName, size);
    }

    /** @throws PolicySyntaxException at the first thing that cannot be used */
    static List<DbusRule> parse(String text, RuleGrammar grammar, String profileName) {
        PolicyParser parser = new PolicyParser(text, grammar, profileName);
        for (parser.scanner.skipSpaceAndComments(); !parser.scanner.atEnd(); parser.scanner.skipSpaceAndComments()) {
            parser.parseStatement();
        }
        List<DbusRule> rules = new ArrayList<>();
        Map<String, Pattern> known = new HashMap<>();
        for (RuleDraft draft = parser.drafts.poll(); draft != null; draft = parser.drafts.poll()) {
            rules.add(draft.finish(parser.variables, known, parser.size));
        }
        return rules;
    }

    private void parseStatement() {
        if (scanner.peek() == '@') {
            parseVariable();
            return;
        }
        RulePrefix prefix = parsePrefix();
        String word = scanner.peekName();
        if (word.equals("all") && grammar.dialect() == Dialect.TODAY) {
            scanner.skip(word.length());
            scanner.skipSpace();
            scanner.require(",", "a comma");
            RuleDraft draft = new RuleDraft(prefix);
            draft.permit(Permission.ALL);
            keep(List.of(draft));
        } else if (word.equals("dbus")) {
            scanner.skip(word.length());
            keep(grammar.parse(scanner, prefix));
        } else {
            throw scanner.unexpected(explain(word));
        }
    }

    private void keep(List<RuleDraft> read) {
        for (RuleDraft draft : read) {
            size.add(draft.size(), scanner.position());
            drafts.add(draft);
        }
    }

    private RulePrefix parsePrefix() {
        SourcePosition position = scanner.position();
        boolean today = grammar.dialect() == Dialect.TODAY;
        int priority = 0;
        if (today && scanner.peekName().equals("priority") && scanner.isFollowedBy("priority".length(), '=')) {
            priority = parsePriority();
        }
        boolean audit = takeWord("audit");
        RuleMode mode = takeWord("deny") ? RuleMode.DENY
                : today && takeWord("allow") ? RuleMode.ALLOW
                : today && takeWord("prompt") ? RuleMode.PROMPT : null;
        return new RulePrefix(position, priority, audit, mode);
    }

    private int parsePriority() {
        scanner.skip("priority".length());
        scanner.skipBlanks();
        scanner.require("=", "=");
        scanner.skipSpace();
        int from = scanner.offset();
        StringBuilder digits = new StringBuilder(scanner.take("-") ? "-" : "");
        if (digits.isEmpty()) {
            scanner.take("+");
        }
        for (; scanner.peek() >= '0' && scanner.peek() <= '9'; scanner.skip(1)) {
            digits.append(scanner.peek());
        }
        String expected = "a whole number from " + RulePrefix.LOWEST + " to " + RulePrefix.HIGHEST;
        int priority = digits.toString().matches("-?0*[0-9]{1,4}") ? Integer.parseInt(digits.toString()) : Integer.MAX_VALUE;
        if (priority < RulePrefix.LOWEST || priority > RulePrefix.HIGHEST) {
            scanner.backTo(from);
            throw scanner.unexpected(expected);
        }
        scanner.skipSpaceAndComments();
        return priority;
    }

    private boolean takeWord(String word) {
        boolean here = scanner.peekName().equals(word);
        if (here) {
            scanner.skip(word.length());
            scanner.skipSpaceAndComments();
        }
        return here;
    }

    /** {@code @{NAME} = VALUE…} up to the end of the line; {@code +=} adds. */
    private void parseVariable() {
        int start = scanner.offset();
        SourcePosition position = scanner.position();
        scanner.require("@", "@");
        boolean braces = scanner.take("{");
        String name = scanner.peekName();
        scanner.skip(name.length());
        if (name.isEmpty() || braces && !scanner.take("}")) {
            throw scanner.unexpected("the name of a variable, as in @{NAME}");
        }
        scanner.skipBlanks();
        boolean more = scanner.take("+=");
        if (!more && !scanner.take("=")) {
            throw scanner.unexpected("= or += and values for @{" + name + "}; rules about files are not read here");
        }
        if (variables.isDefined(name) != more) {
            scanner.backTo(start);
            throw scanner.unexpected(more ? "@{" + name + "}= before @{" + name + "}+=" : "@{" + name + "}= only once; += adds values");
        }
        List<String> values = new ArrayList<>();
        for (scanner.skipBlanks(); !scanner.atEnd() && !scanner.isLineEnd(); scanner.skipBlanks()) {
            if (scanner.peek() == '#') {
                scanner.skipLine();
            } else if (scanner.peek() == '"') {
                values.add(Escapes.decode(scanner.takeQuoted()));
            } else if (!scanner.take("\\\n") && !scanner.take("\\\r\n")) {
                String value = scanner.takeBare();
                if (value.isEmpty()) {
                    throw scanner.unexpected("a value or the end of the line; no comma ends the values of a variable");
                }
                values.add(Escapes.decode(value));
            }
        }
        if (values.isEmpty()) {
            throw scanner.unexpected("a value for @{" + name + "}");
        }
        variables.define(name, values, position);
    }

    private String explain(String word) {
        String rule = grammar.dialect() == Dialect.TODAY
                ? "a rule: [priority=N] [audit] [allow|deny|prompt] dbus …" : "a rule: [audit] [deny] dbus …";
        return switch (word) {
            case "include" -> rule + "; includes are not read, write the rules of the included file here";
            case "abi" -> rule + "; all dbus rules count here, whatever abi they were written for";
            case "profile", "hat" -> rule + "; only what stands inside a profile is read here, without the profile around it";
            case "if", "else" -> rule + "; conditional blocks are not read: apparmor_parser 3 leaves their dbus rules out without a word";
            case "owner", "other" -> rule + "; a dbus rule has no owner";
            case "audit", "allow", "deny", "prompt", "priority" -> rule + ", its words in this order";
            default -> scanner.peek() == '{'
                    ? rule + "; blocks are not read: apparmor_parser leaves their dbus rules out without a word. Write the words before the block before each rule"
                    : scanner.peek() == '$' ? rule + "; only variables with @ are read"
                    : rule + ", @{NAME}=VALUE, or a comment";
        };
    }
}
