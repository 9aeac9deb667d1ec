package io.berth.cli;

/** What a command could not do, in one line for a person; the command line itself was right. Exit status 1. */
final class FailureException extends RuntimeException {
    FailureException(String message) {
        super(message);
    }
}
