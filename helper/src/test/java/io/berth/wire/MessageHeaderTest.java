package io.berth.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageHeaderTest {
    private static final String LONG = "x".repeat(1000);

    private static MessageHeader read(byte[] bytes) {
        MessageHeader header = new MessageHeader();
        header.read(ByteBuffer.wrap(bytes), 0);
        return header;
    }

    private static String refusal(byte[] bytes) {
        return assertThrows(MalformedException.class, () -> read(bytes)).getMessage();
    }

    private static String refusal(RawMessage message) {
        return refusal(message.toBytes());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void read_everyField_isFoundInEitherByteOrder(boolean big) {
        byte[] bytes = new RawMessage(big, 4).set(2, 3).setWord(4, 1234).setWord(8, 0xfedcba98)
                .text(8, 'g', "a{sv}").text(1, 'o', "/a/b").text(2, 's', "i.I").text(3, 's', "M").text(4, 's', "e.E")
                .number(5, 0x80000001).text(6, 's', ":1.2").text(7, 's', "\u00e9").number(9, 16).toBytes();
        MessageHeader header = read(bytes);
        assertEquals(big, header.isBigEndian());
        assertEquals(MessageHeader.SIGNAL, header.type());
        assertEquals(3, header.flags());
        assertEquals(1234, header.bodyLength());
        assertEquals(0xfedcba98, header.serial());
        assertEquals(0x80000001, header.replySerial());
        assertEquals(16, header.unixFds());
        assertEquals(bytes.length, header.headerLength());
        String[] texts = {"/a/b", "i.I", "M", "e.E", null, ":1.2", "\u00e9", "a{sv}"};
        for (int field = 1; field <= 8; field++) {
            assertTrue(header.has(field));
            if (texts[field - 1] != null) {
                byte[] text = texts[field - 1].getBytes(StandardCharsets.UTF_8);
                assertEquals(texts[field - 1], header.text(field));
                assertTrue(header.is(field, text));
                assertFalse(header.is(field, (texts[field - 1] + "x").getBytes(StandardCharsets.UTF_8)));
                assertEquals(text.length, header.length(field));
                assertEquals(text[0], header.bytes()[header.start(field)]);
            }
        }
    }

    @Test
    void read_againForAnotherMessage_forgetsTheFirst() {
        MessageHeader header = read(new RawMessage(false, 1).text(1, 'o', "/" + LONG).text(3, 's', "M").text(6, 's', "org.a")
                .number(9, 3).number(5, 9).toBytes());
        header.read(ByteBuffer.wrap(RawMessage.call(true).toBytes()), 0);
        assertFalse(header.has(MessageHeader.DESTINATION));
        assertFalse(header.is(MessageHeader.DESTINATION, "org.a".getBytes(StandardCharsets.UTF_8)));
        assertEquals("", header.text(MessageHeader.DESTINATION));
        assertEquals(0, header.unixFds());
        assertEquals(0, header.replySerial());
        assertEquals("/a", header.text(MessageHeader.PATH));
    }

    @Test
    void read_anywhereInABuffer_needsNoPosition() {
        byte[] message = RawMessage.call(false).toBytes();
        ByteBuffer buffer = ByteBuffer.allocateDirect(message.length + 20);
        buffer.put(13, message);
        buffer.position(buffer.limit());
        MessageHeader header = new MessageHeader();
        assertEquals(message.length, MessageHeader.headerLength(buffer, 13));
        header.read(buffer, 13);
        assertEquals("M", header.text(MessageHeader.MEMBER));
        assertEquals(buffer.limit(), buffer.position());
    }

    @Test
    void read_writtenMessages_areWhatWasWritten() {
        MessageHeader call = read(MessageWriter.methodCall(5, "org.a", "/p", null, "M").flags(2).unixFds(2)
                .bytes(new byte[] {1, 2}).uint64(7).toBytes());
        assertEquals(MessageHeader.METHOD_CALL, call.type());
        assertTrue(call.expectsReply());
        assertEquals("ayt", call.text(MessageHeader.SIGNATURE));
        assertEquals(16, call.bodyLength());
        assertEquals(2, call.unixFds());
        assertFalse(call.has(MessageHeader.INTERFACE));
        MessageHeader error = read(MessageWriter.error(6, 5, ":1.1", "a.E").sender("org.b").string("why").toBytes());
        assertEquals(MessageHeader.ERROR, error.type());
        assertEquals(5, error.replySerial());
        assertEquals("a.E", error.text(MessageHeader.ERROR_NAME));
        assertEquals("org.b", error.text(MessageHeader.SENDER));
        assertEquals(":1.1", error.text(MessageHeader.DESTINATION));
        assertFalse(error.expectsReply());
        MessageHeader plain = read(MessageWriter.methodReturn(6, 5, null).toBytes());
        assertFalse(plain.has(MessageHeader.SIGNATURE));
        assertEquals(0, plain.bodyLength());
        assertFalse(read(MessageWriter.methodCall(5, null, "/p", "i.I", "M").flags(1).toBytes()).expectsReply());
    }

    @Test
    void write_whatNoMessageCanHave_isRefused() {
        assertThrows(IllegalArgumentException.class, () -> MessageWriter.signal(0, "/", "i.I", "M"));
        assertThrows(IllegalArgumentException.class, () -> MessageWriter.methodReturn(1, 0, null));
        assertThrows(IllegalArgumentException.class, () -> MessageWriter.signal(1, "/", "i.I", "M").string("a\0b"));
        assertThrows(IllegalArgumentException.class, () -> MessageWriter.signal(1, "/", "i.I", "M").string("\ud800"));
        assertThrows(IllegalStateException.class,
                () -> MessageWriter.signal(1, "/", "i.I", "M").uint32(1).body("u", new byte[4]));
        MessageWriter many = MessageWriter.signal(1, "/", "i.I", "M");
        for (int i = 0; i < 256; i++) {
            many.bool(true);
        }
        assertThrows(IllegalArgumentException.class, many::toBytes);
    }

    @Test
    void write_wholeBody_isTakenAsItIs() {
        byte[] body = {1, 0, 0, 0, 'x', 0};
        byte[] message = MessageWriter.methodReturn(1, 2, null).body("s", body).toBytes();
        MessageHeader header = read(message);
        assertEquals("s", header.text(MessageHeader.SIGNATURE));
        assertEquals("x", new BodyReader(ByteBuffer.wrap(message), header.headerLength(), header.bodyLength(), false).string());
    }

    @Test
    void headerLength_limits_areTheSpecificationsOnes() {
        int most = 64 << 20;
        byte[] prefix = RawMessage.call(false).setWord(12, most).toBytesAsItIs();
        assertEquals(16 + most, MessageHeader.headerLength(ByteBuffer.wrap(prefix), 0));
        for (int length : new int[] {most + 1, -1, Integer.MIN_VALUE}) {
            byte[] tooLong = RawMessage.call(false).setWord(12, length).toBytesAsItIs();
            assertThrows(MalformedException.class, () -> MessageHeader.headerLength(ByteBuffer.wrap(tooLong), 0), "" + length);
        }
        byte[] largest = RawMessage.call(true).setWord(4, MessageHeader.MAX_MESSAGE - 16).setWord(12, 0).toBytesAsItIs();
        assertEquals(16, MessageHeader.headerLength(ByteBuffer.wrap(largest), 0));
        for (int body : new int[] {MessageHeader.MAX_MESSAGE - 15, -1, Integer.MAX_VALUE}) {
            byte[] tooLong = RawMessage.call(true).setWord(4, body).setWord(12, 0).toBytesAsItIs();
            assertThrows(MalformedException.class, () -> MessageHeader.headerLength(ByteBuffer.wrap(tooLong), 0), "" + body);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void read_wrongPrefix_isRefused(boolean big) {
        assertEquals("byte order mark 98, expected l or B", refusal(RawMessage.call(big).set(0, 'b')));
        assertEquals("protocol version 2, expected 1", refusal(RawMessage.call(big).set(3, 2)));
        assertEquals("protocol version 0, expected 1", refusal(RawMessage.call(big).set(3, 0)));
        assertEquals("message type 0", refusal(RawMessage.call(big).set(1, 0)));
        assertEquals("serial 0", refusal(RawMessage.call(big).setWord(8, 0)));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void read_missingField_isRefused(boolean big) {
        List<RawMessage> messages = List.of(
                new RawMessage(big, 1).text(1, 'o', "/a"),
                new RawMessage(big, 1).text(3, 's', "M"),
                new RawMessage(big, 2),
                new RawMessage(big, 3).number(5, 1),
                new RawMessage(big, 3).text(4, 's', "e.E"),
                new RawMessage(big, 4).text(1, 'o', "/a").text(2, 's', "i.I"),
                new RawMessage(big, 4).text(1, 'o', "/a").text(3, 's', "M"),
                new RawMessage(big, 4).text(2, 's', "i.I").text(3, 's', "M"));
        for (RawMessage message : messages) {
            String refusal = refusal(message);
            assertTrue(refusal.startsWith("a header field is missing"), refusal);
        }
    }

    @Test
    void read_unknownType_needsNoField() {
        assertEquals(5, read(new RawMessage(false, 5).toBytes()).type());
        assertEquals(255, read(new RawMessage(true, 255).toBytes()).type());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void read_fieldTwice_isRefused(boolean big) {
        assertEquals("header field 6 twice", refusal(RawMessage.call(big).text(6, 's', "org.a").text(6, 's', "org.b")));
        assertEquals("header field 3 twice", refusal(RawMessage.call(big).text(3, 's', "M")));
        assertEquals("header field 9 twice", refusal(RawMessage.call(big).number(9, 1).number(9, 1)));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void read_wrongTypeOfField_isRefused(boolean big) {
        String types = "\0osssussgu";
        for (int code = 1; code <= 9; code++) {
            for (char type : "sogu".toCharArray()) {
                if (type != types.charAt(code)) {
                    RawMessage message = new RawMessage(big, 9);
                    String refusal = refusal(type == 'u' ? message.number(code, 1) : message.text(code, type, "/a"));
                    assertEquals("header field " + code + " of type " + type + ", expected " + types.charAt(code), refusal);
                }
            }
        }
        assertEquals("header field 0", refusal(RawMessage.call(big).text(0, 's', "x")));
        assertEquals("header field 6 is not of one basic type", refusal(RawMessage.call(big).field(6, "ss").raw(0, 0, 0)));
        assertEquals("header field 6 is not of one basic type", refusal(RawMessage.call(big).field(6, "").raw(0, 0, 0, 0, 0)));
        assertEquals("header field 6 is not of one basic type",
                refusal(RawMessage.call(big).field(6, "as").raw(0, 0, 0, 0, 0, 0, 0)));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void read_zeroWhereNoneMayBe_isRefused(boolean big) {
        assertEquals("reply serial 0", refusal(new RawMessage(big, 2).number(5, 0)));
        assertEquals("4294967295 file descriptors", refusal(RawMessage.call(big).number(9, -1)));
        assertEquals(0, read(RawMessage.call(big).number(9, 0).toBytes()).unixFds());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void read_unknownField_isPassedOver(boolean big) {
        MessageHeader header = read(RawMessage.call(big).text(10, 's', "x").text(200, 'g', "a{sv}").text(201, 'o', "/")
                .number(11, 0).number(11, 1).field(12, "y").raw(7).field(13, "q").raw(1, 2).field(14, "t").raw(0, 0, 0, 0)
                .raw(1, 2, 3, 4, 5, 6, 7, 8).field(255, "b").raw(0, 0, 0, 0).text(6, 's', "org.a").toBytes());
        assertEquals("org.a", header.text(MessageHeader.DESTINATION));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void read_unknownFieldOfAnyType_isPassedOver(boolean big) {
        Random random = new Random(10);
        for (int round = 0; round < 2_000; round++) {
            String type = RandomValue.type(random, 4);
            // the value stands behind code and signature in a structure that begins at a multiple of 8
            RandomValue value = new RandomValue(random, big, (type.length() + 3) % 8);
            value.write(type, 0, 4);
            byte[] bytes = value.toBytes();
            RawMessage message = RawMessage.call(big).field(10 + random.nextInt(246), type);
            for (int i = (type.length() + 3) % 8; i < bytes.length; i++) {
                message.raw(bytes[i]);
            }
            MessageHeader header = read(message.text(6, 's', "org.a").toBytes());
            assertEquals("org.a", header.text(MessageHeader.DESTINATION), type);
            assertFalse(header.isPlain());
            MessageHeader plain = read(header.plain());
            assertTrue(plain.isPlain());
            assertSaysTheSame(header, plain, MessageHeader.SENDER);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void read_unknownFieldThatDoesNotFit_isRefused(boolean big) {
        List<RawMessage> messages = List.of(RawMessage.call(big).field(10, "v").raw(1, 'y', 0), RawMessage.call(big).field(10, "").raw(1),
                RawMessage.call(big).field(10, "yy").raw(1, 1), RawMessage.call(big).field(10, "a{vs}").raw(0, 0, 0, 0),
                RawMessage.call(big).field(10, "as").raw(0).raw(9, 9, 9, 9));
        for (RawMessage message : messages) {
            String refusal = refusal(message);
            assertTrue(refusal.startsWith("header field 10: "), refusal);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void plain_senderAndUnknownFieldsAnywhere_areCut(boolean big) {
        for (int place = 0; place < 4; place++) {
            RawMessage message = new RawMessage(big, 1).setWord(4, 77);
            for (int field = 0; field < 4; field++) {
                if (field == place) {
                    message.text(7, 's', "org.freedesktop.DBus").text(10, 'o', "/forged").number(200, 1);
                }
                switch (field) {
                    case 0 -> message.text(1, 'o', "/a");
                    case 1 -> message.text(3, 's', "Mem");
                    case 2 -> message.text(6, 's', "org.a");
                    default -> message.number(9, 2);
                }
            }
            MessageHeader header = read(message.toBytes());
            MessageHeader plain = read(header.plain());
            assertTrue(plain.isPlain());
            assertFalse(plain.has(MessageHeader.SENDER));
            assertSaysTheSame(header, plain, MessageHeader.SENDER);
        }
        assertFalse(read(RawMessage.call(big).text(7, 's', ":1.1").toBytes()).isPlain());
        assertTrue(read(RawMessage.call(big).text(6, 's', ":1.1").toBytes()).isPlain());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void read_textThatDoesNotFit_isRefused(boolean big) {
        for (int length : new int[] {3, 4, 6, 7, 100, -1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            byte[] bytes = RawMessage.call(big).text(6, 's', "org.a").toBytes();
            ByteBuffer.wrap(bytes).order(big ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN)
                    .putInt(bytes.length - 12, length);
            String refusal = refusal(bytes);
            assertTrue(refusal.contains("header field 6"), length + ": " + refusal);
        }
        assertEquals("NUL inside header field 6", refusal(RawMessage.call(big).text(6, 's', "org\0a")));
        assertTrue(refusal(RawMessage.call(big).text(200, 's', "org\0a")).startsWith("header field 200: "));
        assertEquals("text of header field 8 does not end where it must",
                refusal(RawMessage.call(big).field(8, "g").raw(2, 's', 's', 's')));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void read_paddingNotZero_isRefused(boolean big) {
        byte[] valid = RawMessage.call(big).text(6, 's', "org.a").toBytes();
        read(valid);
        int padded = 0;
        for (int i = 16; i < valid.length; i++) {
            byte[] changed = valid.clone();
            changed[i] = 9;
            try {
                read(changed);
            } catch (MalformedException refused) {
                padded += refused.getMessage().startsWith("padding that is not zero at byte " + i) ? 1 : 0;
            }
        }
        assertEquals(5 + 6 + 2, padded, "padding bytes behind PATH, MEMBER and DESTINATION");
    }

    @Test
    void read_fieldsCutOffAnywhereButBetweenTwo_isRefused() {
        byte[] valid = RawMessage.call(false).text(6, 's', "org.a").number(9, 1).toBytes();
        int whole = ByteBuffer.wrap(valid).order(ByteOrder.LITTLE_ENDIAN).getInt(12);
        List<Integer> accepted = new ArrayList<>();
        for (int length = 0; length < whole; length++) {
            byte[] cut = valid.clone();
            ByteBuffer.wrap(cut).order(ByteOrder.LITTLE_ENDIAN).putInt(12, length);
            try {
                read(cut);
                accepted.add(length);
            } catch (MalformedException refused) {
                assertFalse(refused.getMessage().isEmpty());
            }
        }
        assertEquals(List.of(26, 46), accepted, "lengths that end with MEMBER and with DESTINATION");
    }

    @Test
    void read_randomMutations_neverThrowAnythingElse() {
        byte[][] messages = {
            RawMessage.call(false).text(6, 's', "org.a").text(2, 's', "i.I").number(9, 1).text(8, 'g', "sa{sv}").toBytes(),
            RawMessage.call(true).text(6, 's', "org.a").number(5, 1).text(20, 's', "x").toBytes(),
            new RawMessage(true, 4).text(1, 'o', "/").text(2, 's', "i.I").text(3, 's', "M").text(7, 's', ":1.1").toBytes(),
            MessageWriter.error(1, 2, ":1.1", "a.E").string("text").toBytes(),
        };
        Random random = new Random(15);
        MessageHeader header = new MessageHeader();
        byte[] name = "org.other".getBytes(StandardCharsets.UTF_8);
        int accepted = 0;
        int rewritten = 0;
        for (int round = 0; round < 200_000; round++) {
            byte[] bytes = messages[round % messages.length].clone();
            for (int n = 1 + random.nextInt(3); n > 0; n--) {
                int at = random.nextInt(bytes.length);
                bytes[at] = (byte) (random.nextBoolean() ? random.nextInt(256) : random.nextInt(12));
            }
            try {
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                if (MessageHeader.headerLength(buffer, 0) > bytes.length) {
                    continue;
                }
                header.read(buffer, 0);
                accepted++;
                if (header.has(MessageHeader.DESTINATION)) {
                    assertRewritten(header, name);
                    rewritten++;
                }
            } catch (MalformedException expected) {
                assertFalse(expected.getMessage().isEmpty());
            }
        }
        assertTrue(accepted > 20_000 && rewritten > 10_000, accepted + " accepted, " + rewritten + " rewritten");
    }

    /** Everything but DESTINATION, and what an app may not say, stays as it is. */
    private static void assertRewritten(MessageHeader header, byte[] name) {
        MessageHeader other = read(header.withDestination(name));
        assertArrayEquals(name, other.text(MessageHeader.DESTINATION).getBytes(StandardCharsets.UTF_8));
        assertTrue(other.isPlain());
        assertSaysTheSame(header, other, MessageHeader.DESTINATION);
    }

    private static void assertSaysTheSame(MessageHeader header, MessageHeader other, int but) {
        assertEquals(header.type(), other.type());
        assertEquals(header.flags(), other.flags());
        assertEquals(header.serial(), other.serial());
        assertEquals(header.replySerial(), other.replySerial());
        assertEquals(header.unixFds(), other.unixFds());
        assertEquals(header.bodyLength(), other.bodyLength());
        assertEquals(header.isBigEndian(), other.isBigEndian());
        assertEquals(0, other.headerLength() % 8);
        for (int field = 1; field <= 9; field++) {
            if (field == MessageHeader.SENDER) {
                continue;
            }
            assertEquals(header.has(field), other.has(field));
            if (field != but && field != MessageHeader.REPLY_SERIAL && field != MessageHeader.UNIX_FDS) {
                assertEquals(header.text(field), other.text(field));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void withDestination_firstMiddleOrLast_keepsTheRest(boolean big) {
        for (String name : List.of(":1.2", "org.freedesktop.Something", "x".repeat(255))) {
            for (String before : List.of(":1.1", "org.a", "org.ab", "org.abcdefgh")) {
                byte[] to = name.getBytes(StandardCharsets.UTF_8);
                assertRewritten(read(new RawMessage(big, 1).text(6, 's', before).text(1, 'o', "/a").text(3, 's', "M").toBytes()), to);
                assertRewritten(read(new RawMessage(big, 1).text(1, 'o', "/a").text(6, 's', before).text(3, 's', "M").toBytes()), to);
                assertRewritten(read(new RawMessage(big, 1).text(1, 'o', "/a").text(3, 's', "Mem").text(6, 's', before).toBytes()), to);
                assertRewritten(read(new RawMessage(big, 1).text(1, 'o', "/a").text(3, 's', "M").text(6, 's', before)
                        .text(99, 's', "cut").number(9, 4).toBytes()), to);
            }
        }
    }

    @Test
    void withDestination_none_isTheCallersFault() {
        MessageHeader header = read(RawMessage.call(false).toBytes());
        assertThrows(IllegalStateException.class, () -> header.withDestination(new byte[] {'a'}));
    }
}
