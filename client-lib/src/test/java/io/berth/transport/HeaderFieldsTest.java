package io.berth.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class HeaderFieldsTest {
    /** Writes a header field by field; the values of unknown fields are of every kind. */
    private static final class Writer {
        private final ByteArrayOutputStream fields = new ByteArrayOutputStream();
        private final ByteOrder order;

        private Writer(ByteOrder order) {
            this.order = order;
        }

        private void pad(int alignment) {
            while (fields.size() % alignment != 0) {
                fields.write(0);
            }
        }

        private Writer begin(int code, String signature) {
            pad(8);
            fields.write(code);
            fields.write(signature.length());
            fields.writeBytes(signature.getBytes(StandardCharsets.US_ASCII));
            fields.write(0);
            return this;
        }

        private Writer number(int value) {
            pad(4);
            fields.writeBytes(ByteBuffer.allocate(4).order(order).putInt(value).array());
            return this;
        }

        private Writer octet(int value) {
            fields.write(value);
            return this;
        }

        private Writer text(String value) {
            number(value.length());
            fields.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
            fields.write(0);
            return this;
        }

        private Writer member() {
            return begin(3, "s").text("Foo");
        }

        private Writer unixFds(int count) {
            return begin(9, "u").number(count);
        }

        private byte[] message(byte... body) {
            int length = fields.size();
            pad(8);
            ByteBuffer message = ByteBuffer.allocate(16 + fields.size() + body.length).order(order);
            message.put((byte) (order == ByteOrder.BIG_ENDIAN ? 'B' : 'l')).put((byte) 1).put((byte) 0).put((byte) 1);
            message.putInt(body.length).putInt(77).putInt(length).put(fields.toByteArray()).put(body);
            return message.array();
        }
    }

    private static final ByteOrder[] ORDERS = {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN};

    private static byte[] cleaned(byte[] message) throws IOException {
        HeaderFields header = new HeaderFields(message);
        header.dropUnknown();
        return Arrays.copyOf(header.bytes(), header.length());
    }

    @Test
    void unknownFields_anywhere_areTakenOut() throws IOException {
        for (ByteOrder order : ORDERS) {
            byte[] plain = new Writer(order).member().unixFds(2).message();
            assertArrayEquals(plain, cleaned(new Writer(order).begin(10, "o").text("/x").member().unixFds(2).message()));
            assertArrayEquals(plain, cleaned(new Writer(order).member().begin(200, "y").octet(7).unixFds(2).message()));
            assertArrayEquals(plain, cleaned(new Writer(order).member().unixFds(2).begin(10, "s").text("end").message()));
            Writer several = new Writer(order).begin(11, "g");
            several.fields.writeBytes(new byte[2]);
            several.begin(12, "u").number(1).member().unixFds(2).begin(10, "a(su)").number(0).pad(8);
            assertArrayEquals(plain, cleaned(several.message()));
        }
    }

    @Test
    void unknownFields_ofEveryType_areSkippedRight() throws IOException {
        for (ByteOrder order : ORDERS) {
            byte[] plain = new Writer(order).member().message();
            Writer nested = new Writer(order).begin(10, "v");
            nested.fields.write(1);
            nested.fields.write('s');
            nested.fields.write(0);
            assertArrayEquals(plain, cleaned(nested.text("in a variant").member().message()));
            Writer array = new Writer(order).begin(10, "a{ss}").number(14);
            array.pad(8);
            assertArrayEquals(plain, cleaned(array.text("k").text("v").member().message()));
            Writer struct = new Writer(order).begin(10, "(ss)");
            struct.pad(8);
            assertArrayEquals(plain, cleaned(struct.text("one").text("two").member().message()));
        }
    }

    @Test
    void fdCount_missingOrWrong_isPutIn() throws IOException {
        byte[] body = {1, 2, 3};
        for (ByteOrder order : ORDERS) {
            byte[] message = new Writer(order).member().message(body);
            HeaderFields header = new HeaderFields(message);
            assertEquals(0, header.fileDescriptors());
            assertArrayEquals(new Writer(order).member().unixFds(2).message(body), header.withFileDescriptors(message, 2));
            byte[] wrong = new Writer(order).unixFds(1).member().message(body);
            assertEquals(1, new HeaderFields(wrong).fileDescriptors());
            assertArrayEquals(new Writer(order).unixFds(3).member().message(body), new HeaderFields(wrong).withFileDescriptors(wrong, 3));
        }
    }

    @Test
    void header_thatIsMalformed_isAnIOException() {
        byte[] negative = new Writer(ByteOrder.LITTLE_ENDIAN).begin(10, "s").number(-100).message();
        assertThrows(IOException.class, () -> new HeaderFields(negative).fileDescriptors());
        byte[] beyond = new Writer(ByteOrder.LITTLE_ENDIAN).begin(10, "s").number(100).message();
        assertThrows(IOException.class, () -> new HeaderFields(beyond).dropUnknown());
    }
}
