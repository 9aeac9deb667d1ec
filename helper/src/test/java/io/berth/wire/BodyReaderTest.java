package io.berth.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BodyReaderTest {
    private static BodyReader reader(String hex, boolean bigEndian) {
        byte[] body = HexFormat.of().parseHex(hex.replace(" ", ""));
        // at an odd place between other bytes, so that alignment and ends are the body's own
        ByteBuffer buffer = ByteBuffer.allocateDirect(body.length + 8);
        for (int i = 0; i < buffer.capacity(); i++) {
            buffer.put(i, (byte) 0x55);
        }
        buffer.put(3, body);
        buffer.position(buffer.capacity());
        return new BodyReader(buffer, 3, body.length, bigEndian);
    }

    @Test
    void values_littleEndian_areRead() {
        BodyReader body = reader("02000000 6869 00 00 2a000000 01000000 0f000000 01000000 c3 00 0000", false);
        assertEquals("hi", body.string());
        assertEquals(42, body.uint32());
        assertTrue(body.bool());
        assertFalse(body.atEnd());
        assertThrows(MalformedException.class, body::strings);
    }

    @Test
    void values_bigEndian_areRead() {
        BodyReader body = reader("00000000 00 000000 00000002 c3a9 00 00 ffffffff 00000000"
                + "0000000e 00000001 61 00 0000 00000001 62 00", true);
        assertEquals("", body.string());
        assertEquals("\u00e9", body.string());
        assertEquals(-1, body.uint32());
        assertFalse(body.bool());
        assertEquals(List.of("a", "b"), body.strings());
        assertTrue(body.atEnd());
    }

    @Test
    void dictionary_readAndSkipped_isPassedToItsEnd() {
        // "a" -> <uint32 7>, "b" -> <ay 01 02>, "c" -> <uint64 9>, "d" -> <au 5>, "e" -> <"x">; then uint32 3
        BodyReader body = reader("6a000000 00000000"
                + "01000000 61 00 01 75 00 000000 07000000"
                + "01000000 62 00 02 6179 00 0000 02000000 0102 000000000000"
                + "01000000 63 00 01 74 00 000000 00000000 0900000000000000"
                + "01000000 64 00 02 6175 00 0000 04000000 05000000 00000000"
                + "01000000 65 00 01 73 00 000000 01000000 78 00 0000 03000000", false);
        List<String> seen = new ArrayList<>();
        body.dictionary((key, signature) -> {
            seen.add(key + signature);
            switch (key) {
                case "a" -> assertEquals(7, body.uint32());
                case "b" -> assertArrayEquals(new byte[] {1, 2}, body.bytes());
                default -> body.skip(signature);
            }
        });
        assertEquals(List.of("au", "bay", "ct", "dau", "es"), seen);
        assertEquals(3, body.uint32());
        assertTrue(body.atEnd());
    }

    @Test
    void dictionary_malformed_isRefused() {
        for (String hex : List.of("ff000000 00000000 01000000 61 00 01 75 00 000000 07000000", "10000000 00000000 01000000 61 00 01 28 00 000000 07000000",
                "10000000 00000000 01000000 61 00 05 75 00 000000 07000000", "08000000 00000000 01000000 61 00 02")) {
            BodyReader body = reader(hex, false);
            assertThrows(MalformedException.class, () -> body.dictionary((key, signature) -> body.skip(signature)), hex);
        }
    }

    @Test
    void strings_empty_isAnEmptyList() {
        BodyReader body = reader("00000000", false);
        assertEquals(List.of(), body.strings());
        assertTrue(body.atEnd());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "",
        "010000",
        "01000000 61",                 // no room for the NUL
        "01000000 61 62",              // another byte in its place
        "03000000 61 00 62 00",        // NUL inside
        "01000000 c3 00",              // UTF-8 cut off
        "02000000 c080 00",            // overlong
        "03000000 eda080 00",          // surrogate
        "04000000 f4908080 00",        // above U+10FFFF
        "ffffffff 61 00",
        "00000080 61 00",
        "ffffff7f 61 00",
    })
    void string_malformed_isRefused(String hex) {
        assertThrows(MalformedException.class, () -> reader(hex, false).string());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "07000000 01000000 61 00 00",           // the second has no room for its length
        "0a000000 01000000 61 00 0000 01000000",
        "05000000 01000000 61 00",              // the first ends behind the array
        "08000000 01000000 61 00",              // longer than the body
        "ffffffff",
        "01000004 00",                          // more than 64 MiB
        "0d000000 01000000 61 00 0100 00000000 00",
    })
    void strings_malformed_isRefused(String hex) {
        assertThrows(MalformedException.class, reader(hex, false)::strings);
    }

    @Test
    void padding_notZero_isRefused() {
        BodyReader body = reader("01000000 61 00 0001 00000000", false);
        assertEquals("a", body.string());
        MalformedException refused = assertThrows(MalformedException.class, body::uint32);
        assertEquals("body: padding that is not zero at byte 7 of 12", refused.getMessage());
    }

    @Test
    void bool_two_isRefused() {
        assertThrows(MalformedException.class, () -> reader("02000000", false).bool());
    }

    @Test
    void body_outsideTheBuffer_isTheCallersFault() {
        assertThrows(IndexOutOfBoundsException.class, () -> new BodyReader(ByteBuffer.allocate(8), 4, 5, false));
        assertThrows(IndexOutOfBoundsException.class, () -> new BodyReader(ByteBuffer.allocate(8), -1, 5, false));
    }

    @Test
    void randomBytes_neverThrowAnythingElse() {
        Random random = new Random(5);
        int read = 0;
        for (int round = 0; round < 100_000; round++) {
            byte[] bytes = new byte[random.nextInt(40)];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (random.nextInt(3) == 0 ? random.nextInt(256) : random.nextInt(9));
            }
            BodyReader body = new BodyReader(ByteBuffer.wrap(bytes), 0, bytes.length, random.nextBoolean());
            try {
                while (!body.atEnd()) {
                    switch (random.nextInt(4)) {
                        case 0 -> body.string();
                        case 1 -> body.strings();
                        case 2 -> body.uint32();
                        default -> body.bool();
                    }
                    read++;
                }
            } catch (MalformedException expected) {
                assertTrue(expected.getMessage().startsWith("body: "));
            }
        }
        assertTrue(read > 10_000, "values read: " + read);
    }

    @Test
    void written_values_areReadBack() {
        Random random = new Random(6);
        for (int round = 0; round < 1000; round++) {
            List<String> texts = new ArrayList<>();
            for (int n = random.nextInt(6); n > 0; n--) {
                texts.add("y".repeat(random.nextInt(9)) + "\u20ac".repeat(random.nextInt(3)));
            }
            byte[] message = MessageWriter.methodReturn(1, 2, null).strings(texts).bool(true).string("\ud83d\ude00").uint32(round)
                    .objectPath("/a").toBytes();
            MessageHeader header = new MessageHeader();
            header.read(ByteBuffer.wrap(message), 0);
            assertEquals("asbsuo", header.text(MessageHeader.SIGNATURE));
            BodyReader body = new BodyReader(ByteBuffer.wrap(message), header.headerLength(), header.bodyLength(), false);
            assertEquals(texts, body.strings());
            assertTrue(body.bool());
            assertEquals("\ud83d\ude00", body.string());
            assertEquals(round, body.uint32());
            assertEquals("/a", body.string());
            assertTrue(body.atEnd());
        }
    }
}
