package io.berth.tests.lifetime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Descriptors;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The bus of some servers goes away, and comes back. The house looks for what is left. */
class BusGoneTest {
    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @TempDir
    Path directory;

    private static ContainerServer server(String bus, int... close) {
        Map<String, Variant> arguments = HelperApi.arguments(List.of(), "Bus", Variant.of(bus));
        if (close.length > 0) {
            arguments.put("CloseNotification", new Variant("h", 0));
        }
        return HOUSE.helper().add("org.test.App", arguments, close);
    }

    @Test
    void oneBusGone_endsItsServersOnly_andTheNextOneIsServed() throws Exception {
        Path socket = directory.resolve("other-bus");
        PrivateBus other = HOUSE.keep(PrivateBus.system(socket, directory, Files.createDirectory(directory.resolve("out"))));
        String address = "unix:path=" + socket;
        Removals removals = new Removals(HOUSE);
        int[] pipe = Descriptors.pipe();
        ContainerServer first = server(address, pipe[0]);
        ContainerServer second = server(address);
        ContainerServer session = server("session");
        RawClient firstApp = HOUSE.app(first);
        RawClient sessionApp = HOUSE.app(session);
        other.kill();
        firstApp.awaitClose();
        removals.check(first, "bus-gone");
        removals.check(second, "bus-gone");
        sessionApp.sync();
        removals.checkAlive(session);
        DBusError error = assertThrows(DBusError.class, () -> server(address, pipe[0]));
        assertTrue(error.getMessage().contains(socket.toString()), error.getMessage());
        assertEquals(List.of(session.object()), HOUSE.helper().servers());

        HOUSE.keep(PrivateBus.system(socket, directory, Files.createDirectory(directory.resolve("out2"))));
        ContainerServer again = server(address, pipe[0]);
        HOUSE.app(again).sync();
        Descriptors.close(pipe);
        removals.check(again, "closed");
    }

    @Test
    void clientOfTheBusDisconnected_endsThatConnectionOnly() {
        ContainerServer server = server("session");
        RawClient kept = HOUSE.app(server);
        RawClient left = server.connect();
        left.close();
        kept.sync();
        HOUSE.app(server).sync();
    }
}
