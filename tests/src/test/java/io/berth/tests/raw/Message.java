package io.berth.tests.raw;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * One D-Bus message, to be built up and sent or as it came in (D-Bus specification, "Message Protocol"). It checks nothing:
 * any field may be wrong on purpose. File descriptors that came with it belong to whoever got the message. Not thread-safe.
 */
public final class Message {
    public static final int CALL = 1;
    public static final int RETURN = 2;
    public static final int ERROR = 3;
    public static final int SIGNAL = 4;

    public static final int NO_REPLY_EXPECTED = 1;
    public static final int NO_AUTO_START = 2;

    public static final int PATH = 1;
    public static final int INTERFACE = 2;
    public static final int MEMBER = 3;
    public static final int ERROR_NAME = 4;
    public static final int REPLY_SERIAL = 5;
    public static final int DESTINATION = 6;
    public static final int SENDER = 7;
    public static final int SIGNATURE = 8;
    public static final int UNIX_FDS = 9;

    private static final int FIXED_HEADER = 16;

    private final int type;
    private ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    private int flags;
    private int serial;
    private final Map<Integer, Variant> fields = new TreeMap<>();
    private byte[] body = {};
    private Object[] values = {};
    private int[] fds = {};

    private Message(int type) {
        this.type = type;
    }

    /** @param interfaceName null to leave it out, as {@code destination} */
    public static Message call(String destination, String path, String interfaceName, String member) {
        return new Message(CALL).text(DESTINATION, "s", destination).text(PATH, "o", path)
                .text(INTERFACE, "s", interfaceName).text(MEMBER, "s", member);
    }

    /** @param destination null for a broadcast */
    public static Message signal(String destination, String path, String interfaceName, String member) {
        return new Message(SIGNAL).text(DESTINATION, "s", destination).text(PATH, "o", path)
                .text(INTERFACE, "s", interfaceName).text(MEMBER, "s", member);
    }

    public static Message reply(String destination, int replySerial) {
        return new Message(RETURN).text(DESTINATION, "s", destination)
                .field(REPLY_SERIAL, new Variant("u", replySerial));
    }

    public static Message error(String destination, int replySerial, String errorName) {
        return new Message(ERROR).text(DESTINATION, "s", destination)
                .field(REPLY_SERIAL, new Variant("u", replySerial)).text(ERROR_NAME, "s", errorName);
    }

    /** A message of any type, 0 and unknown ones included. */
    public static Message ofType(int type) {
        return new Message(type);
    }

    private Message text(int field, String signature, String value) {
        return value == null ? this : field(field, new Variant(signature, value));
    }

    public Message field(int code, Variant value) {
        fields.put(code, value);
        return this;
    }

    public Message without(int code) {
        fields.remove(code);
        return this;
    }

    /** The codes of its header fields. */
    public Set<Integer> fields() {
        return fields.keySet();
    }

    public Message body(String signature, Object... args) {
        fields.put(SIGNATURE, new Variant("g", signature));
        values = args;
        body = null;
        return this;
    }

    /** A body that is no value of any type. */
    public Message rawBody(String signature, byte[] bytes) {
        fields.put(SIGNATURE, new Variant("g", signature));
        body = bytes;
        return this;
    }

    /** The same body, of the same byte order. */
    public Message bodyOf(Message other) {
        if (other.fields.containsKey(SIGNATURE)) {
            fields.put(SIGNATURE, other.fields.get(SIGNATURE));
        }
        order = other.order;
        body = other.body;
        return this;
    }

    public Message flags(int bits) {
        flags = bits;
        return this;
    }

    public Message serial(int number) {
        serial = number;
        return this;
    }

    public Message bigEndian() {
        order = ByteOrder.BIG_ENDIAN;
        return this;
    }

    /** File descriptors to send along; borrowed. The header field says how many unless set otherwise afterwards. */
    public Message fds(int... borrowed) {
        fds = borrowed;
        return field(UNIX_FDS, new Variant("u", borrowed.length));
    }

    public byte[] toBytes() {
        byte[] content = body != null ? body : new Encoder(order).values(signature(), values).toBytes();
        List<Object> entries = new ArrayList<>();
        fields.forEach((code, value) -> entries.add(List.of(code, value)));
        Encoder out = new Encoder(order);
        out.values("yyyyuua(yv)", order == ByteOrder.BIG_ENDIAN ? 'B' + 0 : 'l' + 0, type, flags, 1, content.length,
                serial, entries);
        return out.align(8).bytes(content).toBytes();
    }

    /** @return the whole size of the message that starts here, or -1 when there are too few bytes to tell */
    static long size(byte[] bytes, int available) {
        if (available < FIXED_HEADER) {
            return -1;
        }
        ByteBuffer in = ByteBuffer.wrap(bytes).order(order(bytes));
        long header = FIXED_HEADER + (in.getInt(12) & 0xffffffffL);
        return (header + 7 & ~7L) + (in.getInt(4) & 0xffffffffL);
    }

    private static ByteOrder order(byte[] bytes) {
        return switch (bytes[0]) {
            case 'l' -> ByteOrder.LITTLE_ENDIAN;
            case 'B' -> ByteOrder.BIG_ENDIAN;
            default -> throw new IllegalArgumentException("byte order " + bytes[0]);
        };
    }

    /** @param bytes exactly one message */
    static Message parse(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(order(bytes));
        List<Object> header = new Decoder(in).values("yyyyuua(yv)");
        Message message = new Message((Integer) header.get(1));
        message.order = in.order();
        message.flags = (Integer) header.get(2);
        message.serial = ((Long) header.get(5)).intValue();
        for (Object entry : (List<?>) header.get(6)) {
            List<?> pair = (List<?>) entry;
            message.fields.put((Integer) pair.get(0), (Variant) pair.get(1));
        }
        int start = in.position() + 7 & ~7;
        message.body = Arrays.copyOfRange(bytes, start, bytes.length);
        return message;
    }

    void arrived(int[] taken) {
        fds = taken;
    }

    public int type() {
        return type;
    }

    public int flags() {
        return flags;
    }

    public int serial() {
        return serial;
    }

    public ByteOrder order() {
        return order;
    }

    /** The file descriptors it carries: borrowed in a message to send, the holder's own in one that came. */
    public int[] fds() {
        return fds;
    }

    public String destination() {
        return string(DESTINATION);
    }

    public String sender() {
        return string(SENDER);
    }

    public String path() {
        return string(PATH);
    }

    public String interfaceName() {
        return string(INTERFACE);
    }

    public String member() {
        return string(MEMBER);
    }

    public String errorName() {
        return string(ERROR_NAME);
    }

    public String signature() {
        String signature = string(SIGNATURE);
        return signature == null ? "" : signature;
    }

    /** 0 when there is none. */
    public int replySerial() {
        Variant value = fields.get(REPLY_SERIAL);
        return value == null ? 0 : ((Number) value.value()).intValue();
    }

    /** What UNIX_FDS says, 0 when absent. */
    public int fdCount() {
        Variant value = fields.get(UNIX_FDS);
        return value == null ? 0 : ((Number) value.value()).intValue();
    }

    private String string(int field) {
        Variant value = fields.get(field);
        return value == null ? null : (String) value.value();
    }

    public byte[] bodyBytes() {
        return body;
    }

    /** The decoded body of a message that came. */
    public List<Object> args() {
        return new Decoder(ByteBuffer.wrap(body).order(order)).values(signature());
    }

    /** The first value of the body. */
    public Object arg() {
        return args().get(0);
    }

    public boolean is(int wantedType, String wantedMember) {
        return type == wantedType && wantedMember.equals(member());
    }

    @Override
    public String toString() {
        String kind = switch (type) {
            case CALL -> "call";
            case RETURN -> "return";
            case ERROR -> "error";
            case SIGNAL -> "signal";
            default -> "type " + type;
        };
        String shown = body != null && body.length < 1024 ? String.valueOf(args()) : "";
        return kind + " " + Integer.toUnsignedString(serial) + " " + fields + " " + shown;
    }
}
