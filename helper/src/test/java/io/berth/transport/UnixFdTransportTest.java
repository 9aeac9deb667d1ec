package io.berth.transport;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.freedesktop.dbus.FileDescriptor;
import org.freedesktop.dbus.annotations.DBusInterfaceName;
import org.freedesktop.dbus.connections.impl.DBusConnection;
import org.freedesktop.dbus.connections.impl.DBusConnectionBuilder;
import org.freedesktop.dbus.interfaces.DBusInterface;
import org.freedesktop.dbus.types.Variant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A whole dbus-java connection over the transport, with dbus-java's own unix transport on the class path too. */
class UnixFdTransportTest {
    private static final String CLIENT = """
            import sys, os
            from gi.repository import Gio, GLib
            def pipe_with(text):
                r, w = os.pipe()
                os.write(w, text)
                os.close(w)
                return r
            bus = Gio.bus_get_sync(Gio.BusType.SESSION)
            for i in range(int(sys.argv[1])):
                fds = Gio.UnixFDList.new()
                handles = []
                for text in (b'one', b'two', b'three'):
                    r = pipe_with(text)
                    handles.append(fds.append(r))
                    os.close(r)
                reply, back = bus.call_with_unix_fd_list_sync('org.example.Fds', '/fds', 'org.example.Fds', 'Take',
                    GLib.Variant('(hhh)', handles), GLib.VariantType('(h)'), 0, -1, fds, None)
                assert back.get_length() == 1
                fd = back.steal_fds()[reply.unpack()[0]]
                text = os.read(fd, 100)
                os.close(fd)
                assert text == b'two', text
            print('done', i + 1)
            """;

    @DBusInterfaceName("org.example.Fds")
    public interface Fds extends DBusInterface {
        FileDescriptor Take(FileDescriptor first, FileDescriptor second, FileDescriptor third);

        int Count(Map<String, Variant<?>> values);

        int Sum(byte[] data, FileDescriptor first, byte[] more, FileDescriptor second);
    }

    /** Reads the first, gives back the second, leaves the third. */
    public static final class FdService implements Fds {
        private final AtomicInteger calls = new AtomicInteger();
        private volatile String firstText;

        @Override
        public FileDescriptor Take(FileDescriptor first, FileDescriptor second, FileDescriptor third) {
            int fd = ReceivedFds.take(first);
            try (FileInputStream in = new FileInputStream("/proc/self/fd/" + fd)) {
                byte[] text = new byte[100];
                firstText = new String(text, 0, in.read(text));
            } catch (Exception failure) {
                firstText = failure.toString();
            } finally {
                NativeSockets.close(fd);
            }
            calls.incrementAndGet();
            return second;
        }

        @Override
        public int Count(Map<String, Variant<?>> values) {
            int fds = 0;
            for (Variant<?> value : values.values()) {
                if (value.getValue() instanceof FileDescriptor fd
                        && Files.exists(Path.of("/proc/self/fd/" + fd.getIntFileDescriptor()))) {
                    fds++;
                }
            }
            return fds;
        }

        @Override
        public int Sum(byte[] data, FileDescriptor first, byte[] more, FileDescriptor second) {
            return data.length + more.length + Count(Map.of("first", new Variant<>(first), "second", new Variant<>(second)));
        }

        @Override
        public String getObjectPath() {
            return "/fds";
        }
    }

    private PrivateBus bus;
    private DBusConnection connection;
    private FdService service;

    @BeforeEach
    void connect() throws Exception {
        bus = PrivateBus.open();
        connection = open(bus);
        service = new FdService();
        connection.requestBusName("org.example.Fds");
        connection.exportObject(service);
    }

    @AfterEach
    void disconnect() {
        connection.disconnect();
        bus.close();
    }

    private static DBusConnection open(PrivateBus bus) throws Exception {
        return DBusConnectionBuilder.forAddress(bus.locations().get(0).toBusAddress()).withShared(false).build();
    }

    @Test
    void connection_overThisTransport_carriesFds() {
        assertTrue(connection.isFileDescriptorSupported());
    }

    @Test
    void service_calledByGLib_receivesThreeFdsAndReturnsOne() {
        assertEquals("done 1\n", bus.python(CLIENT, "1"));
        assertEquals("one", service.firstText);
    }

    @Test
    void service_calledAThousandTimes_leaksNoFd() {
        assertEquals("done 10\n", bus.python(CLIENT, "10"));
        int before = settledFds();
        assertEquals("done 1000\n", bus.python(CLIENT, "1000"));
        assertEquals(1010, service.calls.get());
        await().untilAsserted(() -> assertTrue(settledFds() <= before + 2, () -> PrivateBus.openFds() + " fds, " + before + " before"));
    }

    /** What nobody took is closed by the garbage collector's finding and the next arrival. */
    private int settledFds() {
        System.gc();
        bus.python(CLIENT, "1");
        service.calls.decrementAndGet();
        return PrivateBus.openFds();
    }

    @Test
    void client_fdsInsideADictionary_arriveToo() throws Exception {
        try (DBusConnection client = open(bus)) {
            Fds remote = client.getRemoteObject("org.example.Fds", "/fds", Fds.class);
            FileDescriptor fd = new FileDescriptor(0);
            assertEquals(2, remote.Count(Map.of("a", new Variant<>(fd), "b", new Variant<>(fd), "c", new Variant<>(7))));
        }
    }

    /** Many writes, with the fds at the first. */
    @Test
    void message_ofManyWrites_keepsItsFds() throws Exception {
        try (DBusConnection client = open(bus)) {
            Fds remote = client.getRemoteObject("org.example.Fds", "/fds", Fds.class);
            FileDescriptor fd = new FileDescriptor(0);
            for (int size : new int[] {0, 1, Envelope.CHUNK - 100, Envelope.CHUNK, 5_000_000}) {
                assertEquals(2 * size + 2, remote.Sum(new byte[size], fd, new byte[size], fd));
            }
        }
    }

    @Test
    void bus_onAnAbstractSocket_isReached() throws Exception {
        String name = "berth-test-" + ProcessHandle.current().pid();
        try (PrivateBus hidden = PrivateBus.open(Files.createTempDirectory("bus"), "unix:abstract=" + name);
                MessageBus connection = MessageBus.connect(hidden.locations())) {
            assertTrue(connection.location().isAbstract());
            assertTrue(connection.carriesFds());
            assertEquals(connection.uniqueName(), connection.callDriver("GetNameOwner", "s", connection.uniqueName())[0]);
        }
    }

    @Test
    void message_withMoreFdsThanFit_isRefusedBeforeItIsSent() throws Exception {
        try (MessageBus connection = MessageBus.connect(bus.locations())) {
            Object[] fds = new Object[Envelope.MAX_FDS + 1];
            Arrays.fill(fds, new FileDescriptor(0));
            String signature = "h".repeat(fds.length);
            IOException refused = assertThrows(IOException.class, () -> connection.send(connection.messages().createMethodCall(null,
                    "org.example.Fds", "/fds", "org.example.Fds", "Take", (byte) 0, signature, fds)));
            assertTrue(refused.getMessage().contains("at most 253"), refused::getMessage);
            assertEquals(2, connection.callDriver("GetId", null)[0].toString().length() / 16, "the connection goes on");
        }
    }
}
