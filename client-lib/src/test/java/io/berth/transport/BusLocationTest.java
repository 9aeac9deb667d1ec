package io.berth.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BusLocationTest {
    @Test
    void address_parsed_isUnescapedAndKeepsItsOrder() {
        assertEquals(List.of(new BusLocation("/tmp/a b,ä", false, "0123"), new BusLocation("name", true, "")),
                BusLocation.parse("tcp:host=x;unix:path=/tmp/a%20b%2c%C3%A4,guid=0123;unix:abstract=name"));
    }

    @Test
    void location_printed_isParsedBack() {
        BusLocation odd = new BusLocation("/tmp/a b,ä;=%", false, "0123");
        assertEquals(List.of(odd), BusLocation.parse(odd.toString()));
        assertEquals(odd, BusLocation.of(odd.toBusAddress()));
        BusLocation hidden = new BusLocation("x/y", true, "");
        assertEquals(List.of(hidden), BusLocation.parse(hidden.toString()));
        assertEquals(hidden, BusLocation.of(hidden.toBusAddress()));
    }

    @Test
    void addresses_malformed_areNamed() {
        for (String address : List.of("", "tcp:host=x", "unix:", "unix:path=/a,abstract=b", "unix:path=/a,path=/b", "unix:path",
                "unix:path=/a%2", "unix:path=/a%zz", "unix:path=relative", "unix:path=", "unix:path=/a%00b", "unix:tmpdir=/tmp",
                "unix:path=/a%ff")) {
            String message = assertThrows(IllegalArgumentException.class, () -> BusLocation.parse(address), address).getMessage();
            assertTrue(message.startsWith("bus address "), message);
        }
    }

    @Test
    void sessionBus_lookedUp_isInTheEnvironmentOrTheRuntimeDirectory(@TempDir Path runtime) throws Exception {
        assertEquals("/x", BusLocation.session(Map.of("DBUS_SESSION_BUS_ADDRESS", "unix:path=/x")).get(0).name());
        Map<String, String> environment = Map.of("DBUS_SESSION_BUS_ADDRESS", "", "XDG_RUNTIME_DIR", runtime.toString());
        assertEquals("no session bus: DBUS_SESSION_BUS_ADDRESS is not set and there is no socket " + runtime + "/bus",
                assertThrows(IllegalArgumentException.class, () -> BusLocation.session(environment)).getMessage());
        Files.createFile(runtime.resolve("bus"));
        assertEquals(runtime + "/bus", BusLocation.session(environment).get(0).name());
        assertEquals("/run/dbus/system_bus_socket", BusLocation.system(Map.of()).get(0).name());
    }
}
