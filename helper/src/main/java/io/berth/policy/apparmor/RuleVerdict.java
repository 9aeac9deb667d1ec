package io.berth.policy.apparmor;

/**
 * What one side's policy says of one message or name: the bits that a query of AppArmor's compiled rules answers
 * (parser/libapparmor_re/hfa.cc, perms_t). There are a few fixed ones; none is made per query.
 */
public final class RuleVerdict {
    private static final int ALLOW = 1;
    private static final int AUDIT = 2;
    private static final int DENY = 4;
    private static final int QUIET = 8;
    private static final RuleVerdict[] ALL = new RuleVerdict[16];

    static {
        for (int bits = 0; bits < ALL.length; bits++) {
            ALL[bits] = new RuleVerdict(bits);
        }
    }

    private final int bits;

    private RuleVerdict(int bits) {
        this.bits = bits;
    }

    /** Nothing applies, or only a prompt: denied, and audited. */
    public static RuleVerdict unmatched() {
        return ALL[0];
    }

    static RuleVerdict allowed(boolean audit) {
        return ALL[audit ? ALLOW | AUDIT : ALLOW];
    }

    static RuleVerdict denied(boolean quiet) {
        return ALL[quiet ? DENY | QUIET : DENY];
    }

    public boolean allow() {
        return (bits & (ALLOW | DENY)) == ALLOW;
    }

    /** Whether a line is to be written, of the permission or of the denial. */
    public boolean audit() {
        return allow() ? (bits & AUDIT) != 0 : !quiet();
    }

    /** A rule denies and does not ask for an audit. */
    public boolean quiet() {
        return (bits & QUIET) != 0;
    }

    /** Whether a rule denies; false too when nothing applies. */
    public boolean isDeniedByRule() {
        return (bits & DENY) != 0;
    }

    /**
     * What the rules say of all names of a peer, when each was asked about alone: any of them may allow, any may deny, and
     * a denial wins. Only for policies without priorities, such as those of 2011.
     */
    public RuleVerdict joinedWith(RuleVerdict other) {
        return ALL[bits | other.bits];
    }

    @Override
    public String toString() {
        return (allow() ? "allow" : "deny") + (audit() ? ", audit" : "") + (quiet() ? ", quiet" : "");
    }
}
