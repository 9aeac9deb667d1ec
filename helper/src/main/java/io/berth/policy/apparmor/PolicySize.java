package io.berth.policy.apparmor;

/**
 * How much memory one policy takes while it is read, estimated from above. It is bounded before the memory is taken: nobody can
 * go on after an OutOfMemoryError. What is compiled from it has a limit of its own, in steps.
 */
final class PolicySize {
    static final int MOST = 8 << 20;
    /** Of one rule, and of one value in a rule or of a variable, besides their texts; bytes. */
    static final int RULE = 300;
    static final int VALUE = 120;
    static final int VARIABLE = 200;
    /** Of one step of a pattern: a character, and anything else. */
    static final int CHARACTER = 5;
    static final int STEP = 80;

    private int bytes;

    /**
     * @param more bytes, at most {@link #MOST}
     * @param here what is being read
     * @throws PolicySyntaxException when it is too much
     */
    void add(int more, SourcePosition here) {
        bytes += more;
        if (bytes > MOST) {
            throw here.error("a policy that becomes too large here", "one that takes less than " + (MOST >> 20)
                    + " MiB, its patterns read and its variables expanded");
        }
    }
}
