package io.berth.tests.raw;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Marshals values in either byte order. Arrays are {@code List} or {@code byte[]}, structures are {@code List}, dictionaries
 * are {@code Map}, all numbers any {@code Number}. Not thread-safe.
 */
public final class Encoder {
    private ByteBuffer out;

    public Encoder(ByteOrder order) {
        out = ByteBuffer.allocate(256).order(order);
    }

    public Encoder values(String signature, Object... values) {
        List<String> types = Signature.split(signature);
        if (types.size() != values.length) {
            throw new IllegalArgumentException(values.length + " values for signature " + signature);
        }
        for (int i = 0; i < values.length; i++) {
            value(types.get(i), values[i]);
        }
        return this;
    }

    private void value(String type, Object value) {
        char code = type.charAt(0);
        align(Signature.alignment(code));
        switch (code) {
            case 'y' -> room(1).put(((Number) value).byteValue());
            case 'b' -> room(4).putInt((Boolean) value ? 1 : 0);
            case 'n', 'q' -> room(2).putShort(((Number) value).shortValue());
            case 'i', 'u', 'h' -> room(4).putInt(((Number) value).intValue());
            case 'x', 't' -> room(8).putLong(((Number) value).longValue());
            case 'd' -> room(8).putDouble(((Number) value).doubleValue());
            case 's', 'o' -> string((String) value);
            case 'g' -> signature((String) value);
            case 'v' -> {
                signature(((Variant) value).signature());
                value(((Variant) value).signature(), ((Variant) value).value());
            }
            case 'a' -> array(type.substring(1), value);
            case '(' -> values(type.substring(1, type.length() - 1), ((List<?>) value).toArray());
            default -> throw new IllegalArgumentException("type " + type);
        }
    }

    private void string(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        room(bytes.length + 5).putInt(bytes.length).put(bytes).put((byte) 0);
    }

    private void signature(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        room(bytes.length + 2).put((byte) bytes.length).put(bytes).put((byte) 0);
    }

    private void array(String element, Object value) {
        int lengthAt = out.position();
        room(4).putInt(0);
        align(Signature.alignment(element.charAt(0)));
        int start = out.position();
        if (value instanceof byte[] bytes) {
            room(bytes.length).put(bytes);
        } else if (value instanceof Map<?, ?> map) {
            String[] types = Signature.split(element.substring(1, element.length() - 1)).toArray(new String[0]);
            map.forEach((key, entry) -> {
                align(8);
                value(types[0], key);
                value(types[1], entry);
            });
        } else {
            ((List<?>) value).forEach(item -> value(element, item));
        }
        out.putInt(lengthAt, out.position() - start);
    }

    public Encoder align(int to) {
        int padding = -out.position() & to - 1;
        room(padding).put(new byte[padding]);
        return this;
    }

    public Encoder bytes(byte[] raw) {
        room(raw.length).put(raw);
        return this;
    }

    public byte[] toBytes() {
        return Arrays.copyOf(out.array(), out.position());
    }

    private ByteBuffer room(int more) {
        if (out.remaining() < more) {
            int capacity = Math.max(out.capacity() * 2, out.position() + more);
            ByteBuffer grown = ByteBuffer.allocate(capacity).order(out.order());
            out.flip();
            out = grown.put(out);
        }
        return out;
    }
}
