package io.berth.policy;

import io.berth.api.AccessFlags;
import io.berth.wire.MessageHeader;
import java.util.ArrayList;
import java.util.List;

/**
 * What the rules of one snapshot say about one peer: those rules of it that cover one of the peer's names. Made once per
 * peer, asked once per message without making an object. Immutable.
 */
public final class Grant {
    /** Nothing may be said to the peer, whatever rules or their absence say. */
    public static final Grant NOTHING = new Grant(0, new Narrowing[0], false, true, false);

    /** Collects the rules that cover a peer. */
    static final class Builder {
        private final List<Narrowing> narrow = new ArrayList<>();
        private int open;
        private boolean sees;

        /** @param sees whether the rule makes the peer exist for the app */
        void add(Narrowing rule, boolean sees) {
            this.sees |= sees;
            if (rule.isOpen()) {
                open |= rule.flags;
            } else {
                narrow.add(rule);
            }
        }

        /**
         * @param escapes  whether the peer hands out the host and must not be spoken to
         * @param complain let pass what is missing
         */
        Grant build(boolean escapes, boolean complain) {
            return new Grant(open, narrow.toArray(new Narrowing[0]), sees, escapes, complain);
        }
    }

    private final int open;
    private final Narrowing[] narrow;
    private final boolean sees;
    private final boolean escapes;
    private final boolean complain;

    /** @param open flags of the rules that cover every message */
    private Grant(int open, Narrowing[] narrow, boolean sees, boolean escapes, boolean complain) {
        this.open = open;
        this.narrow = narrow;
        this.sees = sees;
        this.escapes = escapes;
        this.complain = complain;
    }

    /** Whether a rule makes the peer exist for the app. */
    public boolean sees() {
        return sees || complain;
    }

    /** Flags of all rules that cover this message: CALL, SIGNAL, BROADCAST, SEND_FDS, RECEIVE_FDS. */
    public int flags(MessageHeader header) {
        int flags = open;
        for (Narrowing rule : narrow) {
            if ((flags | rule.flags) != flags && rule.covers(header)) {
                flags |= rule.flags;
            }
        }
        return flags;
    }

    /** Flags of all rules about the peer, whatever their path and interface. */
    public int anyFlags() {
        int flags = open;
        for (Narrowing rule : narrow) {
            flags |= rule.flags;
        }
        return flags;
    }

    /** Whether some message to the peer may pass. */
    public Verdict checkAny(int needed) {
        if (escapes) {
            return Verdict.HOST_ESCAPE;
        }
        return (anyFlags() & needed) == needed ? Verdict.ALLOWED : missing();
    }

    /** @param needed bits that must all be there, of {@link AccessFlags} */
    public Verdict check(int needed, MessageHeader header) {
        if (escapes && (needed & (AccessFlags.CALL | AccessFlags.SIGNAL)) != 0) {
            return Verdict.HOST_ESCAPE;
        }
        if ((open & needed) == needed || (flags(header) & needed) == needed) {
            return Verdict.ALLOWED;
        }
        return missing();
    }

    /** The verdict where nothing allows. */
    public Verdict missing() {
        return complain ? Verdict.COMPLAINED : sees ? Verdict.MISSING : Verdict.UNSEEN;
    }
}
