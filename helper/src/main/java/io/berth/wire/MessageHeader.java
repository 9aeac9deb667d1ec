package io.berth.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The header of one D-Bus message (specification, "Message Format"), read into a buffer of its own that is used again
 * for the next one: no object is made per message. Where a field stands is remembered; texts are compared as bytes.
 *
 * <p>It is strict where two readers could disagree (a field twice, a wrong type, a length that does not fit, padding
 * that is not zero). Whether names and paths follow their grammar is left to the bus, which gets the same bytes.
 */
public final class MessageHeader {
    public static final int METHOD_CALL = 1;
    public static final int METHOD_RETURN = 2;
    public static final int ERROR = 3;
    public static final int SIGNAL = 4;

    public static final int NO_REPLY_EXPECTED = 0x1;
    public static final int NO_AUTO_START = 0x2;

    public static final int PATH = 1;
    public static final int INTERFACE = 2;
    public static final int MEMBER = 3;
    public static final int ERROR_NAME = 4;
    public static final int REPLY_SERIAL = 5;
    public static final int DESTINATION = 6;
    public static final int SENDER = 7;
    public static final int SIGNATURE = 8;
    public static final int UNIX_FDS = 9;

    /** So many bytes tell how long header and body are. */
    public static final int PREFIX = 16;
    /** A SENDER with the longest name: so much longer may a message be when the bus passes it on. */
    public static final int SENDER_BYTES = 272;
    /** Maximum length of a message in bytes (specification), and what the bus adds. */
    public static final int MAX_MESSAGE = (128 << 20) + SENDER_BYTES;
    private static final int MAX_FIELDS = 64 << 20;

    private static final String TYPES = "\0osssussgu";

    private byte[] bytes = new byte[512];
    private final int[] start = new int[UNIX_FDS + 1];
    private final int[] length = new int[UNIX_FDS + 1];
    private final int[] fieldFrom = new int[UNIX_FDS + 1];
    private final int[] fieldTo = new int[UNIX_FDS + 1];
    private int present;
    private int headerLength;
    private int bodyLength;
    private int serial;
    private int replySerial;
    private int unixFds;
    private boolean bigEndian;
    private boolean foreign;

    /**
     * The length of the header that begins at {@code index}, padding included.
     *
     * @param buffer holds {@link #PREFIX} bytes or more from {@code index} on
     * @return bytes, a multiple of 8, 16 to {@link #MAX_MESSAGE}
     * @throws MalformedException when the bytes begin no message of protocol version 1
     */
    public static int headerLength(ByteBuffer buffer, int index) {
        boolean big = isBig(buffer.get(index));
        if (buffer.get(index + 3) != 1) {
            throw new MalformedException("protocol version " + (buffer.get(index + 3) & 0xff) + ", expected 1");
        }
        int fields = word(buffer, index + 12, big);
        int body = word(buffer, index + 4, big);
        if (fields < 0 || fields > MAX_FIELDS) {
            throw new MalformedException("header fields of " + Integer.toUnsignedString(fields) + " bytes, at most " + MAX_FIELDS);
        }
        int header = align8(PREFIX + fields);
        if (body < 0 || (long) header + body > MAX_MESSAGE) {
            throw new MalformedException("body of " + Integer.toUnsignedString(body) + " bytes, message at most " + MAX_MESSAGE);
        }
        return header;
    }

    /** How long the body is, where {@link #headerLength} has found nothing wrong. */
    public static int bodyLength(ByteBuffer buffer, int index) {
        return word(buffer, index + 4, isBig(buffer.get(index)));
    }

    /** Reads the header that begins at {@code index}; {@link #headerLength(ByteBuffer, int)} bytes of it must be there. */
    public void read(ByteBuffer buffer, int index) {
        headerLength = headerLength(buffer, index);
        if (bytes.length < headerLength) {
            bytes = new byte[Math.max(headerLength, bytes.length * 2)];
        }
        buffer.get(index, bytes, 0, headerLength);
        bigEndian = bytes[0] == 'B';
        bodyLength = word(4);
        serial = word(8);
        present = 0;
        foreign = false;
        replySerial = 0;
        unixFds = 0;
        if (bytes[1] == 0) {
            throw new MalformedException("message type 0");
        }
        if (serial == 0) {
            throw new MalformedException("serial 0");
        }
        readFields(PREFIX + word(12));
        require();
    }

    private void readFields(int end) {
        int at = PREFIX;
        while (at < end) {
            int code = bytes[at] & 0xff;
            if (code == 0) {
                throw new MalformedException("header field 0");
            }
            int next = code <= UNIX_FDS ? readField(code, at, end) : skipField(code, at, end);
            at = align8(next);
            if (next < end && at >= end) {
                throw new MalformedException("padding behind the last header field counted as a field");
            }
            checkZero(next, Math.min(at, end));
        }
        checkZero(end, headerLength);
    }

    /** @return the index behind the field */
    private int readField(int code, int at, int end) {
        if (at + 4 > end || bytes[at + 1] != 1 || bytes[at + 3] != 0) {
            throw new MalformedException("header field " + code + " is not of one basic type");
        }
        char type = (char) bytes[at + 2];
        if (type != TYPES.charAt(code)) {
            throw new MalformedException("header field " + code + " of type " + type + ", expected " + TYPES.charAt(code));
        }
        if (has(code)) {
            throw new MalformedException("header field " + code + " twice");
        }
        present |= 1 << code;
        fieldFrom[code] = at;
        fieldTo[code] = readValue(code, type, at + 4, end);
        return fieldTo[code];
    }

    /** Of a field that is not known, whoever has put it there (specification: it must be ignored). @return the index behind it */
    private int skipField(int code, int at, int end) {
        foreign = true;
        BodyReader field = new BodyReader(ByteBuffer.wrap(bytes), at, end - at, bigEndian);
        try {
            field.skip("(yv)");
        } catch (MalformedException malformed) {
            throw new MalformedException("header field " + code + ": " + malformed.getMessage());
        }
        return at + field.position();
    }

    private int readValue(int code, char type, int at, int end) {
        return switch (type) {
            case 's', 'o' -> readText(code, at + 4, at + 4 <= end ? word(at) : -1, end);
            case 'g' -> readText(code, at + 1, at < end ? bytes[at] & 0xff : -1, end);
            default -> readNumber(code, at, end);
        };
    }

    private int readNumber(int code, int at, int end) {
        if (at + 4 > end) {
            throw new MalformedException("header field " + code + " goes past the end of the header");
        }
        if (code == REPLY_SERIAL) {
            replySerial = word(at);
            if (replySerial == 0) {
                throw new MalformedException("reply serial 0");
            }
        } else {
            unixFds = word(at);
            if (unixFds < 0) {
                throw new MalformedException(Integer.toUnsignedString(unixFds) + " file descriptors");
            }
        }
        return at + 4;
    }

    private int readText(int code, int at, int n, int end) {
        if (n < 0 || n > end - at - 1 || bytes[at + n] != 0) {
            throw new MalformedException("text of header field " + code + " does not end where it must");
        }
        for (int i = at; i < at + n; i++) {
            if (bytes[i] == 0) {
                throw new MalformedException("NUL inside header field " + code);
            }
        }
        start[code] = at;
        length[code] = n;
        return at + n + 1;
    }

    private void require() {
        int needed = switch (type()) {
            case METHOD_CALL -> 1 << PATH | 1 << MEMBER;
            case SIGNAL -> 1 << PATH | 1 << INTERFACE | 1 << MEMBER;
            case METHOD_RETURN -> 1 << REPLY_SERIAL;
            case ERROR -> 1 << REPLY_SERIAL | 1 << ERROR_NAME;
            default -> 0;
        };
        if ((present & needed) != needed) {
            throw new MalformedException("a header field is missing that messages of type " + type() + " must have");
        }
    }

    private void checkZero(int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] != 0) {
                throw new MalformedException("padding that is not zero at byte " + i);
            }
        }
    }

    public int type() {
        return bytes[1] & 0xff;
    }

    public int flags() {
        return bytes[2] & 0xff;
    }

    public boolean expectsReply() {
        return type() == METHOD_CALL && (bytes[2] & NO_REPLY_EXPECTED) == 0;
    }

    /** Unsigned, never 0. */
    public int serial() {
        return serial;
    }

    /** Unsigned; 0 when absent. */
    public int replySerial() {
        return replySerial;
    }

    /** 0 or more. */
    public int unixFds() {
        return unixFds;
    }

    public boolean isBigEndian() {
        return bigEndian;
    }

    /** Bytes, padding included. */
    public int headerLength() {
        return headerLength;
    }

    /** Bytes. */
    public int bodyLength() {
        return bodyLength;
    }

    public boolean has(int field) {
        return (present & 1 << field) != 0;
    }

    /** The buffer that texts stand in; valid until the next {@link #read}. */
    public byte[] bytes() {
        return bytes;
    }

    /** Where the text of a present field begins in {@link #bytes()}. */
    public int start(int field) {
        return start[field];
    }

    /** How many bytes the text of a present field has. */
    public int length(int field) {
        return length[field];
    }

    public boolean is(int field, byte[] text) {
        return has(field) && length[field] == text.length
                && Arrays.equals(bytes, start[field], start[field] + text.length, text, 0, text.length);
    }

    /** The text of a field as a new string; empty when it is absent. */
    public String text(int field) {
        return has(field) ? new String(bytes, start[field], length[field], StandardCharsets.UTF_8) : "";
    }

    /**
     * Whether it says nothing that is for the bus alone to say: no SENDER, and no field that is not known here. What a bus
     * passes on of those a receiver may take for the bus's own word.
     */
    public boolean isPlain() {
        return !foreign && !has(SENDER);
    }

    /**
     * This header as far as it is plain, see {@link #isPlain}.
     *
     * @return a new array of a multiple of 8 bytes, in the same byte order
     */
    public byte[] plain() {
        return plain(null);
    }

    /**
     * This header as far as it is plain, with another DESTINATION.
     *
     * @param destination a bus name
     * @return a new array of a multiple of 8 bytes, in the same byte order
     * @throws IllegalStateException when the message has no DESTINATION
     */
    public byte[] withDestination(byte[] destination) {
        if (!has(DESTINATION)) {
            throw new IllegalStateException("no DESTINATION to replace");
        }
        return plain(destination);
    }

    /** @param destination null to keep the one there is */
    private byte[] plain(byte[] destination) {
        byte[] out = new byte[headerLength + (destination == null ? 0 : align8(destination.length))];
        System.arraycopy(bytes, 0, out, 0, PREFIX);
        int end = PREFIX;
        for (int code = PATH; code <= UNIX_FDS; code++) {
            if (!has(code) || code == SENDER) {
                continue;
            }
            int at = align8(end);
            if (code != DESTINATION || destination == null) {
                end = at + fieldTo[code] - fieldFrom[code];
                System.arraycopy(bytes, fieldFrom[code], out, at, end - at);
            } else {
                System.arraycopy(bytes, fieldFrom[code], out, at, 4);
                putWord(out, at + 4, destination.length);
                System.arraycopy(destination, 0, out, at + 8, destination.length);
                end = at + 8 + destination.length + 1;
            }
        }
        putWord(out, 12, end - PREFIX);
        return Arrays.copyOf(out, align8(end));
    }

    private void putWord(byte[] out, int at, int value) {
        for (int i = 0; i < 4; i++) {
            out[at + i] = (byte) (value >>> (bigEndian ? 24 - 8 * i : 8 * i));
        }
    }

    private int word(int at) {
        byte[] b = bytes;
        return bigEndian
                ? b[at] << 24 | (b[at + 1] & 0xff) << 16 | (b[at + 2] & 0xff) << 8 | b[at + 3] & 0xff
                : b[at + 3] << 24 | (b[at + 2] & 0xff) << 16 | (b[at + 1] & 0xff) << 8 | b[at] & 0xff;
    }

    private static int word(ByteBuffer b, int at, boolean big) {
        return big
                ? b.get(at) << 24 | (b.get(at + 1) & 0xff) << 16 | (b.get(at + 2) & 0xff) << 8 | b.get(at + 3) & 0xff
                : b.get(at + 3) << 24 | (b.get(at + 2) & 0xff) << 16 | (b.get(at + 1) & 0xff) << 8 | b.get(at) & 0xff;
    }

    private static boolean isBig(byte order) {
        if (order != 'l' && order != 'B') {
            throw new MalformedException("byte order mark " + (order & 0xff) + ", expected l or B");
        }
        return order == 'B';
    }

    private static int align8(int at) {
        return at + 7 & ~7;
    }
}
