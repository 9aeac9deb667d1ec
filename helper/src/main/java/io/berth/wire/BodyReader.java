package io.berth.wire;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the values of a message body one after the other (specification, "Marshaling"). The caller knows the signature.
 * It only looks at the bytes: neither position nor limit of the buffer matter or change.
 */
public final class BodyReader {
    /** Maximum length of an array in bytes (specification). */
    private static final int MAX_ARRAY = 64 << 20;

    private final ByteBuffer bytes;
    private final int start;
    private final int end;
    private final boolean bigEndian;
    private int at;

    /**
     * @param offset where the body begins in {@code bytes}; values are aligned relative to it
     * @param length of the body in bytes; all of them are there
     */
    public BodyReader(ByteBuffer bytes, int offset, int length, boolean bigEndian) {
        if (offset < 0 || length < 0 || offset > bytes.limit() - length) {
            throw new IndexOutOfBoundsException("body of " + length + " bytes at " + offset + " of " + bytes.limit());
        }
        this.bytes = bytes;
        this.start = offset;
        this.end = offset + length;
        this.bigEndian = bigEndian;
        this.at = offset;
    }

    /**
     * A string, or an object path; whether a path follows its grammar is left to the caller.
     *
     * @throws MalformedException as everything here does when the bytes are not such a value
     */
    public String string() {
        return string(end);
    }

    /** Unsigned. */
    public int uint32() {
        return uint32(end);
    }

    public boolean bool() {
        int value = uint32(end);
        if (value != 0 && value != 1) {
            throw malformed("boolean " + Integer.toUnsignedString(value) + ", expected 0 or 1");
        }
        return value == 1;
    }

    /** An array of strings. */
    public List<String> strings() {
        int length = uint32(end);
        if (length < 0 || length > MAX_ARRAY || length > end - at) {
            throw malformed("array of " + Integer.toUnsignedString(length) + " bytes");
        }
        int arrayEnd = at + length;
        List<String> values = new ArrayList<>();
        while (at < arrayEnd) {
            values.add(string(arrayEnd));
        }
        return values;
    }

    /** Whether everything was read. */
    public boolean atEnd() {
        return at == end;
    }

    private int uint32(int limit) {
        while ((at - start & 3) != 0) {
            if (at >= limit) {
                throw malformed("the end where padding was expected");
            }
            if (bytes.get(at) != 0) {
                throw malformed("padding that is not zero");
            }
            at++;
        }
        if (limit - at < Integer.BYTES) {
            throw malformed("the end where a number was expected");
        }
        int value = 0;
        for (int i = 0; i < Integer.BYTES; i++) {
            value |= (bytes.get(at + i) & 0xff) << (bigEndian ? 24 - 8 * i : 8 * i);
        }
        at += Integer.BYTES;
        return value;
    }

    private String string(int limit) {
        int length = uint32(limit);
        if (length < 0 || length >= limit - at) {
            throw malformed("string of " + Integer.toUnsignedString(length) + " bytes");
        }
        byte[] text = new byte[length];
        bytes.get(at, text);
        for (byte b : text) {
            if (b == 0) {
                throw malformed("NUL inside a string");
            }
        }
        if (bytes.get(at + length) != 0) {
            throw malformed("string without its NUL");
        }
        try {
            String value = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString();
            at += length + 1;
            return value;
        } catch (CharacterCodingException invalid) {
            throw malformed("string that is not UTF-8");
        }
    }

    private MalformedException malformed(String what) {
        return new MalformedException("body: " + what + " at byte " + (at - start) + " of " + (end - start));
    }
}
