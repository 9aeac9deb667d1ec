package io.berth.wire;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The bus's side of authentication (specification, "Authentication Protocol"), towards an app. The only mechanism is
 * EXTERNAL, with any numeric uid or none: who the app is has been read from its socket already. It takes bytes and gives
 * bytes; sockets, time limits and fds are left to its user. Not thread-safe; holds nothing to close.
 */
public final class SaslServer {
    /** How far an authentication has come. */
    public enum State {
        /** More bytes are needed. */
        RUNNING,
        /** What follows in the input is the first message. */
        DONE,
        /** For ever; {@link #failure} says why. */
        FAILED
    }

    private enum Step { NUL, AUTH, DATA, BEGIN }

    private static final int MAX_COMMANDS = 32;
    private static final String MECHANISM = "EXTERNAL";

    private final String guid;
    private final boolean fdsOffered;
    private final SaslLine lines = new SaslLine();
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private Step step = Step.NUL;
    private State state = State.RUNNING;
    private int commands;
    private boolean fdsNegotiated;
    private String failure;

    /**
     * @param guid       what OK tells: the GUID of the bus, 32 hexadecimal digits
     * @param fdsOffered whether NEGOTIATE_UNIX_FD is agreed to
     */
    public SaslServer(String guid, boolean fdsOffered) {
        this.guid = guid;
        this.fdsOffered = fdsOffered;
    }

    /**
     * Takes what the app sent, from position on, and never a byte behind the end of BEGIN's line.
     *
     * @return the state now; when it is {@link State#DONE}, what remains in {@code input} are messages
     */
    public State read(ByteBuffer input) {
        try {
            while (state == State.RUNNING && input.hasRemaining()) {
                if (step == Step.NUL) {
                    onFirstByte(input.get());
                } else {
                    String line = lines.read(input);
                    if (line != null) {
                        onLine(line);
                    }
                }
            }
        } catch (MalformedException malformed) {
            fail(malformed.getMessage());
        }
        return state;
    }

    /** What is to be sent to the app now, in order; empty when nothing is. The next call gives what came after. */
    public byte[] takeOutput() {
        byte[] bytes = output.toByteArray();
        output.reset();
        return bytes;
    }

    /** Whether both sides agreed to pass file descriptors. */
    public boolean fdsNegotiated() {
        return fdsNegotiated;
    }

    /** Why it failed; null when it did not. */
    public String failure() {
        return failure;
    }

    private void onFirstByte(byte first) {
        if (first == 0) {
            step = Step.AUTH;
        } else {
            fail("authentication: first byte " + (first & 0xff) + ", expected 0");
        }
    }

    private void onLine(String line) {
        if (++commands > MAX_COMMANDS) {
            fail("authentication: more than " + MAX_COMMANDS + " commands");
            return;
        }
        int space = line.indexOf(' ');
        String command = space < 0 ? line : line.substring(0, space);
        String argument = space < 0 ? "" : line.substring(space + 1);
        switch (command) {
            case "AUTH" -> onAuth(argument);
            case "DATA" -> onData(argument);
            case "BEGIN" -> onBegin(argument);
            case "NEGOTIATE_UNIX_FD" -> onNegotiateFds();
            case "CANCEL", "ERROR" -> onCancel(command);
            default -> answer("ERROR \"Unknown command\"");
        }
    }

    private void onAuth(String argument) {
        if (step != Step.AUTH) {
            answer("ERROR \"AUTH was sent before\"");
            return;
        }
        int space = argument.indexOf(' ');
        String mechanism = space < 0 ? argument : argument.substring(0, space);
        String response = space < 0 ? "" : argument.substring(space + 1);
        if (!mechanism.equals(MECHANISM)) {
            reject();
        } else if (response.isEmpty()) {
            step = Step.DATA;
            answer("DATA");
        } else {
            onIdentity(response);
        }
    }

    private void onData(String argument) {
        if (step == Step.DATA) {
            onIdentity(argument);
        } else {
            answer("ERROR \"DATA is not expected\"");
        }
    }

    /** Any numeric uid, also one of the app's own user namespace: what the socket tells decides, elsewhere. */
    private void onIdentity(String hex) {
        for (int i = 0; i < hex.length(); i += 2) {
            boolean digit = i + 1 < hex.length() && hex.charAt(i) == '3' && hex.charAt(i + 1) >= '0' && hex.charAt(i + 1) <= '9';
            if (!digit) {
                reject();
                return;
            }
        }
        step = Step.BEGIN;
        answer("OK " + guid);
    }

    private void onBegin(String argument) {
        if (step != Step.BEGIN || !argument.isEmpty()) {
            fail("authentication: BEGIN out of place");
        } else {
            state = State.DONE;
        }
    }

    private void onNegotiateFds() {
        if (step != Step.BEGIN) {
            answer("ERROR \"Authenticate first\"");
        } else if (!fdsOffered) {
            answer("ERROR \"The bus passes no file descriptors\"");
        } else {
            fdsNegotiated = true;
            answer("AGREE_UNIX_FD");
        }
    }

    private void onCancel(String command) {
        if (step == Step.AUTH && command.equals("CANCEL")) {
            answer("ERROR \"There is nothing to cancel\"");
        } else {
            reject();
        }
    }

    private void reject() {
        step = Step.AUTH;
        fdsNegotiated = false;
        answer("REJECTED " + MECHANISM);
    }

    private void answer(String line) {
        output.writeBytes((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    private void fail(String reason) {
        state = State.FAILED;
        failure = reason;
    }
}
