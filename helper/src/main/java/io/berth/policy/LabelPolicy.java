package io.berth.policy;

import io.berth.policy.apparmor.CompiledPolicy;
import io.berth.policy.apparmor.Dialect;
import io.berth.policy.apparmor.Field;
import io.berth.policy.apparmor.ParsedPolicy;
import io.berth.policy.apparmor.Permission;
import io.berth.policy.apparmor.PolicyQuery;
import io.berth.policy.apparmor.PolicyText;
import io.berth.policy.apparmor.RuleVerdict;
import io.berth.wire.MessageHeader;
import java.nio.charset.StandardCharsets;

/**
 * The policy of one container server in AppArmor's D-Bus language, asked about headers. Who has which label and owns which
 * name is the relay's knowledge. It remembers what it has found out, so it is owned by one thread; being asked makes no object.
 */
public final class LabelPolicy {
    private static final byte[] DRIVER = "org.freedesktop.DBus".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NOTHING = {};

    /** Enough for some 8,000 rules of the usual kind. */
    private static final int MAX_STEPS = 1 << 18;
    /** What messages may make it remember, by the number of its rules: an app chooses what it says. */
    private static final int LEAST_REMEMBERED = 1 << 12;
    private static final int MOST_REMEMBERED = 1 << 15;
    private static final int REMEMBERED_PER_RULE = 64;

    private final String text;
    private final CompiledPolicy compiled;
    private final String label;
    private final PolicyQuery query = new PolicyQuery();

    private LabelPolicy(String text, CompiledPolicy compiled, String label) {
        this.text = text;
        this.compiled = compiled;
        this.label = label;
    }

    /**
     * Reads and compiles; thousands of rules take a noticeable part of a second.
     *
     * @param label of who is ruled, for {@code @{profile_name}}
     * @throws io.berth.policy.apparmor.PolicySyntaxException with line and column of what cannot be used
     */
    public static LabelPolicy compile(String text, String label) {
        ParsedPolicy parsed = PolicyText.parse(text, label);
        int remembered = Math.min(MOST_REMEMBERED, Math.max(LEAST_REMEMBERED, parsed.size() * REMEMBERED_PER_RULE));
        return new LabelPolicy(text, parsed.compile(MAX_STEPS, remembered), label);
    }

    /** How large it is: the steps of its patterns, of some 30 bytes each. */
    public int steps() {
        return compiled.steps();
    }

    /** Exactly as it was given. */
    public String text() {
        return text;
    }

    public String label() {
        return label;
    }

    /** The language that it is written in. */
    public Dialect dialect() {
        return compiled.dialect();
    }

    /** Whether a name in it is any name that the peer owns (the language of 2011), and not the text of the header. */
    public boolean isAboutOwners() {
        return compiled.dialect() == Dialect.PROPOSED_2011;
    }

    /**
     * What it says of a message. Where several labels, or in the language of 2011 several names, are the peer's, each is asked
     * about alone: any may allow, any may deny, and a denial wins.
     *
     * @param permission SEND or RECEIVE
     * @param bus        the type of the bus, empty for one without
     * @param field      where the name of the peer stands; when it is not there, the name is the bus driver's, as of a broadcast
     * @param owned      names that the peer owns, its unique name among them; empty when nobody has the name
     * @param labels     of the peer; one or more
     */
    public RuleVerdict check(Permission permission, byte[] bus, MessageHeader header, int field, byte[][] owned, byte[][] labels) {
        query.clear(permission).set(Field.BUS, bus);
        set(Field.PATH, header, MessageHeader.PATH);
        set(Field.INTERFACE, header, MessageHeader.INTERFACE);
        set(Field.MEMBER, header, MessageHeader.MEMBER);
        if (!header.has(field)) {
            return checkLabels(query.set(Field.NAME, DRIVER), labels);
        }
        if (owned.length == 0 || !isAboutOwners()) {
            set(Field.NAME, header, field);
            return checkLabels(query, labels);
        }
        RuleVerdict verdict = checkLabels(query.set(Field.NAME, owned[0]), labels);
        for (int i = 1; i < owned.length; i++) {
            verdict = verdict.joinedWith(checkLabels(query.set(Field.NAME, owned[i]), labels));
        }
        return verdict;
    }

    private RuleVerdict checkLabels(PolicyQuery asked, byte[][] labels) {
        RuleVerdict verdict = compiled.check(asked.set(Field.LABEL, labels[0]));
        for (int i = 1; i < labels.length; i++) {
            verdict = verdict.joinedWith(compiled.check(asked.set(Field.LABEL, labels[i])));
        }
        return verdict;
    }

    private void set(Field field, MessageHeader header, int headerField) {
        if (header.has(headerField)) {
            query.set(field, header.bytes(), header.start(headerField), header.length(headerField));
        } else {
            query.set(field, NOTHING);
        }
    }

    /** What it says of owning a name. */
    public RuleVerdict checkBind(byte[] bus, String name) {
        return compiled.check(query.clear(Permission.BIND).set(Field.BUS, bus).set(Field.NAME, name));
    }
}
