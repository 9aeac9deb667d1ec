package io.berth.tests.raw;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;

/** Spoils bytes in a way that its seed decides. Stateless. */
public final class Mutation {
    private static final int[] INTERESTING = {0, 1, 7, 8, 0x7f, 0x80, 0xff, 'l', 'B', 'a', 'v', '(', '{'};
    private static final List<BiFunction<Random, byte[], byte[]>> WAYS = List.of(Mutation::flipBit, Mutation::setByte,
            Mutation::setByte, Mutation::setWord, Mutation::truncate, Mutation::insert, Mutation::remove, Mutation::swapWord,
            Mutation::noise);

    private Mutation() {
    }

    /** @param bytes at least 16, left as they are */
    public static byte[] of(byte[] bytes, long seed) {
        Random random = new Random(seed);
        byte[] spoiled = bytes;
        int times = 1 + random.nextInt(3);
        for (int i = 0; i < times && spoiled.length >= 16; i++) {
            spoiled = WAYS.get(random.nextInt(WAYS.size())).apply(random, spoiled.clone());
        }
        return spoiled;
    }

    private static byte[] flipBit(Random random, byte[] bytes) {
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        return bytes;
    }

    private static byte[] setByte(Random random, byte[] bytes) {
        bytes[random.nextInt(bytes.length)] = (byte) INTERESTING[random.nextInt(INTERESTING.length)];
        return bytes;
    }

    /** A length or count that is far off. */
    private static byte[] setWord(Random random, byte[] bytes) {
        int at = random.nextInt(bytes.length / 4) * 4;
        int value = random.nextBoolean() ? random.nextInt(64) : random.nextInt();
        for (int i = 0; i < 4 && at + i < bytes.length; i++) {
            bytes[at + i] = (byte) (value >>> 8 * i);
        }
        return bytes;
    }

    private static byte[] truncate(Random random, byte[] bytes) {
        return Arrays.copyOf(bytes, random.nextInt(bytes.length));
    }

    private static byte[] insert(Random random, byte[] bytes) {
        int at = random.nextInt(bytes.length);
        int count = 1 + random.nextInt(16);
        byte[] longer = Arrays.copyOf(bytes, bytes.length + count);
        System.arraycopy(bytes, at, longer, at + count, bytes.length - at);
        return longer;
    }

    private static byte[] remove(Random random, byte[] bytes) {
        int at = random.nextInt(bytes.length);
        int count = Math.min(1 + random.nextInt(16), bytes.length - at);
        System.arraycopy(bytes, at + count, bytes, at, bytes.length - at - count);
        return Arrays.copyOf(bytes, bytes.length - count);
    }

    private static byte[] swapWord(Random random, byte[] bytes) {
        int at = random.nextInt((bytes.length - 4) / 4 + 1) * 4;
        byte first = bytes[at];
        byte second = bytes[at + 1];
        bytes[at] = bytes[at + 3];
        bytes[at + 1] = bytes[at + 2];
        bytes[at + 2] = second;
        bytes[at + 3] = first;
        return bytes;
    }

    private static byte[] noise(Random random, byte[] bytes) {
        byte[] rest = new byte[bytes.length - random.nextInt(bytes.length)];
        random.nextBytes(rest);
        System.arraycopy(rest, 0, bytes, bytes.length - rest.length, rest.length);
        return bytes;
    }
}
