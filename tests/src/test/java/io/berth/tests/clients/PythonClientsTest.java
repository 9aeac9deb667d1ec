package io.berth.tests.clients;

import static io.berth.api.AccessFlags.FDS;
import static io.berth.api.AccessFlags.TALK;
import static io.berth.tests.house.Rules.rule;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Both Python bindings, one on libdbus and one on GDBus, against the Python service. */
class PythonClientsTest {
    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static List<String> run(String script) {
        ThingsService.start(HOUSE);
        HOUSE.service("org.test.Hidden");
        Program client = HOUSE.run(HOUSE.server(rule(TALK | FDS, ThingsService.NAME)), "/usr/bin/python3", Script.path(script),
                ThingsService.NAME);
        assertEquals(0, client.exitStatus(Duration.ofSeconds(40)), client.output() + client.errors());
        return client.output().lines().toList();
    }

    @Test
    void dbusPython_everything_works() {
        assertEquals(List.of("echo 3", "level 7", "big 3000000", "length 2000000", "introspect True", "read from through a pipe",
                "provided handed out", "announced hello", "changed 8", "hidden org.freedesktop.DBus.Error.ServiceUnknown",
                "hidden listed False"), run("dbus_python_client.py"));
    }

    @Test
    void gdbus_everything_works() {
        assertEquals(List.of("owner True", "level 7", "echo 2.5", "big 500000", "read from through a pipe",
                "provided handed out", "announced hello", "changed 9", "hidden vanished True"), run("gdbus_client.py"));
    }
}
