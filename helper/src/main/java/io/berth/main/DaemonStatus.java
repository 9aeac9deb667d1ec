package io.berth.main;

/** Exit statuses of the daemon. */
public final class DaemonStatus {
    /** Ended by SIGTERM or SIGINT. */
    public static final int ENDED = 0;
    /** Something else is wrong; the message says what. */
    public static final int FAILED = 1;
    /** There is no session bus. */
    public static final int NO_BUS = 2;
    /** Another daemon has the name. */
    public static final int NAME_TAKEN = 3;
    /** The session bus has ended the connection. */
    public static final int BUS_LOST = 4;
    /** A fault; the virtual machine itself ends with NAME_TAKEN's number when it has no memory ({@code ExitOnOutOfMemoryError}). */
    public static final int FAULT = 5;

    private DaemonStatus() {
    }
}
