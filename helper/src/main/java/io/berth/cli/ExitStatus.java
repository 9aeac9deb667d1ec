package io.berth.cli;

/** What the command returns to the shell; the numbers are part of its interface and stand in every {@code --help}. */
final class ExitStatus {
    static final int OK = 0;
    static final int FAILURE = 1;
    static final int USAGE = 2;
    /** No helper, no bus, or (daemon) the name is taken. */
    static final int NO_HELPER = 3;
    /** identify: the connection belongs to no container. */
    static final int UNCONFINED = 4;
    /** learn, replay: a policy does not allow, or decide, what was recorded. */
    static final int DIFFERENT = 4;
    /** run: berth itself failed before the command started, as env(1), nohup(1) and timeout(1) say it. */
    static final int NOT_STARTED = 125;
    /** run: the command was found but cannot be executed (POSIX shell, "Exit Status for Commands"). */
    static final int NOT_EXECUTABLE = 126;
    /** run: there is no such command. */
    static final int NOT_FOUND = 127;

    private ExitStatus() {
    }
}
