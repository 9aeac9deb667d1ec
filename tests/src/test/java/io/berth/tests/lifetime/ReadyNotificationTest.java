package io.berth.tests.lifetime;

import static io.berth.tests.house.Rules.see;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Descriptors;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Libc;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.RawSocket;
import io.berth.tests.raw.Variant;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that takes no client before its creator says so. The house looks for what is left. */
class ReadyNotificationTest {
    private static final byte[] FIRST_BYTES = ("\0AUTH EXTERNAL " + RawClient.hex("0") + "\r\n").getBytes();

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private Removals removals;
    private int[] pipe;
    private boolean writerClosed;

    @BeforeEach
    void open() {
        removals = new Removals(HOUSE);
        pipe = Descriptors.pipe();
    }

    @AfterEach
    void close() {
        Descriptors.close(pipe[0]);
        if (!writerClosed) {
            Descriptors.close(pipe[1]);
        }
    }

    private ContainerServer server(Map<String, Variant> more) {
        Map<String, Variant> arguments = new HashMap<>(more);
        arguments.put("ReadyNotification", new Variant("h", 0));
        return HOUSE.helper().add("org.test.App", arguments, pipe[0]);
    }

    private void hangUp() {
        Descriptors.close(pipe[1]);
        writerClosed = true;
    }

    /** A client that has said something and hears nothing, though the daemon has done everything else that was asked. */
    private RawSocket waiting(ContainerServer server) {
        RawSocket client = HOUSE.keep(RawSocket.connect(server.socket()));
        client.send(FIRST_BYTES, Duration.ofSeconds(1));
        for (int i = 0; i < 20; i++) {
            assertEquals("preparing", HOUSE.helper().property(server, "State"));
        }
        assertEquals(RawSocket.TIMEOUT, client.receive(new byte[10], 0, 10, Duration.ofMillis(50)));
        return client;
    }

    private static void answered(RawSocket client) {
        byte[] answer = new byte[3];
        assertEquals(3, client.receive(answer, 0, 3, Duration.ofSeconds(10)));
        assertEquals("OK ", new String(answer));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void client_beforeItIsReady_waits(boolean byWriting) {
        ContainerServer server = server(Map.of("OutliveCreator", Variant.of(false)));
        assertTrue(Files.exists(server.socket()));
        assertTrue(HOUSE.helper().servers().contains(server.object()));
        RawSocket client = waiting(server);
        RawClient observer = HOUSE.unconfined();
        observer.match("type='signal',member='PropertiesChanged',path='" + server.object() + "'");
        if (byWriting) {
            Descriptors.write(pipe[1], 1);
        } else {
            hangUp();
        }
        answered(client);
        Message changed = observer.awaitSignal("PropertiesChanged");
        assertEquals("listening", ((Variant) ((Map<?, ?>) changed.args().get(1)).get("State")).value());
        HOUSE.app(server).sync();
    }

    @Test
    void readyBeforehand_isReadyAtOnce() {
        hangUp();
        HOUSE.app(server(Map.of())).sync();
    }

    @Test
    void socketOfTheCreator_waitsToo() {
        BoundSocket socket = HOUSE.keep(BoundSocket.at(HOUSE.runtime().resolve("berth").resolve("foreign")));
        HOUSE.keep(() -> Files.delete(HOUSE.runtime().resolve("berth").resolve("foreign")));
        ContainerServer server = HOUSE.helper().add("org.test.App",
                Map.of("ReadyNotification", new Variant("h", 0), "Socket", new Variant("h", 1)), pipe[0], socket.fd());
        RawSocket client = waiting(server);
        Descriptors.write(pipe[1], 1);
        answered(client);
        HOUSE.helper().remove(server);
    }

    @Test
    void neverReady_endsByItsOtherEnds() {
        ContainerServer late = server(Map.of("StartTimeout", new Variant("t", 2_000_000L)));
        RawSocket client = waiting(late);
        removals.check(late, "never-started");
        assertEquals(RawSocket.END, client.receive(new byte[10], 0, 10, Duration.ofSeconds(10)));

        ContainerServer removed = server(Map.of());
        HOUSE.helper().remove(removed);
        removals.check(removed, "removed");

        ContainerServer stopped = server(Map.of());
        HOUSE.helper().stopListening(stopped);
        removals.check(stopped, "removed");
    }

    @Test
    void changesBeforeItIsReady_areInForceThen() {
        ContainerServer server = server(Map.of());
        HOUSE.helper().setAccess(server, see("org.test.Seen"));
        HOUSE.service("org.test.Seen");
        HOUSE.service("org.test.Unseen");
        Descriptors.write(pipe[1], 1);
        RawClient app = HOUSE.app(server);
        assertEquals(true, app.bus("NameHasOwner", "s", "org.test.Seen").arg());
        assertEquals(false, app.bus("NameHasOwner", "s", "org.test.Unseen").arg());
    }

    @Test
    void whatCannotBeWaitedFor_isRefusedByName() {
        int memory = Libc.LIBC.memfd_create("x", 0);
        for (String name : List.of("ReadyNotification", "CloseNotification")) {
            DBusError error = assertThrows(DBusError.class, () -> HOUSE.helper().add("org.test.App", Map.of(name, new Variant("h", 0)), memory));
            assertEquals("org.freedesktop.DBus.Error.InvalidArgs", error.name());
            assertTrue(error.getMessage().contains(name + " cannot be waited for"), error.getMessage());
        }
        Descriptors.close(memory);
        assertEquals(List.of(), HOUSE.helper().servers());
    }
}
