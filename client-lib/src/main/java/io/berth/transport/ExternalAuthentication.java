package io.berth.transport;

import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * What a client says to a bus before the first message: EXTERNAL with the numeric user id, and that it wants file descriptors
 * (D-Bus Specification, "Authentication Protocol"). It waits for each answer, because there are servers in the bus's place that
 * do not take it all at once. dbus-java has an authentication too; loading its mechanisms takes longer than all the rest of
 * connecting. For one thread; the channel is the caller's.
 */
final class ExternalAuthentication {
    /** An answer is a word and a GUID, or an error and its text. */
    private static final int LONGEST_LINE = 1024;
    private static final int[] NO_FDS = {};

    private final UnixChannel channel;
    private final byte[] letter = new byte[1];

    ExternalAuthentication(UnixChannel channel) {
        this.channel = channel;
    }

    /**
     * Leaves the channel where messages begin.
     *
     * @return whether the bus carries file descriptors
     * @throws IOException the bus does not let this user in, or has gone
     */
    boolean run() throws IOException {
        StringBuilder hex = new StringBuilder();
        for (char digit : Long.toString(NativeSockets.userId()).toCharArray()) {
            hex.append('3').append(digit); // the hexadecimal code of an ASCII digit
        }
        String answer = ask("\0AUTH EXTERNAL " + hex);
        if (!answer.startsWith("OK")) {
            throw new IOException("the bus does not let user " + NativeSockets.userId() + " in: it says '" + answer + "', expected OK");
        }
        boolean carriesFds = ask("NEGOTIATE_UNIX_FD").equals("AGREE_UNIX_FD");
        say("BEGIN");
        return carriesFds;
    }

    private String ask(String line) throws IOException {
        say(line);
        StringBuilder answer = new StringBuilder();
        // one at a time: what is behind the last answer belongs to whoever reads messages
        while (answer.length() < LONGEST_LINE) {
            if (channel.receive(letter, 0, 1) < 0) {
                throw new EOFException("the bus has ended the connection while authenticating");
            }
            if (letter[0] == '\n') {
                return answer.toString().strip();
            }
            answer.append((char) (letter[0] & 0x7f));
        }
        throw new IOException("the bus answers with a line of more than " + LONGEST_LINE + " bytes while authenticating");
    }

    private void say(String line) throws IOException {
        channel.send((line + "\r\n").getBytes(StandardCharsets.US_ASCII), NO_FDS);
    }
}
