package io.berth.server;

/** Whether refusals are carried out. */
public enum Mode {
    ENFORCE("enforce"),
    /** Let through, audit what would have been denied. */
    COMPLAIN("complain");

    private final String word;

    Mode(String word) {
        this.word = word;
    }

    public String word() {
        return word;
    }
}
