package io.berth.tests.relay;

import static io.berth.api.AccessFlags.FDS;
import static io.berth.api.AccessFlags.TALK;
import static io.berth.tests.house.Rules.call;
import static io.berth.tests.house.Rules.rule;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Descriptors;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Encoder;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * File descriptors that go nowhere are closed (the weakness of CVE-2020-12049), and a message whose header and descriptors do
 * not agree ends its connection. What is held is counted while the connection still lives; the house counts again afterwards.
 */
class DescriptorLeakTest {
    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private int[] pipe;

    @BeforeEach
    void open() {
        pipe = Descriptors.pipe();
    }

    @AfterEach
    void close() {
        Descriptors.close(pipe);
    }

    private static long held() {
        try (Stream<Path> fds = Files.list(Path.of("/proc/" + HOUSE.daemon().pid() + "/fd"))) {
            return fds.count();
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
    }

    @Test
    void refusedMessages_hundredThousandWithFds_leaveTheCountWhereItWas() {
        HOUSE.service("org.test.Hidden");
        RawClient app = HOUSE.app(talk("org.test.Service"));
        int batch = 100;
        Encoder messages = new Encoder(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < batch; i++) {
            String destination = i % 2 == 0 ? "org.test.Hidden" : RawClient.BUS;
            messages.bytes(Message.call(destination, "/", "org.test.I", "Do").flags(Message.NO_REPLY_EXPECTED).serial(5)
                    .body("h", 0).fds(pipe[0]).toBytes());
        }
        byte[] bytes = messages.toBytes();
        int[] fds = new int[batch];
        Arrays.fill(fds, pipe[0]);
        app.sync();
        long before = held();
        for (int i = 0; i < 100_000 / batch; i++) {
            app.sendBytes(bytes, fds);
        }
        app.sync();
        Awaitility.await().until(() -> held() <= before);
    }

    @Test
    void repliesWithFds_refusedOrUnasked_leaveTheCountWhereItWas() {
        RawClient service = HOUSE.service("org.test.Service");
        RawClient app = HOUSE.app(talk("org.test.Service"));
        app.sync();
        long before = held();
        for (int i = 0; i < 1000; i++) {
            app.send(Message.reply(service.uniqueName(), 900 + i).body("h", 0).fds(pipe[0]));
            service.send(Message.signal(app.uniqueName(), "/", "org.test.I", "Told").body("h", 0).fds(pipe[0]));
        }
        app.sync();
        service.sync();
        app.sync();
        Awaitility.await().until(() -> held() <= before);
    }

    @Test
    void header_saysMoreFdsThanCame_closesTheConnection() {
        RawClient service = HOUSE.service("org.test.Service");
        RawClient app = HOUSE.app(rule(TALK | FDS, "org.test.Service"));
        Message call = Message.call("org.test.Service", "/", "org.test.I", "Do").serial(9).body("h", 0).fds(pipe[0], pipe[0]);
        app.sendBytes(call.toBytes(), pipe[0]);
        app.awaitClose();
        service.sync();
        assertEquals(List.of(), service.drainFromPeers());
    }

    @Test
    void header_saysFewerFdsThanCame_closesTheConnection() {
        RawClient app = HOUSE.app(rule(TALK | FDS, "org.test.Service"));
        Encoder two = new Encoder(ByteOrder.LITTLE_ENDIAN);
        two.bytes(Message.call(RawClient.BUS, "/", RawClient.BUS, "GetId").serial(9).toBytes());
        two.bytes(Message.call(RawClient.BUS, "/", RawClient.BUS, "GetId").serial(10).toBytes());
        app.sendBytes(two.toBytes(), pipe[0]);
        app.awaitClose();
    }

    @Test
    void fds_beforeAuthenticationEnds_areClosed() {
        RawClient app = HOUSE.keep(RawClient.open(HOUSE.server(call("org.test.Service")).socket()));
        app.sendText("\0AUTH ANONYMOUS\r\n");
        app.readLine();
        long before = held();
        app.sendBytes("AUTH EXTE".getBytes(), pipe[0], pipe[0]);
        app.sendBytes("RNAL\r\n".getBytes(), pipe[0]);
        app.readLine();
        Awaitility.await().until(() -> held() <= before);
    }

    @Test
    void client_goneWithFdsUnderWay_leavesNothing() {
        RawClient service = HOUSE.service("org.test.Service");
        for (int i = 0; i < 50; i++) {
            try (RawClient app = HOUSE.server(rule(TALK | FDS, "org.test.Service")).connect()) {
                byte[] call = Message.call("org.test.Service", "/", "org.test.I", "Do").serial(9).body("hs", 0, "x".repeat(5000))
                        .fds(pipe[0]).toBytes();
                app.sendBytes(Arrays.copyOf(call, call.length / 2), pipe[0]);
            }
        }
        service.sync();
    }

    @Test
    void fds_thatNoMessageClaims_endTheirConnection() {
        RawClient service = HOUSE.service("org.test.Service");
        ContainerServer server = HOUSE.server(rule(TALK | FDS, "org.test.Service"));
        RawClient app = HOUSE.app(server);
        RawClient peer = HOUSE.app(server);
        app.sync();
        long before = held();
        byte[] call = Message.call("org.test.Service", "/", "org.test.I", "Do").serial(9).toBytes();
        int[] fds = new int[250];
        Arrays.fill(fds, pipe[0]);
        // the limit is 512 for one connection
        for (int i = 0; i < 3; i++) {
            app.sendBytes(new byte[] {call[i]}, fds);
        }
        app.awaitClose();
        Awaitility.await().until(() -> held() < before);
        peer.send(Message.call("org.test.Service", "/", "org.test.I", "Do"));
        assertEquals(peer.uniqueName(), service.awaitCall("Do").sender());
    }
}
