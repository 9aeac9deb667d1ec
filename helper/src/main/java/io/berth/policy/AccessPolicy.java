package io.berth.policy;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The rules of one container server at one moment. A change makes a new one, so that whoever holds an old one knows that
 * it is old. Who owns which name is the relay's knowledge: it passes a peer's names in. Immutable.
 */
public final class AccessPolicy {
    /** One access rule, ready to compare. */
    private record Entry(AccessRule rule, Narrowing narrowing) {
        /** Of a rule that is about many names. */
        boolean coversName(String name) {
            return !rule.has(AccessFlags.NAME_IS_APP) && (rule.busName().isEmpty() || NameSet.covers(rule.busName(), name));
        }

        /** The same, or about an app. */
        boolean covers(Collection<String> names, String app) {
            if (rule.has(AccessFlags.NAME_IS_APP)) {
                return rule.busName().equals(app);
            }
            // unique names may be seen without any other name of the same connection
            boolean bare = rule.busName().equals(AccessRule.UNIQUE_NAMES);
            return rule.busName().isEmpty() || !bare && names.stream().anyMatch(this::coversName);
        }

        boolean sees() {
            return (rule.flags() & SEEN_BY) != 0;
        }
    }

    private static final int SEEN_BY = AccessFlags.TALK | AccessFlags.OWN;
    private static final AccessRule EVERYTHING = new AccessRule(
            AccessFlags.TALK | AccessFlags.OWN | AccessFlags.FDS | AccessFlags.PATH_IS_SUBTREE, "", "/", "");

    private final List<AccessRule> rules;
    /** About one name each, by that name: however many there are, a question meets those of its names only. */
    private final Map<String, List<Entry>> exact = new HashMap<>();
    /** About many names, or about an app. */
    private final List<Entry> wide = new ArrayList<>();
    private final Set<String> seenApps = new HashSet<>();
    private final boolean unrestricted;
    private final boolean complain;
    private final NameSet hostEscape;
    private final LabelPolicy labels;
    private Set<String> broadcastNames;

    /**
     * @param rules        not looked at when {@code unrestricted}
     * @param unrestricted everything but what is never allowed
     * @param complain     let pass what the rules do not allow
     * @param hostEscape   names that hand out the host, refused whatever the rules say; null to let the rules decide
     */
    public AccessPolicy(List<AccessRule> rules, boolean unrestricted, boolean complain, NameSet hostEscape) {
        this(rules, unrestricted, complain, hostEscape, null);
    }

    /** Access rules allow everything but what is never allowed: the label policy decides. */
    public static AccessPolicy of(LabelPolicy labels, boolean complain, NameSet hostEscape) {
        return new AccessPolicy(List.of(EVERYTHING), false, complain, hostEscape, labels);
    }

    private AccessPolicy(List<AccessRule> rules, boolean unrestricted, boolean complain, NameSet hostEscape, LabelPolicy labels) {
        this.labels = labels;
        this.rules = List.copyOf(rules);
        this.unrestricted = unrestricted;
        this.complain = complain;
        this.hostEscape = hostEscape;
        for (AccessRule rule : unrestricted ? List.of(EVERYTHING) : this.rules) {
            add(new Entry(rule, Narrowing.of(rule)));
        }
    }

    private void add(Entry entry) {
        AccessRule rule = entry.rule;
        if (rule.busName().isEmpty() || rule.has(AccessFlags.NAME_IS_SUBTREE) || rule.has(AccessFlags.NAME_IS_APP)) {
            wide.add(entry);
        } else {
            exact.computeIfAbsent(rule.busName(), name -> new ArrayList<>(1)).add(entry);
        }
        if (rule.has(AccessFlags.NAME_IS_APP) && entry.sees()) {
            seenApps.add(rule.busName());
        }
    }

    /** The rules as they were given. */
    public List<AccessRule> rules() {
        return rules;
    }

    /** What decides besides, by security labels; null for nothing. */
    public LabelPolicy labels() {
        return labels;
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
     * @param app   {@code type/app_id} of a confined peer that rules about apps may speak of, null for any other
     */
    public Grant grantFor(Collection<String> names, String app) {
        Grant.Builder grant = new Grant.Builder();
        for (String name : names) {
            exact.getOrDefault(name, List.of()).forEach(entry -> grant.add(entry.narrowing, entry.sees()));
        }
        for (Entry entry : wide) {
            if (entry.covers(names, app)) {
                grant.add(entry.narrowing, entry.sees());
            }
        }
        return grant.build(hostEscape != null && names.stream().anyMatch(hostEscape::contains), complain);
    }

    /** Whether a rule makes this name exist for the app, whoever owns it. */
    public boolean seesName(String name) {
        return complain || exact.getOrDefault(name, List.of()).stream().anyMatch(Entry::sees)
                || wide.stream().anyMatch(entry -> entry.sees() && entry.coversName(name));
    }

    /**
     * Whether another app's rules about this one have effect: this app has one about that one which makes it seen, or needs none.
     *
     * @param app {@code type/app_id} of the other
     */
    public boolean consentsTo(String app) {
        return unrestricted || labels != null || seenApps.contains(app);
    }

    /** {@code type/app_id} of apps that rules make seen. */
    public Set<String> seenApps() {
        return seenApps;
    }

    /** Whether the app may own a name. */
    public Verdict checkOwn(String name) {
        if (NeverAllowed.isHelperName(name)) {
            return Verdict.MISSING;
        }
        if (hostEscape != null && hostEscape.contains(name)) {
            return Verdict.HOST_ESCAPE;
        }
        boolean owns = exact.getOrDefault(name, List.of()).stream().anyMatch(entry -> entry.rule.has(AccessFlags.OWN))
                || wide.stream().anyMatch(entry -> entry.rule.has(AccessFlags.OWN) && entry.coversName(name));
        if (owns) {
            return Verdict.ALLOWED;
        }
        return complain ? Verdict.COMPLAINED : Verdict.MISSING;
    }

    /** Names whose owner must be known to judge a broadcast: those of rules with BROADCAST, subtrees with {@code .*} behind. */
    public Set<String> broadcastNames() {
        if (broadcastNames == null) {
            broadcastNames = Collections.unmodifiableSet(findBroadcastNames());
        }
        return broadcastNames;
    }

    private Set<String> findBroadcastNames() {
        Set<String> names = new HashSet<>();
        for (AccessRule rule : unrestricted ? List.of(EVERYTHING) : rules) {
            if (rule.has(AccessFlags.BROADCAST) && !rule.has(AccessFlags.NAME_IS_APP) && !rule.busName().isEmpty()
                    && !rule.busName().startsWith(":")) {
                names.add(rule.has(AccessFlags.NAME_IS_SUBTREE) ? rule.busName() + ".*" : rule.busName());
            }
        }
        return names;
    }
}
