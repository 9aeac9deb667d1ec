package io.berth.control;

/**
 * The values of a reply. File descriptors among them are owned through {@link io.berth.transport.ReceivedFds} and closed
 * when the reply has been sent.
 */
record Answer(Object... values) {
    static final Answer EMPTY = new Answer();
}
