package io.berth.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A message built byte by byte in either byte order, right or wrong as the test wants it. Independent of {@link MessageWriter}. */
final class RawMessage {
    private final ByteBuffer bytes = ByteBuffer.allocate(4096);

    RawMessage(boolean bigEndian, int type) {
        bytes.order(bigEndian ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        bytes.put((byte) (bigEndian ? 'B' : 'l')).put((byte) type).put((byte) 0).put((byte) 1);
        bytes.putInt(0).putInt(77).putInt(0);
    }

    /** A call with PATH and MEMBER. */
    static RawMessage call(boolean bigEndian) {
        return new RawMessage(bigEndian, 1).text(1, 'o', "/a").text(3, 's', "M");
    }

    RawMessage set(int index, int value) {
        bytes.put(index, (byte) value);
        return this;
    }

    RawMessage setWord(int index, int value) {
        bytes.putInt(index, value);
        return this;
    }

    RawMessage raw(int... values) {
        for (int value : values) {
            bytes.put((byte) value);
        }
        return this;
    }

    /** The beginning of a field up to its value, at the next multiple of 8. */
    RawMessage field(int code, String signature) {
        while (bytes.position() % 8 != 0) {
            bytes.put((byte) 0);
        }
        bytes.put((byte) code).put((byte) signature.length());
        bytes.put(signature.getBytes(StandardCharsets.US_ASCII)).put((byte) 0);
        return this;
    }

    RawMessage text(int code, char type, String value) {
        byte[] text = value.getBytes(StandardCharsets.UTF_8);
        field(code, String.valueOf(type));
        if (type == 'g') {
            bytes.put((byte) text.length);
        } else {
            bytes.putInt(text.length);
        }
        bytes.put(text).put((byte) 0);
        return this;
    }

    RawMessage number(int code, int value) {
        field(code, "u");
        bytes.putInt(value);
        return this;
    }

    /** With the right length of the fields, and padding. */
    byte[] toBytes() {
        bytes.putInt(12, bytes.position() - 16);
        return toBytesAsItIs();
    }

    /** With the length of the fields that was set. */
    byte[] toBytesAsItIs() {
        byte[] message = new byte[bytes.position() + 7 & ~7];
        bytes.get(0, message, 0, bytes.position());
        return message;
    }
}
