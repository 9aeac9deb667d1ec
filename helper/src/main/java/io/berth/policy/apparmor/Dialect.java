package io.berth.policy.apparmor;

/** The two forms of the language. A policy is written in one of them. */
public enum Dialect {
    /** As apparmor_parser reads it now. */
    TODAY,
    /**
     * As it was proposed in 2011. A name in it is any name that the peer owns, in either direction, where today's is the
     * text of the message's header.
     */
    PROPOSED_2011
}
