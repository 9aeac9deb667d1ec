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
    private static final int SIGNATURE = 8;
    private static final String TYPES = "\0osssussgu";

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

    /** The types of the values in the body; {@link #dropUnknown} has found nothing wrong. */
    String signature() throws IOException {
        int field = find(SIGNATURE);
        return field < 0 ? "" : new String(bytes, field + 5, bytes[field + 4] & 0xff, StandardCharsets.ISO_8859_1);
    }

    /**
     * Takes out every field that dbus-java does not know.
     *
     * @throws IOException when a field has not the type or the length that it must have
     */
    void dropUnknown() throws IOException {
        try {
            int kept = FIXED;
            for (int field = FIXED; field < end;) {
                int after = after(field);
                int code = bytes[field] & 0xff;
                if (code <= UNIX_FDS) {
                    if (code == 0 || bytes[field + 1] != 1 || bytes[field + 2] != TYPES.charAt(code)) {
                        throw new IOException("header field " + code + " of a wrong type");
                    }
                    int to = aligned(kept, 8);
                    System.arraycopy(bytes, field, bytes, to, after - field);
                    Arrays.fill(bytes, kept, to, (byte) 0);
                    kept = to + after - field;
                }
                field = aligned(after, 8);
            }
            end = kept;
            view.putInt(FIELDS_LENGTH, end - FIXED);
            Arrays.fill(bytes, end, length(), (byte) 0);
        } catch (IndexOutOfBoundsException | IllegalArgumentException malformed) {
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

    ByteOrder order() {
        return view.order();
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
        } catch (IndexOutOfBoundsException | IllegalArgumentException malformed) {
            throw new IOException("malformed message header", malformed);
        }
    }

    /** @return where the field that begins there ends */
    private int after(int field) throws IOException {
        ValueReader value = new ValueReader(view.duplicate().order(view.order()).limit(end).position(field + 1), end);
        value.skipAll("v");
        return value.position();
    }

    private static int aligned(int offset, int alignment) {
        return (offset + alignment - 1) & -alignment;
    }
}
