package io.berth.wire;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Reads the values of a message body one after the other (specification, "Marshaling"). The caller knows the signature.
 * It only looks at the bytes: neither position nor limit of the buffer matter or change.
 */
public final class BodyReader {
    /** Maximum length of an array in bytes (specification). */
    private static final int MAX_ARRAY = 64 << 20;
    /** Containers inside one another (specification), variants included. */
    private static final int DEEPEST = 64;

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
        int length = arrayLength();
        int arrayEnd = at + length;
        List<String> values = new ArrayList<>();
        while (at < arrayEnd) {
            values.add(string(arrayEnd));
        }
        return values;
    }

    /** What follows in a variant, which must be read next. */
    public String signature() {
        return signature(end);
    }

    private String signature(int limit) {
        if (at >= limit || (bytes.get(at) & 0xff) >= limit - at - 1) {
            throw malformed("the end where a signature was expected");
        }
        int length = bytes.get(at) & 0xff;
        byte[] text = new byte[length];
        bytes.get(at + 1, text);
        if (bytes.get(at + 1 + length) != 0) {
            throw malformed("signature without its NUL");
        }
        at += length + 2;
        return new String(text, StandardCharsets.US_ASCII);
    }

    /** An array of bytes. */
    public byte[] bytes() {
        int length = arrayLength();
        byte[] value = new byte[length];
        bytes.get(at, value);
        at += length;
        return value;
    }

    /**
     * A dictionary {@code a{sv}}.
     *
     * @param entry told each key and the signature of its value, which it must read or {@link #skip}
     */
    public void dictionary(BiConsumer<String, String> entry) {
        int length = arrayLength();
        align(8, end);
        if (length > end - at) {
            throw malformed("array of " + length + " bytes");
        }
        int arrayEnd = at + length;
        while (at < arrayEnd) {
            align(8, arrayEnd);
            entry.accept(string(arrayEnd), signature());
        }
    }

    /**
     * Passes over one value of any type, as strictly as if it were read; only whether texts are UTF-8 is not looked at.
     *
     * @param signature one complete type; the value may hold others 64 deep, variants included (specification, "Message Format")
     */
    public void skip(String signature) {
        skip(new Signature(signature), 0, 0, end);
    }

    private void skip(Signature types, int index, int depth, int limit) {
        if (depth > DEEPEST) {
            throw malformed("more than " + DEEPEST + " values inside one another");
        }
        char type = types.type(index);
        switch (type) {
            case 's', 'o' -> skipText(uint32(limit), limit);
            case 'g' -> skipText(octet(limit), limit);
            case 'v' -> skip(new Signature(signature(limit)), 0, depth + 1, limit);
            case 'a' -> skipArray(types, index + 1, depth, limit);
            case '(', '{' -> {
                align(Long.BYTES, limit);
                for (int member = index + 1; member < types.end(index) - 1; member = types.end(member)) {
                    skip(types, member, depth + 1, limit);
                }
            }
            default -> {
                align(Signature.alignment(type), limit);
                pass(Signature.size(type), limit);
            }
        }
    }

    private void skipArray(Signature types, int element, int depth, int limit) {
        int length = uint32(limit);
        char type = types.type(element);
        align(Signature.alignment(type), limit);
        if (length < 0 || length > MAX_ARRAY || length > limit - at) {
            throw malformed("array of " + Integer.toUnsignedString(length) + " bytes");
        }
        int arrayEnd = at + length;
        int size = Signature.size(type);
        if (size > 0) {
            if (length % size != 0) {
                throw malformed("array of " + length + " bytes with elements of " + size);
            }
            at = arrayEnd;
        }
        while (at < arrayEnd) {
            skip(types, element, depth + 1, arrayEnd);
        }
    }

    private void skipText(int length, int limit) {
        int from = at;
        if (length < 0) {
            throw malformed("string of " + Integer.toUnsignedString(length) + " bytes");
        }
        pass(length, limit);
        pass(1, limit);
        for (int i = from; i < at; i++) {
            if (bytes.get(i) == 0 != (i == at - 1)) {
                throw malformed("string that does not end where it must");
            }
        }
    }

    private int octet(int limit) {
        pass(1, limit);
        return bytes.get(at - 1) & 0xff;
    }

    private void pass(int length, int limit) {
        if (length > limit - at) {
            throw malformed("the end where a value was expected");
        }
        at += length;
    }

    /** How many bytes have been read. */
    int position() {
        return at - start;
    }

    /** Whether everything was read. */
    public boolean atEnd() {
        return at == end;
    }

    private int arrayLength() {
        int length = uint32(end);
        if (length < 0 || length > MAX_ARRAY || length > end - at) {
            throw malformed("array of " + Integer.toUnsignedString(length) + " bytes");
        }
        return length;
    }

    /** @param size a power of two */
    private void align(int size, int limit) {
        while ((at - start & size - 1) != 0) {
            if (at >= limit) {
                throw malformed("the end where padding was expected");
            }
            if (bytes.get(at) != 0) {
                throw malformed("padding that is not zero");
            }
            at++;
        }
    }

    private int uint32(int limit) {
        align(Integer.BYTES, limit);
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
