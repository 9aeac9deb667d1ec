package io.berth.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Values of types that nobody here knows are passed over to their end, and no byte further. */
class SkipTest {
    private static int skipped(byte[] bytes, String type) {
        BodyReader body = new BodyReader(ByteBuffer.wrap(bytes), 0, bytes.length, false);
        body.skip(type);
        return body.position();
    }

    @Test
    void skip_randomValues_endsBehindEach() {
        Random random = new Random(13);
        int containers = 0;
        for (int round = 0; round < 50_000; round++) {
            boolean big = random.nextBoolean();
            String type = RandomValue.type(random, 5);
            RandomValue value = new RandomValue(random, big, 0);
            value.write(type, 0, 5);
            byte[] bytes = value.toBytes();
            byte[] more = Arrays.copyOf(bytes, bytes.length + 9);
            Arrays.fill(more, bytes.length, more.length, (byte) 0x55);
            BodyReader body = new BodyReader(ByteBuffer.wrap(more), 0, more.length, big);
            body.skip(type);
            assertEquals(bytes.length, body.position(), "round " + round + " of type " + type);
            containers += type.length() > 1 ? 1 : 0;
        }
        assertTrue(containers > 10_000, containers + " containers");
    }

    @Test
    void skip_anythingCutOff_isRefused() {
        Random random = new Random(14);
        for (int round = 0; round < 3_000; round++) {
            String type = RandomValue.type(random, 4);
            RandomValue value = new RandomValue(random, false, 0);
            value.write(type, 0, 4);
            byte[] bytes = value.toBytes();
            for (int length = 0; length < bytes.length; length++) {
                BodyReader body = new BodyReader(ByteBuffer.wrap(bytes), 0, length, false);
                assertThrows(MalformedException.class, () -> body.skip(type), type);
            }
        }
    }

    @Test
    void skip_spoiledValuesAndTypes_neverThrowsAnythingElse() {
        Random random = new Random(15);
        int passed = 0;
        for (int round = 0; round < 200_000; round++) {
            String type = RandomValue.type(random, 4);
            RandomValue value = new RandomValue(random, false, 0);
            value.write(type, 0, 4);
            byte[] bytes = value.toBytes();
            for (int n = random.nextInt(4); n > 0 && bytes.length > 0; n--) {
                bytes[random.nextInt(bytes.length)] = (byte) (random.nextBoolean() ? random.nextInt(256) : random.nextInt(12));
            }
            char[] letters = type.toCharArray();
            if (random.nextInt(4) == 0) {
                letters[random.nextInt(letters.length)] = "a(){}vsyx\u00ff".charAt(random.nextInt(10));
            }
            try {
                assertTrue(skipped(bytes, new String(letters)) <= bytes.length);
                passed++;
            } catch (MalformedException expected) {
                assertFalse(expected.getMessage().isEmpty());
            }
        }
        assertTrue(passed > 20_000, passed + " passed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "(", ")", "()", "(y", "y)", "{sv}", "a{", "a{}", "a{s}", "a{ss", "a{sss}", "a{vs}", "a{(s)s}", "a{ass}", "ss",
        "r", "e", "m", "a*", "z", "(y)s", "a{s(}", "\u00ff", "s\0"})
    void skip_noCompleteType_isRefused(String type) {
        assertThrows(MalformedException.class, () -> skipped(new byte[64], type));
    }

    @Test
    void skip_depthOfTypes_isTheSpecifications() {
        byte[] nothing = new byte[512];
        assertEquals(4, skipped(nothing, "a".repeat(32) + "y"));
        assertThrows(MalformedException.class, () -> skipped(nothing, "a".repeat(33) + "y"));
        assertEquals(1, skipped(nothing, "(".repeat(32) + "y" + ")".repeat(32)));
        assertThrows(MalformedException.class, () -> skipped(nothing, "(".repeat(33) + "y" + ")".repeat(33)));
        assertEquals(253, skipped(nothing, "(" + "y".repeat(253) + ")"));
        assertThrows(MalformedException.class, () -> skipped(nothing, "(" + "y".repeat(254) + ")"));
    }

    /** One variant in another, as many as there is room for. */
    private static byte[] variants(int depth) {
        byte[] bytes = new byte[3 * depth + 1];
        for (int i = 0; i < depth; i++) {
            bytes[3 * i] = 1;
            bytes[3 * i + 1] = (byte) (i == depth - 1 ? 'y' : 'v');
        }
        return bytes;
    }

    @Test
    void skip_variantsInsideOneAnother_areFollowed64DeepAndNotFurther() {
        assertEquals(64 * 3 + 1, skipped(variants(64), "v"));
        assertThrows(MalformedException.class, () -> skipped(variants(65), "v"));
        assertThrows(MalformedException.class, () -> skipped(variants(100_000), "v"));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 64 << 20, 5, 9})
    void skip_arrayLongerThanWhatIsThere_isRefused(int length) {
        byte[] bytes = new byte[8];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(0, length);
        assertThrows(MalformedException.class, () -> skipped(bytes, "ay"));
        assertThrows(MalformedException.class, () -> skipped(bytes, "ax"));
    }

    @Test
    void skip_elementThatEndsBehindItsArray_isRefused() {
        // as of 5 bytes, whose string says 3 letters; they are there, behind the array
        byte[] bytes = {5, 0, 0, 0, 3, 0, 0, 0, 'a', 'b', 'c', 0};
        assertThrows(MalformedException.class, () -> skipped(bytes, "as"));
        bytes[0] = 8;
        assertEquals(12, skipped(bytes, "as"));
    }
}
