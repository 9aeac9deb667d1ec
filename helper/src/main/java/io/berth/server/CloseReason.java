package io.berth.server;

/** Why a container server ended, in the words of {@code ContainerServerRemoved}. */
public enum CloseReason {
    REMOVED("removed"),
    CLOSED("closed"),
    INSTANCES_GONE("instances-gone"),
    CREATOR_GONE("creator-gone"),
    NEVER_STARTED("never-started"),
    BUS_GONE("bus-gone"),
    HELPER_EXIT("helper-exit");

    private final String word;

    CloseReason(String word) {
        this.word = word;
    }

    public String word() {
        return word;
    }
}
