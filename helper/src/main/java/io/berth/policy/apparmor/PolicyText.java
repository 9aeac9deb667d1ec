package io.berth.policy.apparmor;

/**
 * Reads policies: dbus rules in today's or the 2011 form of the language, variables, comments. A text is in the form that
 * can read the whole of it; today's when both can. If neither can, the error is today's, unless the form of 2011 read more
 * and among it a word that only that form has.
 */
public final class PolicyText {
    /** Longest text that is read, in UTF-16 units. */
    public static final int MAX_LENGTH = 4 << 20;

    private PolicyText() {
    }

    /**
     * @param profileName what {@code @{profile_name}} stands for, literally: the label of who is ruled
     * @throws PolicySyntaxException at the first thing that cannot be used
     */
    public static ParsedPolicy parse(String text, String profileName) {
        checkText(text);
        try {
            return parse(text, new TodayRuleParser(), profileName);
        } catch (PolicySyntaxException today) {
            Rule2011Parser grammar = new Rule2011Parser();
            try {
                return parse(text, grammar, profileName);
            } catch (PolicySyntaxException old) {
                throw grammar.hasReadItsOwnWord() && old.isAfter(today) ? old : today;
            }
        }
    }

    private static ParsedPolicy parse(String text, RuleGrammar grammar, String profileName) {
        return new ParsedPolicy(text, grammar.dialect(), PolicyParser.parse(text, grammar, profileName));
    }

    private static void checkText(String text) {
        if (text.length() > MAX_LENGTH) {
            throw new SourcePosition(1, 1).error("a text of " + text.length() + " characters", "at most " + MAX_LENGTH);
        }
        int nul = text.indexOf('\0');
        if (nul >= 0) {
            PolicyScanner scanner = new PolicyScanner(text);
            scanner.skip(nul);
            throw scanner.position().error("a NUL character", "text");
        }
    }
}
