package io.berth.server;

/** The life of a container server, in order; no state is ever entered twice. */
public enum ServerState {
    /** Not ready: clients may connect, but are not accepted. */
    PREPARING("preparing"),
    LISTENING("listening"),
    /** No new clients; ends when the last one leaves. */
    DRAINING("draining"),
    CLOSING("closing");

    private final String word;

    ServerState(String word) {
        this.word = word;
    }

    public String word() {
        return word;
    }
}
