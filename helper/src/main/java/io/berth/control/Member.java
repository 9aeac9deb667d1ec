package io.berth.control;

import java.util.concurrent.CompletableFuture;

/**
 * A method of one of our interfaces.
 *
 * @param name    as on the wire
 * @param in      signature of its arguments
 * @param out     signature of its reply
 * @param handler what it does
 */
record Member(String name, String in, String out, Handler handler) {
    /** Runs on the loop thread; the call's arguments fit {@code in}. An outcome that it throws or fails with becomes an error. */
    @FunctionalInterface
    interface Handler {
        CompletableFuture<Answer> handle(IncomingCall call);
    }
}
