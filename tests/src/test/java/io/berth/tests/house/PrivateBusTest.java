package io.berth.tests.house;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Libc;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.RawSocket;
import io.berth.tests.raw.Variant;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The tests' own client and bus, without any daemon of ours: what the other tests rest on. */
class PrivateBusTest {
    private Path root;
    private PrivateBus bus;
    private RawClient client;
    private RawClient service;

    @BeforeEach
    void start() throws Exception {
        root = Files.createTempDirectory("berth");
        bus = PrivateBus.session(Files.createDirectory(root.resolve("run")), Files.createDirectory(root.resolve("out")));
        client = bus.connect();
        service = bus.connect();
        service.own("org.test.Service");
    }

    @AfterEach
    void stop() {
        client.close();
        service.close();
        bus.close();
        RuntimeFiles.deleteTree(root);
    }

    @Test
    void call_everyType_arrivesAndComesBack() {
        Object[] values = {7, true, (short) -2, 65535, -3, 4_000_000_000L, -5L, 6L, 0.5, "s\u00e4", "/a/b", "a{sv}",
            new Variant("(ib)", List.of(1, false)), new byte[] {1, 2, 3}, List.of("x", "y"),
            Map.of("k", Variant.of("v")), List.of(9L, List.of(List.of(1, "z")))};
        String signature = "ybnqiuxtdsogvayasa{sv}(ta(is))";
        int serial = client.send(Message.call("org.test.Service", "/o", "org.test.I", "M").body(signature, values));
        Message arrived = service.awaitCall("M");
        service.send(Message.reply(arrived.sender(), arrived.serial()).bigEndian().body(signature, values));
        Message reply = client.await("reply", message -> message.replySerial() == serial);

        assertEquals(client.uniqueName(), arrived.sender());
        assertEquals(ByteOrder.BIG_ENDIAN, reply.order());
        for (Message message : List.of(arrived, reply)) {
            List<Object> args = message.args();
            assertEquals(Arrays.asList(values).subList(3, 13), args.subList(3, 13));
            assertArrayEquals(new byte[] {1, 2, 3}, (byte[]) args.get(13));
            assertEquals(Arrays.asList(values).subList(14, 17), args.subList(14, 17));
        }
    }

    @Test
    void fds_sentWithMessages_areTheSameFiles() {
        int[] pipe = new int[2];
        Libc.LIBC.pipe2(pipe, 02000000);
        client.send(Message.call("org.test.Service", "/o", "org.test.I", "Fd").body("h", 0).fds(pipe[1]));
        int received = service.awaitCall("Fd").fds()[0];
        Libc.LIBC.write(received, new byte[] {42}, 1);
        byte[] read = new byte[1];
        Libc.LIBC.read(pipe[0], read, 1);
        for (int fd : new int[] {pipe[0], pipe[1], received}) {
            Libc.LIBC.close(fd);
        }
        assertEquals(42, read[0]);
    }

    @Test
    void message_of64MiB_arrivesWhole() {
        byte[] big = new byte[64 << 20];
        big[big.length - 1] = 9;
        Thread sender = new Thread(() -> client.send(Message.call("org.test.Service", "/o", "org.test.I", "Big").body("ay", big)));
        sender.start();
        assertArrayEquals(big, (byte[]) service.awaitCall("Big").arg());
    }

    @Test
    void error_fromTheBus_isThrownWithItsName() {
        DBusError error = assertThrows(DBusError.class, () -> client.call("org.test.Nobody", "/", "org.test.I", "M"));
        assertEquals("org.freedesktop.DBus.Error.ServiceUnknown", error.name());
        assertEquals(PrivateBus.BROKER ? "The name is not activatable" : "The name org.test.Nobody was not provided by any .service files",
                error.text());
    }

    @Test
    void broadcast_matched_arrives() {
        client.match("sender='org.test.Service'");
        service.send(Message.signal(null, "/o", "org.test.I", "Changed").body("u", 5));
        assertEquals(5L, client.awaitSignal("Changed").arg());
    }

    @Test
    @NeedsActivation
    void activation_serviceFile_startsTheProgram() {
        bus.activatable("org.test.Activated", "/usr/bin/dbus-test-tool echo --session --name=org.test.Activated");
        assertEquals(Message.RETURN, client.call("org.test.Activated", "/", "org.test.I", "M").type());
    }

    @Test
    void awaitClose_byteOrderUnknown_busCloses() {
        client.sendBytes("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx".getBytes());
        client.awaitClose();
        assertTrue(service.bus("GetId").arg() instanceof String);
        assertThrows(IllegalStateException.class, () -> RawSocket.connect(root.resolve("nothing")));
    }
}
