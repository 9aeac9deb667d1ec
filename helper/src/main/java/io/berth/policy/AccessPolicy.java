package io.berth.policy;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The rules of one container server at one moment. A change makes a new one, so that whoever holds an old one knows that
 * it is old. Who owns which name is the relay's knowledge: it passes a peer's names in. Immutable.
 */
public final class AccessPolicy {
    /** One access rule, ready to compare. */
    private record Entry(AccessRule rule, Narrowing narrowing) {
        boolean coversName(String name) {
            if (rule.has(AccessFlags.NAME_IS_APP)) {
                return false;
            }
            String wanted = rule.busName();
            return wanted.isEmpty() || wanted.equals(name)
                    || rule.has(AccessFlags.NAME_IS_SUBTREE) && NameSet.covers(wanted, name);
        }

        boolean covers(Collection<String> names, String app) {
            if (rule.has(AccessFlags.NAME_IS_APP)) {
                return rule.busName().equals(app);
            }
            // unique names may be seen without any other name of the same connection
            boolean bare = rule.busName().equals(AccessRule.UNIQUE_NAMES);
            return rule.busName().isEmpty() || !bare && names.stream().anyMatch(this::coversName);
        }
    }

    private static final int SEEN_BY = AccessFlags.TALK | AccessFlags.OWN;
    private static final AccessRule EVERYTHING = new AccessRule(
            AccessFlags.TALK | AccessFlags.OWN | AccessFlags.FDS | AccessFlags.PATH_IS_SUBTREE, "", "/", "");

    private final List<AccessRule> rules;
    private final List<Entry> entries;
    private final boolean unrestricted;
    private final boolean complain;
    private final NameSet hostEscape;

    /**
     * @param rules        not looked at when {@code unrestricted}
     * @param unrestricted everything but what is never allowed
     * @param complain     let pass what the rules do not allow
     * @param hostEscape   names that hand out the host, refused whatever the rules say; null to let the rules decide
     */
    public AccessPolicy(List<AccessRule> rules, boolean unrestricted, boolean complain, NameSet hostEscape) {
        this.rules = List.copyOf(rules);
        this.unrestricted = unrestricted;
        this.complain = complain;
        this.hostEscape = hostEscape;
        this.entries = new ArrayList<>();
        for (AccessRule rule : unrestricted ? List.of(EVERYTHING) : this.rules) {
            entries.add(new Entry(rule, Narrowing.of(rule)));
        }
    }

    /** The rules as they were given. */
    public List<AccessRule> rules() {
        return rules;
    }

    public boolean isUnrestricted() {
        return unrestricted;
    }

    public boolean complains() {
        return complain;
    }

    /**
     * What is said about a peer.
     *
     * @param names every name it has, the unique one included; or the one name that nobody owns
     * @param app   {@code type/app_id} of a confined peer, null for any other
     */
    public Grant grantFor(Collection<String> names, String app) {
        int open = 0;
        boolean sees = false;
        List<Narrowing> narrow = new ArrayList<>();
        for (Entry entry : entries) {
            if (entry.covers(names, app)) {
                sees |= (entry.rule.flags() & SEEN_BY) != 0;
                if (entry.narrowing.isOpen()) {
                    open |= entry.rule.flags();
                } else {
                    narrow.add(entry.narrowing);
                }
            }
        }
        boolean escapes = hostEscape != null && names.stream().anyMatch(hostEscape::contains);
        return new Grant(open, narrow.toArray(new Narrowing[0]), sees, escapes, complain);
    }

    /** Whether a rule makes this name exist for the app, whoever owns it. */
    public boolean seesName(String name) {
        return complain || entries.stream().anyMatch(e -> (e.rule.flags() & SEEN_BY) != 0 && e.coversName(name));
    }

    /** Whether the app may own a name. */
    public Verdict checkOwn(String name) {
        if (NeverAllowed.isHelperName(name)) {
            return Verdict.MISSING;
        }
        for (Entry entry : entries) {
            if (entry.rule.has(AccessFlags.OWN) && entry.coversName(name)) {
                return Verdict.ALLOWED;
            }
        }
        return complain ? Verdict.COMPLAINED : Verdict.MISSING;
    }

    /** Names whose owner must be known to judge a broadcast: those of rules with BROADCAST, subtrees with {@code .*} behind. */
    public Set<String> broadcastNames() {
        Set<String> names = new TreeSet<>();
        for (Entry entry : entries) {
            AccessRule rule = entry.rule;
            if (rule.has(AccessFlags.BROADCAST) && !rule.has(AccessFlags.NAME_IS_APP) && !rule.busName().isEmpty()
                    && !rule.busName().startsWith(":")) {
                names.add(rule.has(AccessFlags.NAME_IS_SUBTREE) ? rule.busName() + ".*" : rule.busName());
            }
        }
        return names;
    }
}
