package io.berth.learn;

/** How closely a learnt rule follows what was seen. */
public enum Granularity {
    /** Everything that the peer offers. */
    NAME,
    /** Every member of the interface, at any path. */
    INTERFACE,
    /** The member and the path; of paths with a digit in an element what lies above it, since such elements change. */
    METHOD
}
