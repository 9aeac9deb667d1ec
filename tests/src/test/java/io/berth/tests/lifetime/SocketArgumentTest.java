package io.berth.tests.lifetime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Descriptors;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server on a socket that its creator has bound. The house looks for what is left. */
class SocketArgumentTest {
    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @TempDir
    Path directory;

    private Removals removals;

    @BeforeEach
    void watch() {
        removals = new Removals(HOUSE);
    }

    private static ContainerServer server(int fd) {
        return HOUSE.helper().add("org.test.App", Map.of("Socket", new Variant("h", 0)), fd);
    }

    private static DBusError refusal(BoundSocket socket) {
        DBusError error = assertThrows(DBusError.class, () -> server(socket.fd()));
        socket.close();
        assertEquals("org.freedesktop.DBus.Error.InvalidArgs", error.name());
        return error;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void boundSocket_isServedWhereItIs_andStays(boolean listening) throws Exception {
        Path path = directory.resolve("a socket,x");
        BoundSocket socket = HOUSE.keep(BoundSocket.at(path));
        if (listening) {
            socket.listen();
        }
        ContainerServer server = server(socket.fd());
        assertEquals(path, server.socket());
        assertEquals("unix:path=" + directory + "/a%20socket%2cx,guid=" + HOUSE.bus().guid(), server.address());
        assertArrayEquals(path.toString().getBytes(), (byte[]) HOUSE.helper().property(server, "SocketPath"));
        RawClient app = HOUSE.app(server);
        assertEquals(server.object(), HOUSE.helper().instance(app.uniqueName()).get(0));
        HOUSE.helper().remove(server);
        app.awaitClose();
        removals.check(server, "removed");
        assertTrue(Files.exists(path));
    }

    @Test
    void boundSocket_ofOneServer_canBeGivenToTheNext() {
        Path path = directory.resolve("socket");
        BoundSocket socket = HOUSE.keep(BoundSocket.at(path));
        for (int i = 0; i < 3; i++) {
            ContainerServer server = server(socket.fd());
            HOUSE.app(server).sync();
            HOUSE.helper().remove(server);
            removals.check(server, "removed");
        }
    }

    @Test
    void abstractSocket_isServed() {
        String name = "berth test " + ProcessHandle.current().pid();
        BoundSocket socket = HOUSE.keep(BoundSocket.abstractly(name));
        ContainerServer server = server(socket.fd());
        assertEquals("", server.socket().toString());
        assertEquals("unix:abstract=berth%20test%20" + ProcessHandle.current().pid() + ",guid=" + HOUSE.bus().guid(), server.address());
        Program app = HOUSE.run(server, "busctl", "--user", "--unique", "--no-legend", "--no-pager", "list");
        assertEquals(0, app.exitStatus(Duration.ofSeconds(20)), app.errors());
        removals.check(server, "instances-gone");
    }

    @Test
    void shutDownByItsOwner_takesNoMoreClients() {
        Path path = directory.resolve("socket");
        BoundSocket socket = HOUSE.keep(BoundSocket.at(path));
        ContainerServer server = server(socket.fd());
        RawClient app = HOUSE.app(server);
        socket.shutDown();
        app.sync();
        assertThrows(IllegalStateException.class, server::connect);
        removals.checkAlive(server);
        app.close();
        removals.check(server, "instances-gone");
    }

    @Test
    void closedByItsOwner_stopListening_refusesClients() {
        Path path = directory.resolve("socket");
        BoundSocket socket = BoundSocket.at(path);
        ContainerServer server = server(socket.fd());
        socket.close();
        RawClient app = HOUSE.app(server);
        HOUSE.helper().stopListening(server);
        assertThrows(IllegalStateException.class, server::connect);
        app.sync();
        assertTrue(Files.exists(path));
    }

    @Test
    void whatIsNoBoundStreamSocket_isRefusedByName() throws IOException {
        assertTrue(refusal(BoundSocket.of(BoundSocket.AF_UNIX, BoundSocket.STREAM)).getMessage().contains("a socket without an address"));
        assertTrue(refusal(BoundSocket.of(BoundSocket.AF_INET, BoundSocket.STREAM)).getMessage().contains("address family 2"));
        assertTrue(refusal(BoundSocket.of(BoundSocket.AF_UNIX, BoundSocket.DATAGRAM).bind(directory.resolve("datagram").toString()))
                .getMessage().contains("a unix socket of type 2"));
        assertTrue(refusal(BoundSocket.of(BoundSocket.AF_UNIX, BoundSocket.STREAM).connect(HOUSE.bus().socket()))
                .getMessage().contains("a connected socket"));
        Path relative = Path.of("target/bound-to-a-relative-path");
        assertTrue(refusal(BoundSocket.of(BoundSocket.AF_UNIX, BoundSocket.STREAM).bind(relative.toString()))
                .getMessage().contains("the relative path '" + relative + "'"));
        Files.delete(relative);
        int[] pipe = Descriptors.pipe();
        DBusError error = assertThrows(DBusError.class, () -> server(pipe[0]));
        Descriptors.close(pipe);
        assertTrue(error.getMessage().contains("Socket: the file descriptor is no socket"), error.getMessage());
        assertEquals(List.of(), HOUSE.helper().servers());
    }
}
