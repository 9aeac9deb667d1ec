package io.berth.tests.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.RawClient;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a proxy whose bus is not there, comes, and ends: as with xdg-dbus-proxy, which connects when a client does. */
class DropInBusTest {
    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @TempDir
    private Path directory;

    private Path socket;
    private Path other;

    @BeforeEach
    void places() {
        socket = directory.resolve("proxy");
        other = directory.resolve("other");
    }

    /** Connects, and waits for the other side to hang up without a word. */
    private static void assertHangsUp(Path socket) throws IOException {
        try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            awaitHangUp(client);
        }
    }

    private static void awaitHangUp(SocketChannel client) throws IOException {
        client.configureBlocking(false);
        Awaitility.await("the end of the connection").until(() -> client.read(ByteBuffer.allocate(1)) == -1);
    }

    private PrivateBus bus(String name) throws IOException {
        Path place = Files.createDirectories(directory.resolve(name), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        return HOUSE.keep(PrivateBus.session(place, Files.createTempDirectory(directory, "outputs")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"unix:path=/nonexistent/bus", "unix:path=(null)", "unix:abstract=nobody-is-there", "unix:path=/%zz", "unix:", "nonsense",
        "", ";", "autolaunch:", "tcp:host=localhost,port=1", "unix:path=/nonexistent/bus;autolaunch:;unix:path=(null)", "unix:path=/\u00e4"})
    void address_thatLeadsNowhere_costsItsClientsOnly(String address) throws IOException {
        for (String program : List.of(Proxy.XDG, Proxy.BERTH)) {
            Proxy proxy = Proxy.ready(HOUSE, directory, program, address, socket.toString(), "--filter", HOUSE.bus().address(), other.toString(), "--filter");
            RawClient app = Proxy.app(HOUSE, other);
            assertHangsUp(socket);
            assertHangsUp(socket);
            app.sync();
            assertEquals(0, proxy.end(), program);
        }
    }

    @Test
    void address_thatLeadsNowhere_isSaidOnce() throws IOException {
        Proxy proxy = Proxy.ready(HOUSE, directory, Proxy.BERTH, "unix:path=/nonexistent/bus", socket.toString());
        assertHangsUp(socket);
        assertHangsUp(socket);
        assertEquals("Nothing behind " + socket + " now: unix:path=/nonexistent/bus: No such file or directory; tried again for each client\n",
                proxy.program().errors());
        assertEquals(0, proxy.end());
    }

    @Test
    void bus_thatHangsUp_costsItsClientsOnly() throws IOException {
        Path place = directory.resolve("rude");
        try (ServerSocketChannel rude = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(place))) {
            Program proxy = HOUSE.run(HOUSE.bus().address(), Proxy.BERTH, "unix:path=" + place, socket.toString(), HOUSE.bus().address(), other.toString());
            hangUpTwice(rude);
            RawClient app = Proxy.app(HOUSE, other);
            Awaitility.await("the helper's answer").until(() -> proxy.errors().startsWith("Nothing behind " + socket));
            try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                hangUpTwice(rude);
                awaitHangUp(client);
            }
            app.sync();
        }
    }

    /** On the proxy, which looks whether somebody is there, and on the helper. */
    private static void hangUpTwice(ServerSocketChannel bus) throws IOException {
        bus.configureBlocking(false);
        for (int i = 0; i < 2; i++) {
            Awaitility.await("somebody to connect").until(bus::accept, Objects::nonNull).close();
        }
    }

    @Test
    void bus_thatAcceptsNobody_costsItsClientsOnly() throws IOException {
        UnixDomainSocketAddress place = UnixDomainSocketAddress.of(directory.resolve("deaf"));
        try (ServerSocketChannel deaf = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(place, 1);
                SocketChannel first = SocketChannel.open(place); SocketChannel second = SocketChannel.open(place)) {
            Proxy proxy = Proxy.ready(HOUSE, directory, Proxy.BERTH, "unix:path=" + place, socket.toString(), HOUSE.bus().address(), other.toString());
            RawClient app = Proxy.app(HOUSE, other);
            assertHangsUp(socket);
            app.sync();
            assertTrue(proxy.program().errors().contains("too many connections wait there"), proxy.program().errors());
            assertEquals(0, proxy.end());
            assertTrue(deaf.isOpen() && first.isConnected() && second.isConnected());
        }
    }

    @Test
    void bus_thatComesAndGoes_isFoundEachTime() throws IOException {
        for (String program : List.of(Proxy.XDG, Proxy.BERTH)) {
            Path place = directory.resolve(program.equals(Proxy.XDG) ? "x" : "b");
            Proxy proxy = Proxy.ready(HOUSE, directory, program, "unix:path=" + place.resolve("bus"), socket.toString(), "--filter", "--see=org.test.Seen");
            assertHangsUp(socket);
            for (int round = 0; round < 3; round++) {
                PrivateBus bus = bus(place.getFileName().toString());
                try (RawClient seen = bus.connect(); RawClient hidden = bus.connect()) {
                    seen.own("org.test.Seen");
                    hidden.own("org.test.Hidden");
                    RawClient app = Proxy.app(HOUSE, socket);
                    assertEquals(List.of("org.freedesktop.DBus", app.uniqueName(), "org.test.Seen", seen.uniqueName()).stream().sorted().toList(),
                            ((List<?>) app.bus("ListNames").arg()).stream().sorted().toList(), program);
                    bus.kill();
                    app.awaitClose();
                    Awaitility.await().until(() -> HOUSE.helper().servers().isEmpty());
                }
                Files.deleteIfExists(bus.socket());
                assertHangsUp(socket);
            }
            assertTrue(proxy.program().isAlive(), program);
            assertEquals(0, proxy.end(), program);
            assertFalse(Files.exists(socket));
        }
    }

    @Test
    void bus_thatEnds_leavesTheOthersAlone() throws IOException {
        PrivateBus bus = bus("short");
        Proxy proxy = Proxy.ready(HOUSE, directory, Proxy.BERTH, bus.address(), socket.toString(), HOUSE.bus().address(), other.toString());
        RawClient app = Proxy.app(HOUSE, other);
        RawClient cut = Proxy.app(HOUSE, socket);
        bus.kill();
        cut.awaitClose();
        app.sync();
        assertEquals(0, proxy.end());
    }

    @Test
    void sessionBusAndHelper_thatEnd_areFoundAgain() throws IOException {
        Path runtime = Files.createDirectory(directory.resolve("run"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        String address = "unix:path=" + runtime.resolve("bus");
        try (Program proxy = Program.start(directory, Map.of("DBUS_SESSION_BUS_ADDRESS", address), List.of(Proxy.BERTH, address, socket.toString()))) {
            Awaitility.await().ignoreExceptions().until(() -> {
                assertHangsUp(socket);
                return true;
            });
            for (int lives : new int[] {2, 1}) {
                try (PrivateBus bus = PrivateBus.session(runtime, Files.createTempDirectory(directory, "outputs")); RawClient outside = bus.connect()) {
                    bus.activatable(BerthDaemon.NAME, String.join(" ", BerthDaemon.command("daemon")));
                    for (int life = 1; life <= lives; life++) {
                        RawClient app = HOUSE.keep(Awaitility.await("a helper").atMost(Proxy.PATIENCE.multipliedBy(2)).ignoreExceptions()
                                .until(() -> RawClient.connect(socket), Objects::nonNull));
                        long helper = (Long) outside.bus("GetConnectionUnixProcessID", "s", BerthDaemon.NAME).arg();
                        if (life < lives) {
                            ProcessHandle.of(helper).orElseThrow().destroyForcibly();
                        } else {
                            bus.kill();
                        }
                        app.awaitClose();
                        Awaitility.await().until(() -> ProcessHandle.of(helper).isEmpty());
                    }
                    Files.deleteIfExists(bus.socket());
                }
            }
            assertTrue(proxy.isAlive());
        }
    }

    @Test
    void server_removed_staysAwayAndTheOtherGoesOn() throws IOException {
        Proxy proxy = Proxy.ready(HOUSE, directory, Proxy.BERTH, HOUSE.bus().address(), socket.toString());
        String server = HOUSE.helper().servers().get(0);
        Proxy.ready(HOUSE, directory, Proxy.BERTH, HOUSE.bus().address(), other.toString());
        RawClient cut = Proxy.app(HOUSE, socket);
        HOUSE.helper().connection().call(HelperApi.call("RemoveContainerServer").body("o", server));
        cut.awaitClose();
        assertThrows(RuntimeException.class, () -> RawClient.connect(socket), "a client that comes again at once");
        assertEquals(1, proxy.program().exitStatus(Proxy.PATIENCE));
        Proxy.app(HOUSE, other).sync();
    }

    @ParameterizedTest
    @ValueSource(strings = {"BUS;autolaunch:", "autolaunch:;BUS", "tcp:host=localhost,port=1;BUS;", "unix:path=/nonexistent/bus;BUS",
        "unix:path=(null);BUS", "nonsense;BUS"})
    void addressList_isTriedInTurn(String list) {
        String addresses = list.replace("BUS", HOUSE.bus().address());
        Proxy proxy = Proxy.ready(HOUSE, directory, Proxy.BERTH, addresses, socket.toString(), "--filter");
        RawClient app = Proxy.app(HOUSE, socket);
        assertEquals(proxy.program().pid(), HOUSE.helper().connection().bus("GetConnectionUnixProcessID", "s", app.uniqueName()).arg());
        assertEquals(0, proxy.end());
    }

    @Test
    void address_withUnknownKeysAndEscapes_isRead() throws IOException {
        RawClient service = HOUSE.keep(bus("plain").connect());
        Files.createSymbolicLink(directory.resolve("a b%"), directory.resolve("plain"));
        Proxy proxy = Proxy.ready(HOUSE, directory, Proxy.BERTH, "unix:path=" + directory + "/a%20b%25/%62us,color=blue", socket.toString());
        assertEquals(true, Proxy.app(HOUSE, socket).bus("NameHasOwner", "s", service.uniqueName()).arg());
        assertEquals(0, proxy.end());
    }
}
