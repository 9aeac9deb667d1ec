package io.berth.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Collects one line of the authentication protocol at a time (specification, "Authentication Protocol"): printable ASCII,
 * ended by CR LF and nothing else. What lines mean is the business of {@link SaslServer} and {@link SaslClient}.
 */
final class SaslLine {
    /** As long as the reference implementation lets its buffer grow. */
    static final int MAX_LENGTH = 16 << 10;

    private byte[] bytes = new byte[64];
    private int length;
    private boolean carriageReturn;

    /**
     * Takes bytes up to the end of the line, never more.
     *
     * @return the line without its end; null when the end has not come yet
     * @throws MalformedException a line that is too long, or a byte that may not be in it
     */
    String read(ByteBuffer input) {
        while (input.hasRemaining()) {
            byte next = input.get();
            if (carriageReturn) {
                if (next != '\n') {
                    throw new MalformedException("authentication: CR without LF");
                }
                String line = new String(bytes, 0, length, StandardCharsets.US_ASCII);
                length = 0;
                carriageReturn = false;
                return line;
            }
            if (next == '\r') {
                carriageReturn = true;
            } else {
                add(next);
            }
        }
        return null;
    }

    private void add(byte next) {
        if (next < ' ' || next == 0x7f) {
            throw new MalformedException("authentication: byte " + (next & 0xff) + " in a line, expected printable ASCII");
        }
        if (length == MAX_LENGTH) {
            throw new MalformedException("authentication: a line of more than " + MAX_LENGTH + " bytes");
        }
        if (length == bytes.length) {
            bytes = Arrays.copyOf(bytes, length * 2);
        }
        bytes[length++] = next;
    }
}
