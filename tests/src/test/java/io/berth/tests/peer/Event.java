package io.berth.tests.peer;

/**
 * One thing that an endpoint observed, in words that are the same in both worlds (unique names are roles).
 *
 * @param at     {@code app} or a service's role
 * @param detail depends on the kind
 */
record Event(String at, Kind kind, String detail) {
    enum Kind {
        /** {@code SENDER DESTINATION PATH INTERFACE.MEMBER FLAGS FDS}. */
        CALL,
        /** {@code SENDER VALUE}. */
        RETURN,
        /** The last part of the error's name. */
        ERROR,
        /** As CALL; the destination is {@code -} for a broadcast. */
        SIGNAL,
        /** One name in a list of names. */
        LISTED,
        /** {@code NAME BEFORE NOW}. */
        OWNER_CHANGED
    }

    @Override
    public String toString() {
        return at + " " + kind + " " + detail;
    }
}
