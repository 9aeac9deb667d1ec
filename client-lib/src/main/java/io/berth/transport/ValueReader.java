package io.berth.transport;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Passes over marshalled values (D-Bus Specification, "Marshaling") and counts them, so that dbus-java is given only what it
 * can read and what its objects have room for: it trusts depths and lengths, and makes an object of each value. For one thread.
 */
final class ValueReader {
    /** Containers inside one another, variants included (D-Bus Specification, "Message Format"). */
    private static final int DEEPEST = 64;
    private static final int LONGEST_SIGNATURE = 255;

    private final ByteBuffer bytes;
    private final int mostValues;
    private int values;

    /**
     * @param bytes      position to limit are looked at, alignment counts from index 0; in its byte order. Changed
     * @param mostValues in all; an array of bytes has as many as it is long
     */
    ValueReader(ByteBuffer bytes, int mostValues) {
        this.bytes = bytes;
        this.mostValues = mostValues;
    }

    /**
     * Passes over one value of each type.
     *
     * @throws IOException when they are not such values, or too many
     */
    void skipAll(String signature) throws IOException {
        try {
            for (int type = 0; type < signature.length();) {
                type = skip(signature, type, 0);
            }
        } catch (IndexOutOfBoundsException | IllegalArgumentException | BufferUnderflowException malformed) {
            throw new IOException("values that do not fit the signature " + signature, malformed);
        }
    }

    /** The signature before a value in a variant, which must be passed over next. */
    String signature() {
        int length = bytes.get() & 0xff;
        byte[] text = new byte[length];
        bytes.get(text);
        pass(1);
        return new String(text, StandardCharsets.ISO_8859_1);
    }

    int position() {
        return bytes.position();
    }

    /** @return the index in the signature behind the complete type that begins there */
    private int skip(String signature, int type, int depth) throws IOException {
        if (depth > DEEPEST || signature.length() > LONGEST_SIGNATURE) {
            throw new IOException("values more than " + DEEPEST + " deep, or a signature of " + signature.length() + " bytes");
        }
        count(1);
        char letter = signature.charAt(type);
        int next = type + 1;
        switch (letter) {
            case 's', 'o' -> {
                align(4);
                pass(bytes.getInt());
                pass(1);
            }
            case 'g' -> signature();
            case 'v' -> {
                String inner = signature();
                if (skip(inner, 0, depth + 1) != inner.length()) {
                    throw new IOException("a variant of the signature " + inner);
                }
            }
            case 'a' -> next = skipArray(signature, type + 1, depth);
            case '(', '{' -> {
                align(8);
                char last = letter == '(' ? ')' : '}';
                while (signature.charAt(next) != last) {
                    next = skip(signature, next, depth + 1);
                }
                next++;
            }
            default -> {
                align(size(letter));
                pass(size(letter));
            }
        }
        return next;
    }

    private int skipArray(String signature, int element, int depth) throws IOException {
        align(4);
        int length = bytes.getInt();
        char letter = signature.charAt(element);
        align("({".indexOf(letter) >= 0 ? 8 : "gv".indexOf(letter) >= 0 ? 1 : "soa".indexOf(letter) >= 0 ? 4 : size(letter));
        int end = endOfType(signature, element);
        int limit = bytes.limit();
        bytes.limit(within(length));
        if ("soagv({".indexOf(letter) < 0) {
            count(length / size(letter));
            pass(length);
        }
        while (bytes.hasRemaining()) {
            skip(signature, element, depth + 1);
        }
        bytes.limit(limit);
        return end;
    }

    private void count(int more) throws IOException {
        values += more;
        if (values > mostValues) {
            throw new IOException("more than " + mostValues + " values");
        }
    }

    /** @return the index behind the complete type that begins there */
    private static int endOfType(String signature, int start) {
        int at = start;
        while (signature.charAt(at) == 'a') {
            at++;
        }
        int depth = 0;
        do {
            char letter = signature.charAt(at);
            depth += letter == '(' || letter == '{' ? 1 : letter == ')' || letter == '}' ? -1 : 0;
            at++;
        } while (depth > 0);
        return at;
    }

    private static int size(char type) {
        return switch (type) {
            case 'y' -> 1;
            case 'n', 'q' -> 2;
            case 'b', 'i', 'u', 'h' -> 4;
            case 'x', 't', 'd' -> 8;
            default -> throw new IllegalArgumentException("type " + type);
        };
    }

    private void align(int size) {
        bytes.position(bytes.position() + size - 1 & -size);
    }

    private void pass(int length) {
        bytes.position(within(length));
    }

    private int within(int length) {
        if (length < 0 || length > bytes.remaining()) {
            throw new IndexOutOfBoundsException("length " + length);
        }
        return bytes.position() + length;
    }
}
