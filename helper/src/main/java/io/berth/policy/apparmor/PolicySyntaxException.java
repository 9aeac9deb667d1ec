package io.berth.policy.apparmor;

/** A policy text that cannot be used: where, what was found there, and what could stand there. */
public final class PolicySyntaxException extends IllegalArgumentException {
    private final int line;
    private final int column;
    private final String found;
    private final String expected;

    PolicySyntaxException(int line, int column, String found, String expected) {
        super("line " + line + ", column " + column + ": found " + found + ", expected " + expected);
        this.line = line;
        this.column = column;
        this.found = found;
        this.expected = expected;
    }

    /** From 1. */
    public int line() {
        return line;
    }

    /** From 1, in UTF-16 units. */
    public int column() {
        return column;
    }

    public String found() {
        return found;
    }

    /** What could stand there, or why what stands there cannot. */
    public String expected() {
        return expected;
    }

    boolean isAfter(PolicySyntaxException other) {
        return line > other.line || line == other.line && column > other.column;
    }
}
