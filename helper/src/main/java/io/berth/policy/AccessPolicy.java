package io.berth.policy;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The rules of one container server at one moment. A change makes a new one, so that whoever holds an old one knows that
 * it is old. Who owns which name is the relay's knowledge: it passes a peer's names in. Immutable.
 */
public final class AccessPolicy {
    /** One access rule, ready to compare. */
    private record Entry(AccessRule rule, Narrowing narrowing) {
        boolean sees() {
            return (rule.flags() & SEEN_BY) != 0;
        }

        boolean owns() {
            return rule.has(AccessFlags.OWN);
        }
    }

    private static final int SEEN_BY = AccessFlags.TALK | AccessFlags.OWN;
    private static final AccessRule EVERYTHING = new AccessRule(
            AccessFlags.TALK | AccessFlags.OWN | AccessFlags.FDS | AccessFlags.PATH_IS_SUBTREE, "", "/", "");

    private final List<AccessRule> rules;
    /** About one name each, by that name. However many rules there are, a question meets only those about what it asks. */
    private final Map<String, List<Entry>> exact = new HashMap<>();
    /** About a name and all below it, by that name. */
    private final Map<String, List<Entry>> subtrees = new HashMap<>();
    /** About an app, by {@code type/app_id}. */
    private final Map<String, List<Entry>> apps = new HashMap<>();
    /** What rules about everybody say. */
    private final Grant everybody;
    private final boolean ownsAny;
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
        Grant.Builder aboutEverybody = new Grant.Builder(Grant.ofNoRule(complain));
        boolean owns = false;
        for (AccessRule rule : unrestricted ? List.of(EVERYTHING) : this.rules) {
            Entry entry = new Entry(rule, Narrowing.of(rule));
            if (rule.busName().isEmpty()) {
                aboutEverybody.add(entry.narrowing, entry.sees());
                owns |= entry.owns();
            } else {
                put(rule.has(AccessFlags.NAME_IS_APP) ? apps : rule.has(AccessFlags.NAME_IS_SUBTREE) ? subtrees : exact, entry);
            }
            if (rule.has(AccessFlags.NAME_IS_APP) && entry.sees()) {
                seenApps.add(rule.busName());
            }
        }
        this.everybody = aboutEverybody.build(false);
        this.ownsAny = owns;
    }

    private static void put(Map<String, List<Entry>> index, Entry entry) {
        index.computeIfAbsent(entry.rule.busName(), name -> new ArrayList<>(1)).add(entry);
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
     * @param names every name it has, the unique one included, or at least those that rules speak of ({@link #speaksOf});
     *              or the one name that nobody owns
     * @param app   {@code type/app_id} of a confined peer that rules about apps may speak of, null for any other
     */
    public Grant grantFor(Collection<String> names, String app) {
        Grant.Builder grant = new Grant.Builder(everybody);
        Set<String> bases = new LinkedHashSet<>();
        boolean escapes = false;
        for (String name : names) {
            add(exact.get(name), grant);
            // unique names may be seen without any other name of the same connection
            for (String base = name.startsWith(":") ? null : name; base != null; base = NameSet.above(base)) {
                if (subtrees.containsKey(base)) {
                    bases.add(base);
                }
            }
            escapes |= hostEscape != null && hostEscape.contains(name);
        }
        bases.forEach(base -> add(subtrees.get(base), grant));
        add(apps.get(app), grant);
        return grant.build(escapes);
    }

    private static void add(List<Entry> entries, Grant.Builder grant) {
        if (entries != null) {
            entries.forEach(entry -> grant.add(entry.narrowing, entry.sees()));
        }
    }

    /** Whether what is said about the owner of this name may be more than what is said about everybody. */
    public boolean speaksOf(String name) {
        return hostEscape != null && hostEscape.contains(name) || isSaid(name, entry -> true);
    }

    /** Whether a rule about this name, or about those below one that it is below, is as wanted. */
    private boolean isSaid(String name, Predicate<Entry> wanted) {
        boolean said = exact.getOrDefault(name, List.of()).stream().anyMatch(wanted);
        for (String base = name; base != null && !said; base = NameSet.above(base)) {
            said = subtrees.getOrDefault(base, List.of()).stream().anyMatch(wanted);
        }
        return said;
    }

    /** Whether a rule makes this name exist for the app, whoever owns it. */
    public boolean seesName(String name) {
        return everybody.sees() || isSaid(name, Entry::sees);
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
        if (ownsAny || isSaid(name, Entry::owns)) {
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
