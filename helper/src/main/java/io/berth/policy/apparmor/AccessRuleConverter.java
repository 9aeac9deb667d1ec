package io.berth.policy.apparmor;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import io.berth.api.RuleText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Writes a policy as access rules. They allow only, know no labels, and take names, paths and interfaces literally or with
 * all that is below them; what does not fit is left out. An allowing rule of which a denying one takes something away is
 * left out too, because without the other it would allow more.
 */
final class AccessRuleConverter {
    private static final int MAX_RULES = 256;
    private static final SourcePosition NOWHERE = new SourcePosition(1, 1);
    private static final Pattern BELOW_NAME = tail("{,.*}");
    private static final Pattern BELOW_PATH = tail("{,/**}");
    private static final Pattern ANYTHING_IN_NAME = PatternParser.parse("*", NOWHERE);
    private static final Pattern ANY_PATH = PatternParser.parse("/{,**}", NOWHERE);
    private static final String DRIVER = "org.freedesktop.DBus";

    /** Texts, each exactly or with all that is below it. */
    private record Names(List<String> texts, boolean subtree) {
    }

    /** Why a rule cannot be converted. */
    private static final class InexpressibleException extends RuntimeException {
        InexpressibleException(String why) {
            super(why, null, false, false);
        }
    }

    private final ParsedPolicy policy;
    private final PatternOverlap overlap = new PatternOverlap();
    private final PolicyConversion result = new PolicyConversion();

    AccessRuleConverter(ParsedPolicy policy) {
        this.policy = policy;
    }

    private static Pattern tail(String optional) {
        Pattern.Choice choice = (Pattern.Choice) PatternParser.parse(optional, NOWHERE).elements().get(0);
        return choice.options().get(1);
    }

    PolicyConversion convert() {
        boolean hearsAll = false;
        for (DbusRule rule : policy.rules()) {
            hearsAll |= rule.mode() == RuleMode.ALLOW && rule.has(Permission.RECEIVE) && rule.conditions().isEmpty();
            if (rule.mode() != RuleMode.ALLOW) {
                result.note("line " + rule.position().line() + ": " + rule.mode().word() + " is not needed: what access rules do not allow they deny, and audit");
                continue;
            }
            try {
                checkNotDenied(rule);
                convert(rule);
                if (rule.audit()) {
                    result.lose(rule, "audit is left out: what access rules allow is not audited");
                }
            } catch (InexpressibleException inexpressible) {
                result.lose(rule, "left out: " + inexpressible.getMessage());
            }
        }
        result.note("access rules are about connections: a rule about a name covers its owner by any of its names");
        if (!hearsAll) {
            result.note("access rules always let in calls and unicast signals from others, wider than the policy");
        }
        return result;
    }

    private void checkNotDenied(DbusRule rule) {
        for (DbusRule other : policy.rules()) {
            int order = other.priority() != rule.priority() ? Integer.compare(other.priority(), rule.priority()) : other.mode().compareTo(rule.mode());
            if (order > 0 && other.mode() != RuleMode.ALLOW && overlap.mayOverlap(rule, other)) {
                throw new InexpressibleException(other.mode().word() + " on line " + other.position().line()
                        + " takes part of it away, and access rules cannot say that");
            }
        }
    }

    private void convert(DbusRule rule) {
        checkLabel(rule);
        List<String> prefixes = prefixes(rule);
        if (rule.has(Permission.BIND)) {
            add(prefixes, AccessFlags.OWN, rule, names(rule), List.of("/"), AccessFlags.PATH_IS_SUBTREE, List.of(""), 0);
        }
        if (rule.has(Permission.SEND)) {
            convertMessages(rule, prefixes, names(rule), AccessFlags.SEE | AccessFlags.CALL | AccessFlags.SIGNAL | AccessFlags.FDS);
        }
        if (rule.has(Permission.RECEIVE)) {
            if (rule.conditions().containsKey(Field.NAME) && policy.dialect() == Dialect.TODAY && !isAny(rule, Field.NAME)) {
                throw new InexpressibleException("the name of a receive rule is the sender's unique name, which is not known beforehand");
            }
            convertMessages(rule, prefixes, names(rule), AccessFlags.BROADCAST | AccessFlags.RECEIVE_FDS);
        }
        if (rule.has(Permission.EAVESDROP)) {
            result.lose(rule, "eavesdrop is left out: access rules never allow it");
        }
    }

    private void convertMessages(DbusRule rule, List<String> prefixes, Names names, int flags) {
        if (names.texts.equals(List.of(DRIVER))) {
            result.note("line " + rule.position().line() + ": the bus driver needs no access rule: what is harmless is allowed and answers are filtered");
            return;
        }
        Names paths = paths(rule);
        List<String> interfaces = literals(rule, Field.INTERFACE);
        List<String> members = literals(rule, Field.MEMBER);
        int memberFlag = 0;
        if (!members.isEmpty()) {
            if (interfaces.isEmpty()) {
                throw new InexpressibleException("access rules name a member only together with its interface");
            }
            List<String> both = new ArrayList<>();
            interfaces.forEach(one -> members.forEach(member -> both.add(one + "." + member)));
            interfaces = both;
            memberFlag = AccessFlags.INTERFACE_HAS_MEMBER;
        }
        add(prefixes, flags | memberFlag, rule, names, paths.texts, paths.subtree ? AccessFlags.PATH_IS_SUBTREE : 0,
                interfaces.isEmpty() ? List.of("") : interfaces, memberFlag);
    }

    private void add(List<String> prefixes, int flags, DbusRule rule, Names names, List<String> paths, int pathFlag,
            List<String> interfaces, int memberFlag) {
        if ((long) names.texts.size() * paths.size() * interfaces.size() > MAX_RULES) {
            throw new InexpressibleException("it stands for more than " + MAX_RULES + " access rules");
        }
        List<String> words = new ArrayList<>();
        for (String name : names.texts) {
            for (String path : paths) {
                for (String one : interfaces) {
                    try {
                        int all = flags | pathFlag | memberFlag | (names.subtree ? AccessFlags.NAME_IS_SUBTREE : 0);
                        words.add(RuleText.print(new AccessRule(all, name, path, one)));
                    } catch (IllegalArgumentException malformed) {
                        result.lose(rule, "left out in part: " + malformed.getMessage());
                    }
                }
            }
        }
        prefixes.forEach(prefix -> words.forEach(word -> result.line(prefix + word.substring(2))));
    }

    private void checkLabel(DbusRule rule) {
        if (rule.conditions().containsKey(Field.LABEL) && !isAny(rule, Field.LABEL)) {
            throw new InexpressibleException("access rules know no labels, and without label=" + text(rule, Field.LABEL) + " it would allow more");
        }
    }

    /** How options for the buses of the rule begin. */
    private List<String> prefixes(DbusRule rule) {
        List<String> prefixes = new ArrayList<>();
        if (!rule.conditions().containsKey(Field.BUS) || isAny(rule, Field.BUS)) {
            return List.of("--", "--system-");
        }
        for (String bus : rule.pattern(Field.BUS).findTexts(MAX_RULES)
                .orElseThrow(() -> new InexpressibleException("bus=" + text(rule, Field.BUS) + " is not one bus or a choice of some"))) {
            if (bus.equals("session") || bus.equals("system")) {
                prefixes.add(bus.equals("session") ? "--" : "--system-");
            } else {
                result.lose(rule, "bus=" + bus + " is left out: options are for session and system");
            }
        }
        return prefixes;
    }

    private Names names(DbusRule rule) {
        if (isAny(rule, Field.NAME)) {
            return new Names(List.of(""), false);
        }
        return subtree(rule, Field.NAME, BELOW_NAME, "N or N{,.*}, which is N and all below it");
    }

    private Names paths(DbusRule rule) {
        if (isAny(rule, Field.PATH)) {
            return new Names(List.of("/"), true);
        }
        return subtree(rule, Field.PATH, BELOW_PATH, "P or P{,/**}, which is P and all below it");
    }

    private static Names subtree(DbusRule rule, Field field, Pattern below, String expected) {
        Pattern pattern = rule.pattern(field);
        Optional<Pattern> base = pattern.findWithoutOptional(below);
        Optional<List<String>> texts = base.orElse(pattern).findTexts(MAX_RULES);
        return new Names(texts.orElseThrow(() -> new InexpressibleException(field.key() + "=" + text(rule, field) + " is neither " + expected)), base.isPresent());
    }

    /** Empty when the rule is about all. */
    private static List<String> literals(DbusRule rule, Field field) {
        if (isAny(rule, field)) {
            return List.of();
        }
        return rule.pattern(field).findTexts(MAX_RULES).orElseThrow(() -> new InexpressibleException(
                field.key() + "=" + text(rule, field) + " is neither one " + field.key() + " nor a choice of some"));
    }

    private static boolean isAny(DbusRule rule, Field field) {
        Pattern pattern = rule.pattern(field);
        return pattern == null || pattern.isEverything()
                || (field == Field.PATH ? pattern.equals(ANY_PATH) : field != Field.LABEL && pattern.equals(ANYTHING_IN_NAME));
    }

    private static String text(DbusRule rule, Field field) {
        return PolicyScanner.shown(rule.conditions().get(field).text());
    }
}
