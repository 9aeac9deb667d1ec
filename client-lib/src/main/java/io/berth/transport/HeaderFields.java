package io.berth.transport;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The header of one D-Bus message as bytes, where dbus-java must be helped: it cannot read header fields that it does not
 * know, which receivers must ignore, and does not count file descriptors inside containers when it writes UNIX_FDS
 * (D-Bus Specification, "Header Fields"). Holds a header from byte 0 to the padding before the body; for one thread.
 */
final class HeaderFields {
    /** Byte order, type, flags, version, body length, serial, length of the fields. */
    static final int FIXED = 16;
    private static final int FIELDS_LENGTH = 12;
    private static final int UNIX_FDS = 9;

    private final byte[] bytes;
    private final ByteBuffer view;
    private int end;

    /** @param bytes at least the whole header; may be changed */
    HeaderFields(byte[] bytes) {
        this.bytes = bytes;
        this.view = ByteBuffer.wrap(bytes).order(bytes[0] == 'B' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        this.end = FIXED + view.getInt(FIELDS_LENGTH);
    }

    /** Where the body begins. */
    int length() {
        return aligned(end, 8);
    }

    /** What UNIX_FDS says, 0 when it is not there. */
    int fileDescriptors() throws IOException {
        int field = find(UNIX_FDS);
        return field < 0 ? 0 : view.getInt(field + 4);
    }

    /** Takes out every field that dbus-java does not know. */
    void dropUnknown() throws IOException {
        try {
            int kept = FIXED;
            int field = FIXED;
            while (field < end) {
                int after = after(field);
                if ((bytes[field] & 0xff) <= UNIX_FDS) {
                    kept = after;
                    field = aligned(after, 8);
                    continue;
                }
                int next = Math.min(aligned(after, 8), end);
                if (next == end) {
                    // the padding before it belonged to no field either
                    end = kept;
                } else {
                    System.arraycopy(bytes, next, bytes, field, end - next);
                    end -= next - field;
                }
            }
            view.putInt(FIELDS_LENGTH, end - FIXED);
            Arrays.fill(bytes, end, length(), (byte) 0);
        } catch (IndexOutOfBoundsException malformed) {
            throw new IOException("malformed message header", malformed);
        }
    }

    /**
     * The same message with another number of file descriptors.
     *
     * @param message a whole message: this header and its body
     */
    byte[] withFileDescriptors(byte[] message, int count) throws IOException {
        int field = find(UNIX_FDS);
        if (field >= 0) {
            view.putInt(field + 4, count);
            return message;
        }
        int start = length();
        byte[] longer = new byte[message.length + 8];
        System.arraycopy(message, 0, longer, 0, end);
        ByteBuffer target = ByteBuffer.wrap(longer).order(view.order());
        target.put(start, new byte[] {UNIX_FDS, 1, 'u', 0}).putInt(start + 4, count);
        target.putInt(FIELDS_LENGTH, start + 8 - FIXED);
        System.arraycopy(message, start, longer, start + 8, message.length - start);
        return longer;
    }

    byte[] bytes() {
        return bytes;
    }

    /** @return where the field begins, or -1 */
    private int find(int code) throws IOException {
        try {
            int field = FIXED;
            while (field < end) {
                if ((bytes[field] & 0xff) == code) {
                    return field;
                }
                field = aligned(after(field), 8);
            }
            return -1;
        } catch (IndexOutOfBoundsException malformed) {
            throw new IOException("malformed message header", malformed);
        }
    }

    /** @return where the field that begins there ends */
    private int after(int field) {
        return afterVariant(field + 1);
    }

    private int afterVariant(int at) {
        int length = bytes[at] & 0xff;
        String signature = new String(bytes, at + 1, length, StandardCharsets.US_ASCII);
        return afterValues(signature, at + length + 2);
    }

    private int afterValues(String signature, int start) {
        int at = start;
        for (int i = 0; i < signature.length(); i++) {
            switch (signature.charAt(i)) {
                case 'y' -> at++;
                case 'n', 'q' -> at = aligned(at, 2) + 2;
                case 'b', 'i', 'u', 'h' -> at = aligned(at, 4) + 4;
                case 'x', 't', 'd' -> at = aligned(at, 8) + 8;
                case 's', 'o' -> at = aligned(at, 4) + 5 + lengthAt(aligned(at, 4));
                case 'g' -> at += 2 + (bytes[at] & 0xff);
                case 'v' -> at = afterVariant(at);
                case '(', '{' -> at = aligned(at, 8);
                case 'a' -> {
                    int length = lengthAt(aligned(at, 4));
                    at = aligned(aligned(at, 4) + 4, alignment(signature.charAt(i + 1))) + length;
                    i = endOfType(signature, i + 1);
                }
                default -> { }
            }
        }
        return at;
    }

    private int lengthAt(int at) {
        int length = view.getInt(at);
        if (length < 0 || length > bytes.length) {
            throw new IndexOutOfBoundsException("length " + length);
        }
        return length;
    }

    /** @return the index of the last character of the complete type that begins there */
    private static int endOfType(String signature, int start) {
        int at = start;
        while (signature.charAt(at) == 'a') {
            at++;
        }
        int depth = 0;
        while (true) {
            char letter = signature.charAt(at);
            depth += letter == '(' || letter == '{' ? 1 : letter == ')' || letter == '}' ? -1 : 0;
            if (depth == 0) {
                return at;
            }
            at++;
        }
    }

    private static int alignment(char type) {
        return switch (type) {
            case 'y', 'g', 'v' -> 1;
            case 'n', 'q' -> 2;
            case 'x', 't', 'd', '(', '{' -> 8;
            default -> 4;
        };
    }

    private static int aligned(int offset, int alignment) {
        return (offset + alignment - 1) & -alignment;
    }
}
