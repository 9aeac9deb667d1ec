package io.berth.api;

import java.util.Optional;

/** The rule options of the command line; the first five mean what they mean to xdg-dbus-proxy (its manual page, "Policy"). */
public enum RuleKind {
    /** The name exists for the app. */
    SEE("see", AccessFlags.SEE, false),
    /** Calls, signals and broadcasts, file descriptors included. */
    TALK("talk", AccessFlags.TALK | AccessFlags.FDS, false),
    /** As TALK, and the app may own the name. */
    OWN("own", AccessFlags.TALK | AccessFlags.FDS | AccessFlags.OWN, false),
    /** Method calls only, narrowed by a rule. */
    CALL("call", AccessFlags.SEE | AccessFlags.CALL | AccessFlags.FDS, true),
    /** Broadcast signals only, narrowed by a rule. */
    BROADCAST("broadcast", AccessFlags.SEE | AccessFlags.BROADCAST | AccessFlags.RECEIVE_FDS, true),
    /** Any permissions, spelled out: {@code --rule=FLAGS:NAME[=RULE]}. */
    RULE("rule", 0, false);

    private final String word;
    private final int permissions;
    private final boolean narrow;

    RuleKind(String word, int permissions, boolean narrow) {
        this.word = word;
        this.permissions = permissions;
        this.narrow = narrow;
    }

    /** The option without its dashes. */
    public String word() {
        return word;
    }

    /** {@code --word}. */
    public String option() {
        return "--" + word;
    }

    /** The permission bits it stands for; 0 for {@link #RULE}, which names its own. */
    int permissions() {
        return permissions;
    }

    /** Whether {@code =RULE} follows the name. */
    boolean isNarrow() {
        return narrow;
    }

    /** The kind whose permissions these are exactly. */
    static Optional<RuleKind> findByPermissions(int permissions) {
        for (RuleKind kind : values()) {
            if (kind != RULE && kind.permissions == permissions) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }
}
