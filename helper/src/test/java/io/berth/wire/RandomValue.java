package io.berth.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** A random type and a right value of it in either byte order, made by nothing that reads them. */
final class RandomValue {
    private static final String BASIC = "ybnqiuxtdsogh";

    private final Random random;
    private final boolean bigEndian;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** @param offset of the value, 0 to 7 */
    RandomValue(Random random, boolean bigEndian, int offset) {
        this.random = random;
        this.bigEndian = bigEndian;
        out.writeBytes(new byte[offset]);
    }

    /** One complete type with containers at most this deep. */
    static String type(Random random, int depth) {
        return switch (depth == 0 ? 9 : random.nextInt(10)) {
            case 0, 1 -> "a" + type(random, depth - 1);
            case 2 -> "a{" + basic(random) + type(random, depth - 1) + "}";
            case 3, 4 -> "(" + type(random, depth - 1) + (random.nextBoolean() ? type(random, depth - 1) : "") + ")";
            case 5 -> "v";
            default -> String.valueOf(basic(random));
        };
    }

    private static char basic(Random random) {
        return BASIC.charAt(random.nextInt(BASIC.length()));
    }

    /** Writes a value. @return the index in the type behind what was written */
    int write(String type, int at, int depth) {
        switch (type.charAt(at)) {
            case 'y' -> out.write(random.nextInt(256));
            case 'n', 'q' -> number(2, random.nextInt());
            case 'b' -> number(4, random.nextInt(2));
            case 'i', 'u', 'h' -> number(4, random.nextInt());
            case 'x', 't', 'd' -> number(8, random.nextInt());
            case 's', 'o' -> {
                byte[] text = "abcdefghi".substring(random.nextInt(10)).getBytes(StandardCharsets.US_ASCII);
                number(4, text.length);
                out.writeBytes(text);
                out.write(0);
            }
            case 'g' -> out.writeBytes(new byte[] {1, 'u', 0});
            case 'v' -> {
                String inner = type(random, Math.max(0, depth - 1));
                out.write(inner.length());
                out.writeBytes(inner.getBytes(StandardCharsets.US_ASCII));
                out.write(0);
                write(inner, 0, Math.max(0, depth - 1));
            }
            case 'a' -> {
                return array(type, at + 1, depth);
            }
            default -> {
                pad(8);
                int member = at + 1;
                while (type.charAt(member) != ')' && type.charAt(member) != '}') {
                    member = write(type, member, depth);
                }
                return member + 1;
            }
        }
        return at + 1;
    }

    private int array(String type, int element, int depth) {
        pad(4);
        RandomValue content = new RandomValue(random, bigEndian, 0);
        // the place of the elements counts from the beginning of all
        content.out.writeBytes(out.toByteArray());
        content.number(4, 0);
        content.pad("xtd({".indexOf(type.charAt(element)) >= 0 ? 8 : 1);
        int from = content.out.size();
        int behind = element;
        int elements = random.nextInt(3);
        for (int i = 0; i < elements; i++) {
            behind = content.write(type, element, depth);
        }
        int length = content.out.size() - from;
        if (elements == 0) {
            // only to learn where the type ends
            behind = new RandomValue(random, bigEndian, 0).write(type, element, 0);
        }
        int before = out.size();
        number(4, length);
        byte[] all = content.out.toByteArray();
        out.write(all, before + 4, all.length - before - 4);
        return behind;
    }

    private void number(int size, int value) {
        pad(size);
        for (int i = 0; i < size; i++) {
            int shift = bigEndian ? 8 * (size - 1 - i) : 8 * i;
            out.write(shift >= 32 ? 0 : value >>> shift);
        }
    }

    private void pad(int size) {
        while (out.size() % size != 0) {
            out.write(0);
        }
    }

    /** What was written, with the offset before it. */
    byte[] toBytes() {
        return out.toByteArray();
    }
}
