package io.berth.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.wire.SaslServer.State;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SaslClientTest {
    private static final String GUID = "0123456789abcdef0123456789ABCDEF";

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void start_withAndWithoutFds_sendsEverythingAtOnce() {
        assertEquals("\0AUTH EXTERNAL 31303030\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n",
                new String(new SaslClient(1000, true).start(), StandardCharsets.ISO_8859_1));
        assertEquals("\0AUTH EXTERNAL 34323934393637323934\r\nBEGIN\r\n",
                new String(new SaslClient(-2, false).start(), StandardCharsets.ISO_8859_1));
    }

    @Test
    void read_agreeing_takesExactlyTheLines() {
        String text = "OK " + GUID + "\r\nAGREE_UNIX_FD\r\nOK no line any more\r\n";
        for (int piece = 1; piece <= text.length(); piece++) {
            SaslClient client = new SaslClient(0, true);
            ByteBuffer input = bytes(text);
            State state = State.RUNNING;
            while (state == State.RUNNING) {
                input.limit(Math.min(text.length(), input.position() + piece));
                state = client.read(input);
            }
            assertEquals(State.DONE, state);
            assertEquals(text.indexOf("OK no"), input.position());
            assertEquals(GUID, client.guid());
            assertTrue(client.fdsAgreed());
            assertNull(client.failure());
        }
    }

    @Test
    void read_fdsRefused_isDoneWithoutFds() {
        SaslClient client = new SaslClient(0, true);
        assertEquals(State.RUNNING, client.read(bytes("OK " + GUID + "\r\n")));
        assertEquals(State.DONE, client.read(bytes("ERROR \"no\"\r\n")));
        assertFalse(client.fdsAgreed());
    }

    @Test
    void read_fdsNotWanted_isDoneAfterOk() {
        SaslClient client = new SaslClient(0, false);
        ByteBuffer input = bytes("OK " + GUID + "\r\nAGREE_UNIX_FD\r\n");
        assertEquals(State.DONE, client.read(input));
        assertEquals("AGREE_UNIX_FD\r\n".length(), input.remaining());
        assertFalse(client.fdsAgreed());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "REJECTED EXTERNAL\r\n",
        "DATA\r\n",
        "OK\r\n",
        "OK 0123456789abcdef0123456789abcde\r\n",
        "OK 0123456789abcdef0123456789abcdeg\r\n",
        "AGREE_UNIX_FD\r\n",
        "OK 0123456789abcdef0123456789abcdef\n",
        "OK 0123456789abcdef0123456789abcdef\r\nOK 0123456789abcdef0123456789abcdef\r\n",
        "OK 0123456789abcdef0123456789abcdef\r\nERRORS\r\n",
        "l\1\0\1",
    })
    void read_anythingElse_failsWithTheLine(String text) {
        SaslClient client = new SaslClient(0, true);
        assertEquals(State.FAILED, client.read(bytes(text)));
        assertTrue(client.failure().startsWith("authentication: "), client.failure());
        assertEquals(State.FAILED, client.read(bytes("OK " + GUID + "\r\nAGREE_UNIX_FD\r\n")));
        assertFalse(client.fdsAgreed());
    }

    @Test
    void read_endlessLine_failsAtItsLimit() {
        SaslClient client = new SaslClient(0, true);
        assertEquals(State.RUNNING, client.read(bytes("x".repeat(SaslLine.MAX_LENGTH))));
        assertEquals(State.FAILED, client.read(bytes("x")));
    }
}
