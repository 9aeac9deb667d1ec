package io.berth.wire;

import io.berth.wire.SaslServer.State;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Our side of authentication towards a bus (specification, "Authentication Protocol"): EXTERNAL with our uid, everything
 * sent at once. It takes bytes and gives bytes. Not thread-safe; holds nothing to close.
 */
public final class SaslClient {
    private final int uid;
    private final boolean wantFds;
    private final SaslLine lines = new SaslLine();
    private State state = State.RUNNING;
    private String guid;
    private boolean fdsAgreed;
    private String failure;

    /** @param wantFds whether to ask for the passing of file descriptors */
    public SaslClient(int uid, boolean wantFds) {
        this.uid = uid;
        this.wantFds = wantFds;
    }

    /** Everything that there is to send; messages may follow it at once. */
    public byte[] start() {
        StringBuilder text = new StringBuilder("\0AUTH EXTERNAL ");
        for (char digit : Integer.toUnsignedString(uid).toCharArray()) {
            text.append('3').append(digit); // hexadecimal ASCII
        }
        text.append(wantFds ? "\r\nNEGOTIATE_UNIX_FD" : "").append("\r\nBEGIN\r\n");
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Takes what the bus sent, from position on, and never a byte behind its last line.
     *
     * @return the state now; when it is {@link State#DONE}, what remains in {@code input} are messages
     */
    public State read(ByteBuffer input) {
        try {
            while (state == State.RUNNING && input.hasRemaining()) {
                String line = lines.read(input);
                if (line != null) {
                    onLine(line);
                }
            }
        } catch (MalformedException malformed) {
            fail(malformed.getMessage());
        }
        return state;
    }

    /** The bus's GUID, 32 hexadecimal digits; null before its OK. */
    public String guid() {
        return guid;
    }

    /** Whether both sides agreed to pass file descriptors. */
    public boolean fdsAgreed() {
        return fdsAgreed;
    }

    /** Why it failed; null when it did not. */
    public String failure() {
        return failure;
    }

    private void onLine(String line) {
        if (guid == null) {
            onIdentityAnswer(line);
        } else if (line.equals("AGREE_UNIX_FD")) {
            fdsAgreed = true;
            state = State.DONE;
        } else if (line.equals("ERROR") || line.startsWith("ERROR ")) {
            state = State.DONE;
        } else {
            fail("authentication: the bus answers NEGOTIATE_UNIX_FD with \"" + line + "\"");
        }
    }

    private void onIdentityAnswer(String line) {
        String text = line.startsWith("OK ") ? line.substring(3) : "";
        if (!BusAddress.isGuid(text)) {
            fail("authentication: the bus answers AUTH EXTERNAL with \"" + line + "\", expected OK and its GUID");
            return;
        }
        guid = text;
        if (!wantFds) {
            state = State.DONE;
        }
    }

    private void fail(String reason) {
        state = State.FAILED;
        failure = reason;
    }
}
