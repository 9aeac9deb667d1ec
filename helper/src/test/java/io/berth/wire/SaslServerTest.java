package io.berth.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.wire.SaslServer.State;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SaslServerTest {
    private static final String GUID = "0123456789abcdef0123456789abcdef";
    private static final String OK = "OK " + GUID + "\r\n";
    private static final String REJECTED = "REJECTED EXTERNAL\r\n";

    private final SaslServer sasl = new SaslServer(GUID, true);

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String output(SaslServer sasl) {
        return new String(sasl.takeOutput(), StandardCharsets.ISO_8859_1);
    }

    /** @return what is answered; a line that begins with ERROR is cut there */
    private static String answers(SaslServer sasl, String text) {
        sasl.read(bytes(text));
        return output(sasl).replaceAll("(?m)^ERROR \"[ -~]*\"\r\n", "ERROR\r\n");
    }

    @Test
    void read_everythingAtOnceAsSystemdSendsIt_isDoneAndLeavesTheMessages() {
        ByteBuffer input = bytes("\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\nl\1\0\1\r\n");
        assertEquals(State.DONE, sasl.read(input));
        assertEquals("DATA\r\n" + OK + "AGREE_UNIX_FD\r\n", output(sasl));
        assertTrue(sasl.fdsNegotiated());
        assertNull(sasl.failure());
        byte[] rest = new byte[input.remaining()];
        input.get(rest);
        assertArrayEquals(new byte[] {'l', 1, 0, 1, '\r', '\n'}, rest);
    }

    @Test
    void read_afterBegin_takesNothingMore() {
        sasl.read(bytes("\0AUTH EXTERNAL 30\r\nBEGIN\r\n"));
        ByteBuffer messages = bytes("AUTH\r\n");
        assertEquals(State.DONE, sasl.read(messages));
        assertEquals(6, messages.remaining());
        assertEquals(OK, output(sasl));
    }

    @Test
    void read_byteByByteOrInAnyPieces_isTheSame() {
        String text = "\0AUTH\r\nAUTH DBUS_COOKIE_SHA1 30\r\nAUTH EXTERNAL 31303030\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\nlX";
        for (int seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            SaslServer server = new SaslServer(GUID, true);
            StringBuilder output = new StringBuilder();
            ByteBuffer input = bytes(text);
            State state = State.RUNNING;
            while (state == State.RUNNING) {
                int end = seed == 0 ? input.position() + 1 : Math.min(text.length(), input.position() + 1 + random.nextInt(40));
                input.limit(end);
                state = server.read(input);
                output.append(output(server));
            }
            assertEquals(State.DONE, state);
            assertEquals(text.length() - 2, input.position());
            assertEquals(REJECTED + REJECTED + OK + "AGREE_UNIX_FD\r\n", output.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"30", "31303030", "34323934393637323934", "3635353334"})
    void read_numericIdentity_isAccepted(String hex) {
        assertEquals(OK, answers(sasl, "\0AUTH EXTERNAL " + hex + "\r\n"));
        assertEquals("DATA\r\n" + OK, answers(new SaslServer(GUID, true), "\0AUTH EXTERNAL\r\nDATA " + hex + "\r\n"));
    }

    @Test
    void read_noIdentity_isAskedForAndAcceptedEmpty() {
        assertEquals("DATA\r\n", answers(sasl, "\0AUTH EXTERNAL \r\n"));
        assertEquals(OK, answers(sasl, "DATA \r\n"));
        assertFalse(sasl.fdsNegotiated());
    }

    @ParameterizedTest
    @ValueSource(strings = {"726f6f74", "3", "300", "2d31", "30 30", "zz", "3a", "2f", "30\t"})
    void read_otherIdentity_isRejected(String text) {
        String expected = text.contains("\t") ? "" : REJECTED;
        assertEquals(expected, answers(sasl, "\0AUTH EXTERNAL " + text + "\r\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"AUTH", "AUTH ANONYMOUS", "AUTH DBUS_COOKIE_SHA1 30", "AUTH external 30", "AUTH EXTERNALX 30"})
    void read_otherMechanism_isRejectedAndAnotherMayFollow(String line) {
        assertEquals(REJECTED, answers(sasl, "\0" + line + "\r\n"));
        assertEquals(OK, answers(sasl, "AUTH EXTERNAL 30\r\n"));
    }

    @Test
    void read_fdsNegotiatedBeforeOk_isAnError() {
        assertEquals("ERROR\r\n", answers(sasl, "\0NEGOTIATE_UNIX_FD\r\n"));
        assertEquals("DATA\r\nERROR\r\n", answers(sasl, "AUTH EXTERNAL\r\nNEGOTIATE_UNIX_FD\r\n"));
        assertFalse(sasl.fdsNegotiated());
    }

    @Test
    void read_fdsNotOffered_isAnErrorAndGoesOn() {
        SaslServer server = new SaslServer(GUID, false);
        assertEquals(OK + "ERROR\r\n", answers(server, "\0AUTH EXTERNAL 30\r\nNEGOTIATE_UNIX_FD\r\n"));
        assertEquals(State.DONE, server.read(bytes("BEGIN\r\n")));
        assertFalse(server.fdsNegotiated());
    }

    @Test
    void read_cancelAfterOk_beginsAnewWithoutFds() {
        assertEquals(OK + "AGREE_UNIX_FD\r\n" + REJECTED,
                answers(sasl, "\0AUTH EXTERNAL 30\r\nNEGOTIATE_UNIX_FD\r\nCANCEL\r\n"));
        assertFalse(sasl.fdsNegotiated());
        assertEquals(State.FAILED, sasl.read(bytes("BEGIN\r\n")));
    }

    @Test
    void read_commandsOutOfPlace_areErrors() {
        assertEquals("ERROR\r\n", answers(sasl, "\0CANCEL\r\n"));
        assertEquals(REJECTED, answers(sasl, "ERROR what\r\n"));
        assertEquals("ERROR\r\n", answers(sasl, "DATA 30\r\n"));
        assertEquals("ERROR\r\n", answers(sasl, "HELLO\r\n"));
        assertEquals("ERROR\r\n", answers(sasl, "\r\n"));
        assertEquals("ERROR\r\n", answers(sasl, "begin\r\n"));
        assertEquals("DATA\r\nERROR\r\n" + REJECTED, answers(sasl, "AUTH EXTERNAL\r\nAUTH EXTERNAL 30\r\nCANCEL\r\n"));
        assertEquals(OK + "ERROR\r\nERROR\r\n", answers(sasl, "AUTH EXTERNAL 30\r\nAUTH EXTERNAL 30\r\nDATA 30\r\n"));
        assertEquals(State.DONE, sasl.read(bytes("BEGIN\r\n")));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "AUTH EXTERNAL 30\r\n",              // no NUL first
        "\0BEGIN\r\n",
        "\0AUTH EXTERNAL\r\nBEGIN\r\n",
        "\0AUTH EXTERNAL 30\r\nBEGIN x\r\n",
        "\0AUTH EXTERNAL 30\n",
        "\0AUTH EXTERNAL 30\rX",
        "\0AUTH EXTERNAL 30\r\r\n",
        "\0AUTH EXT\0ERNAL 30\r\n",
        "\0AUTH EXTERNAL 3\u00e90\r\n",
        "\0AUTH\tEXTERNAL 30\r\n",
        "\0\0",
    })
    void read_notTheProtocol_failsForEver(String text) {
        assertEquals(State.FAILED, sasl.read(bytes(text)));
        assertNotNull(sasl.failure());
        sasl.takeOutput();
        assertEquals(State.FAILED, sasl.read(bytes("\0AUTH EXTERNAL 30\r\nBEGIN\r\n")));
        assertEquals("", output(sasl));
    }

    @Test
    void read_longestLine_isTakenAndOneMoreByteFails() {
        String command = "AUTH EXTERNAL ";
        String longest = command + "30".repeat((SaslLine.MAX_LENGTH - command.length()) / 2);
        assertEquals(SaslLine.MAX_LENGTH, longest.length());
        assertEquals(OK, answers(sasl, "\0" + longest + "\r\n"));
        SaslServer other = new SaslServer(GUID, true);
        assertEquals(State.FAILED, other.read(bytes("\0" + longest + "3")));
        assertTrue(other.failure().contains("16384"), other.failure());
    }

    @Test
    void read_endlessCommands_failsAfterThirtyTwo() {
        assertEquals(State.RUNNING, sasl.read(bytes("\0" + "AUTH\r\n".repeat(32))));
        assertEquals(State.FAILED, sasl.read(bytes("AUTH\r\n")));
        assertEquals(REJECTED.repeat(32), output(sasl));
    }
}
