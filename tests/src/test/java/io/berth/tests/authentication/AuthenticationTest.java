package io.berth.tests.authentication;

import static io.berth.tests.house.Rules.call;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Encoder;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.RawSocket;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients may say before BEGIN and how (D-Bus specification, "Authentication Protocol"); what they may not gets nowhere. */
class AuthenticationTest {
    private static final String NAME = "org.test.Service";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private RawClient service;
    private ContainerServer server;
    private RawClient client;

    @BeforeEach
    void open() {
        service = HOUSE.service(NAME);
        server = HOUSE.server(call(NAME));
        client = HOUSE.keep(RawClient.open(server.socket()));
    }

    private static Message hello() {
        return Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "Hello").serial(1);
    }

    private static Message firstCall() {
        return Message.call(NAME, "/", "org.test.I", "First").serial(2).body("s", "x");
    }

    private static byte[] everything(String text) {
        return new Encoder(ByteOrder.LITTLE_ENDIAN).bytes(text.getBytes(StandardCharsets.ISO_8859_1)).bytes(hello().toBytes())
                .bytes(firstCall().toBytes()).toBytes();
    }

    private void finish() {
        Message named = client.next();
        assertEquals(1, named.replySerial());
        Message arrived = service.awaitCall("First");
        assertEquals(named.arg(), arrived.sender());
        service.send(Message.reply(arrived.sender(), 2).body("s", "done"));
        assertEquals("done", client.await("reply", message -> message.replySerial() == 2).arg());
    }

    @Test
    void everything_inOneWrite_isAnsweredInOrder() {
        client.sendBytes(everything("\0AUTH EXTERNAL " + RawClient.hex("0") + "\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n"));
        assertEquals("OK " + HOUSE.bus().guid(), client.readLine());
        assertEquals("AGREE_UNIX_FD", client.readLine());
        finish();
    }

    @Test
    void everything_asSdBusSendsIt_isAnsweredInOrder() {
        client.sendBytes(everything("\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n"));
        assertEquals("DATA", client.readLine().strip());
        assertEquals("OK " + HOUSE.bus().guid(), client.readLine());
        assertEquals("AGREE_UNIX_FD", client.readLine());
        finish();
    }

    @Test
    void everything_byteByByte_isAnsweredInOrder() {
        for (byte each : everything("\0AUTH EXTERNAL " + RawClient.hex("0") + "\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n")) {
            client.sendBytes(new byte[] {each});
        }
        client.readLine();
        client.readLine();
        finish();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1000", "65534", "4294967294"})
    void uid_anyNumber_isTaken(String uid) {
        client.sendText("\0AUTH EXTERNAL " + RawClient.hex(uid) + "\r\n");
        assertEquals("OK " + HOUSE.bus().guid(), client.readLine());
        client.sendText("BEGIN\r\n");
        assertTrue(client.hello().startsWith(":"));
    }

    @Test
    void uid_givenAsData_isTaken() {
        client.sendText("\0AUTH EXTERNAL\r\n");
        assertEquals("DATA", client.readLine().strip());
        client.sendText("DATA " + RawClient.hex("1000") + "\r\n");
        assertEquals("OK " + HOUSE.bus().guid(), client.readLine());
    }

    @ParameterizedTest
    @ValueSource(strings = {"AUTH ANONYMOUS", "AUTH ANONYMOUS 6162", "AUTH", "AUTH DBUS_COOKIE_SHA1 30", "AUTH KERBEROS_V4",
        "AUTH EXTERNAL 726f6f74", "AUTH EXTERNAL zz", "AUTH EXTERNAL 3", "AUTH external 30"})
    void mechanism_otherThanExternalWithNumber_isRejectedAndExternalMayFollow(String line) {
        client.sendText("\0" + line + "\r\n");
        assertEquals("REJECTED EXTERNAL", client.readLine());
        client.sendText("AUTH EXTERNAL " + RawClient.hex("0") + "\r\n");
        assertEquals("OK " + HOUSE.bus().guid(), client.readLine());
    }

    @ParameterizedTest
    @ValueSource(strings = {"NEGOTIATE_UNIX_FD", "NONSENSE", "", "DATA 30", "OK", "AGREE_UNIX_FD"})
    void command_outOfPlace_isAnErrorAndExternalMayFollow(String line) {
        client.sendText("\0" + line + "\r\n");
        assertTrue(client.readLine().startsWith("ERROR"));
        client.sendText("AUTH EXTERNAL " + RawClient.hex("0") + "\r\n");
        assertEquals("OK " + HOUSE.bus().guid(), client.readLine());
    }

    @ParameterizedTest
    @ValueSource(strings = {"AUTH EXTERNAL 30\r\n", "\0BEGIN\r\n", "\0AUTH ANONYMOUS\r\nBEGIN\r\n", "\0\0AUTH EXTERNAL 30\r\nBEGIN\r\n"})
    void beginning_notAsItMustBe_closesAndNothingReachesTheBus(String text) {
        List<?> before = (List<?>) service.bus("ListNames").arg();
        client.sendBytes(everything(text));
        while (client.socket().receive(new byte[1000], 0, 1000, RawClient.PATIENCE) > 0) {
            continue;
        }
        assertEquals(before, service.bus("ListNames").arg());
        assertEquals(List.of(), service.drainFromPeers());
    }

    /** Whatever the end of the line is taken for, client and bus must not come to see different beginnings of the messages. */
    @ParameterizedTest
    @ValueSource(strings = {"BEGIN\n", "BEGIN\r", "begin\r\n", "BEGIN\0\r\n", "BEGINX\r\n", " BEGIN\r\n", "BEGIN\n\r\n", "X\nBEGIN\n"})
    void begin_thatIsNone_nothingReachesTheBus(String begin) {
        List<?> before = (List<?>) service.bus("ListNames").arg();
        client.sendBytes(everything("\0AUTH EXTERNAL 30\r\n" + begin));
        client.readLine();
        client.socket().endSending();
        while (client.socket().receive(new byte[1000], 0, 1000, RawClient.PATIENCE) > 0) {
            continue;
        }
        assertEquals(before, service.bus("ListNames").arg());
        assertEquals(List.of(), service.drainFromPeers());
    }

    @Test
    void cancel_afterOk_startsAgain() {
        client.sendText("\0AUTH EXTERNAL " + RawClient.hex("0") + "\r\n");
        client.readLine();
        client.sendText("CANCEL\r\n");
        assertEquals("REJECTED EXTERNAL", client.readLine());
        client.sendText("AUTH EXTERNAL " + RawClient.hex("0") + "\r\nBEGIN\r\n");
        assertTrue(client.readLine().startsWith("OK "));
        assertTrue(client.hello().startsWith(":"));
    }

    @Test
    void line_withoutEnd_closes() {
        byte[] endless = new byte[128 * 1024];
        Arrays.fill(endless, (byte) 'A');
        client.sendBytes(new byte[] {0});
        try {
            client.sendBytes(endless);
        } catch (IllegalStateException cutOffMeanwhile) {
            assertTrue(cutOffMeanwhile.getMessage().contains("errno"));
        }
        assertEquals(RawSocket.END, client.socket().receive(new byte[1000], 0, 1000, RawClient.PATIENCE));
    }

    @Test
    void messages_beforeHello_closeAndReachNobody() {
        client.authenticate();
        client.send(Message.call(NAME, "/", "org.test.I", "TooEarly").flags(Message.NO_REPLY_EXPECTED));
        client.awaitClose();
        service.sync();
        assertEquals(List.of(), service.drainFromPeers());
    }

    @Test
    void driverCalls_beforeHello_doNotMakeAConnection() {
        List<?> before = (List<?>) service.bus("ListNames").arg();
        client.authenticate();
        client.send(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "ListNames"));
        client.awaitClose();
        assertEquals(before, service.bus("ListNames").arg());
    }

    @Test
    void address_handedOut_hasTheGuidOfTheBus() {
        String guid = server.address().contains("guid=") ? server.address().replaceAll(".*guid=", "") : HOUSE.bus().guid();
        assertEquals(HOUSE.bus().guid(), guid);
        assertTrue(server.address().startsWith("unix:path=" + server.socket()));
    }
}
