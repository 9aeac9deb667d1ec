package io.berth.tests.raw;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads marshalled values: the reverse of {@link Encoder}. Unsigned numbers come as the next wider type; {@code ay} as
 * {@code byte[]}. What is not as it must be is an exception: whatever Berth or the bus sends is well-formed.
 */
public final class Decoder {
    private final ByteBuffer in;

    /** @param in its position 0 is the origin of alignment */
    public Decoder(ByteBuffer in) {
        this.in = in;
    }

    public List<Object> values(String signature) {
        List<Object> values = new ArrayList<>();
        for (String type : Signature.split(signature)) {
            values.add(value(type));
        }
        return values;
    }

    private Object value(String type) {
        char code = type.charAt(0);
        align(Signature.alignment(code));
        return switch (code) {
            case 'y' -> in.get() & 0xff;
            case 'b' -> in.getInt() != 0;
            case 'n' -> in.getShort();
            case 'q' -> in.getShort() & 0xffff;
            case 'i', 'h' -> in.getInt();
            case 'u' -> in.getInt() & 0xffffffffL;
            case 'x', 't' -> in.getLong();
            case 'd' -> in.getDouble();
            case 's', 'o' -> string(in.getInt());
            case 'g' -> string(in.get() & 0xff);
            case 'v' -> {
                String signature = string(in.get() & 0xff);
                yield new Variant(signature, value(signature));
            }
            case 'a' -> array(type.substring(1));
            case '(' -> values(type.substring(1, type.length() - 1));
            default -> throw new IllegalArgumentException("type " + type);
        };
    }

    private String string(int length) {
        byte[] bytes = new byte[length];
        in.get(bytes);
        if (in.get() != 0) {
            throw new IllegalArgumentException("a string does not end with NUL");
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private Object array(String element) {
        int length = in.getInt();
        align(Signature.alignment(element.charAt(0)));
        if (element.equals("y")) {
            byte[] bytes = new byte[length];
            in.get(bytes);
            return bytes;
        }
        int end = in.position() + length;
        if (element.charAt(0) == '{') {
            List<String> types = Signature.split(element.substring(1, element.length() - 1));
            Map<Object, Object> map = new LinkedHashMap<>();
            while (in.position() < end) {
                align(8);
                map.put(value(types.get(0)), value(types.get(1)));
            }
            return map;
        }
        List<Object> list = new ArrayList<>();
        while (in.position() < end) {
            list.add(value(element));
        }
        return list;
    }

    private void align(int to) {
        in.position(in.position() + (-in.position() & to - 1));
    }
}
