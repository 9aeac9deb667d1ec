package io.berth.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Builds one complete message, little-endian (specification, "Message Format"). The body grows by the appenders, and its
 * signature with it. Names and paths are written as they are given: that they follow their grammar is left to the caller.
 * Not thread-safe.
 */
public final class MessageWriter {
    private final int type;
    private final int serial;
    private int flags;
    private String path;
    private String interfaceName;
    private String member;
    private String errorName;
    private int replySerial;
    private String destination;
    private String sender;
    private int unixFds;
    private final StringBuilder signature = new StringBuilder();
    private final Bytes body = new Bytes();

    private MessageWriter(int type, int serial) {
        if (serial == 0) {
            throw new IllegalArgumentException("serial 0: expected any other");
        }
        this.type = type;
        this.serial = serial;
    }

    /**
     * @param serial        unsigned, not 0, as everywhere here
     * @param destination   may be null
     * @param interfaceName may be null
     */
    public static MessageWriter methodCall(int serial, String destination, String path, String interfaceName, String member) {
        MessageWriter message = new MessageWriter(MessageHeader.METHOD_CALL, serial);
        message.destination = destination;
        message.path = path;
        message.interfaceName = interfaceName;
        message.member = member;
        return message;
    }

    /** @param destination may be null */
    public static MessageWriter methodReturn(int serial, int replySerial, String destination) {
        return reply(MessageHeader.METHOD_RETURN, serial, replySerial, destination);
    }

    /** @param destination may be null */
    public static MessageWriter error(int serial, int replySerial, String destination, String errorName) {
        MessageWriter message = reply(MessageHeader.ERROR, serial, replySerial, destination);
        message.errorName = errorName;
        return message;
    }

    private static MessageWriter reply(int type, int serial, int replySerial, String destination) {
        if (replySerial == 0) {
            throw new IllegalArgumentException("reply serial 0: expected any other");
        }
        MessageWriter message = new MessageWriter(type, serial);
        message.flags = MessageHeader.NO_REPLY_EXPECTED;
        message.replySerial = replySerial;
        message.destination = destination;
        return message;
    }

    public static MessageWriter signal(int serial, String path, String interfaceName, String member) {
        MessageWriter message = new MessageWriter(MessageHeader.SIGNAL, serial);
        message.flags = MessageHeader.NO_REPLY_EXPECTED;
        message.path = path;
        message.interfaceName = interfaceName;
        message.member = member;
        return message;
    }

    /** Replaces the flags; everything but a call begins with {@link MessageHeader#NO_REPLY_EXPECTED}. */
    public MessageWriter flags(int flags) {
        this.flags = flags;
        return this;
    }

    public MessageWriter sender(String sender) {
        this.sender = sender;
        return this;
    }

    public MessageWriter destination(String destination) {
        this.destination = destination;
        return this;
    }

    /** @param unixFds how many file descriptors go with the message */
    public MessageWriter unixFds(int unixFds) {
        this.unixFds = unixFds;
        return this;
    }

    public MessageWriter string(String value) {
        signature.append('s');
        body.string(value);
        return this;
    }

    public MessageWriter objectPath(String value) {
        signature.append('o');
        body.string(value);
        return this;
    }

    public MessageWriter uint32(int value) {
        signature.append('u');
        body.uint32(value);
        return this;
    }

    public MessageWriter uint64(long value) {
        signature.append('t');
        body.align(8);
        body.reserve(8).putLong(value);
        return this;
    }

    public MessageWriter bool(boolean value) {
        signature.append('b');
        body.uint32(value ? 1 : 0);
        return this;
    }

    /** An array of bytes. */
    public MessageWriter bytes(byte[] value) {
        signature.append("ay");
        body.uint32(value.length);
        body.reserve(value.length).put(value);
        return this;
    }

    /** An array of strings. */
    public MessageWriter strings(List<String> values) {
        signature.append("as");
        body.uint32(0);
        int start = body.size();
        values.forEach(body::string);
        body.uint32At(start - Integer.BYTES, body.size() - start);
        return this;
    }

    /**
     * A whole body that is there already; nothing can have been appended before.
     *
     * @param raw little-endian, as the signature says
     */
    public MessageWriter body(String signature, byte[] raw) {
        if (!this.signature.isEmpty()) {
            throw new IllegalStateException("the message has a body already, of signature " + this.signature);
        }
        this.signature.append(signature);
        body.reserve(raw.length).put(raw);
        return this;
    }

    /** @throws IllegalArgumentException when the signature has more than 255 types, or the message more than 128 MiB */
    public byte[] toBytes() {
        if (signature.length() > 255) {
            throw new IllegalArgumentException("signature of " + signature.length() + " types: expected 255 at most");
        }
        Bytes message = new Bytes();
        message.reserve(4).put((byte) 'l').put((byte) type).put((byte) flags).put((byte) 1);
        message.uint32(body.size());
        message.uint32(serial);
        message.uint32(0);
        int fields = message.size();
        field(message, MessageHeader.PATH, 'o', path);
        field(message, MessageHeader.INTERFACE, 's', interfaceName);
        field(message, MessageHeader.MEMBER, 's', member);
        field(message, MessageHeader.ERROR_NAME, 's', errorName);
        field(message, MessageHeader.REPLY_SERIAL, replySerial);
        field(message, MessageHeader.DESTINATION, 's', destination);
        field(message, MessageHeader.SENDER, 's', sender);
        if (!signature.isEmpty()) {
            startField(message, MessageHeader.SIGNATURE, 'g');
            message.reserve(signature.length() + 2).put((byte) signature.length())
                    .put(signature.toString().getBytes(StandardCharsets.US_ASCII)).put((byte) 0);
        }
        field(message, MessageHeader.UNIX_FDS, unixFds);
        message.uint32At(fields - Integer.BYTES, message.size() - fields);
        message.align(8);
        if ((long) message.size() + body.size() > MessageHeader.MAX_MESSAGE) {
            throw new IllegalArgumentException("message of more than " + MessageHeader.MAX_MESSAGE + " bytes");
        }
        message.reserve(body.size()).put(body.bytes, 0, body.size());
        return Arrays.copyOf(message.bytes, message.size());
    }

    private static void startField(Bytes message, int code, char type) {
        message.align(8);
        message.reserve(4).put((byte) code).put((byte) 1).put((byte) type).put((byte) 0);
    }

    private static void field(Bytes message, int code, char type, String value) {
        if (value != null) {
            startField(message, code, type);
            message.string(value);
        }
    }

    private static void field(Bytes message, int code, int value) {
        if (value != 0) {
            startField(message, code, 'u');
            message.uint32(value);
        }
    }

    /** Bytes that grow; aligned relative to their first. */
    private static final class Bytes {
        private byte[] bytes = new byte[128];
        private ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);

        private int size() {
            return buffer.position();
        }

        /** @return the buffer, positioned at the end, with room for so many bytes */
        private ByteBuffer reserve(int count) {
            if (count > buffer.remaining()) {
                int position = buffer.position();
                bytes = Arrays.copyOf(bytes, Math.addExact(position, Math.max(count, bytes.length)));
                buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).position(position);
            }
            return buffer;
        }

        private void align(int alignment) {
            int padding = -size() & alignment - 1;
            ByteBuffer end = reserve(padding);
            end.position(end.position() + padding);
        }

        private void uint32(int value) {
            align(4);
            reserve(4).putInt(value);
        }

        private void uint32At(int index, int value) {
            buffer.putInt(index, value);
        }

        private void string(String value) {
            ByteBuffer text;
            try {
                text = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(value));
            } catch (CharacterCodingException unpaired) {
                throw new IllegalArgumentException("text with half a surrogate pair: " + value);
            }
            if (value.indexOf('\0') >= 0) {
                throw new IllegalArgumentException("text with a NUL: " + value);
            }
            uint32(text.remaining());
            reserve(text.remaining() + 1).put(text).put((byte) 0);
        }
    }
}
