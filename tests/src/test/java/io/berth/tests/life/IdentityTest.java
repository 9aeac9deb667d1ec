package io.berth.tests.life;

import static io.berth.tests.house.Rules.own;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Descriptors;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Libc;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Services that ask who is behind a connection. */
class IdentityTest {
    private static final String NOT_CONTAINER = "org.freedesktop.DBus.Error.NotContainer";
    private static final String NO_OWNER = "org.freedesktop.DBus.Error.NameHasNoOwner";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static String error(String busName) {
        return assertThrows(DBusError.class, () -> HOUSE.helper().instance(busName)).name();
    }

    @Test
    void instance_ofConfinedConnection_isAllThatItsCreatorSaid() {
        Map<String, Variant> metadata = Map.of("Instance", Variant.of("42"), "Count", new Variant("u", 7L),
                "Deep", new Variant("a{sv}", Map.of("k", new Variant("as", List.of("x", "y")))));
        ContainerServer server = HOUSE.helper().add("org.test.Snap", "some.app", metadata, HelperApi.staying());
        RawClient app = HOUSE.app(server);
        List<Object> instance = HOUSE.helper().instance(app.uniqueName());
        assertEquals(server.object(), instance.get(0));
        assertEquals(List.of("org.test.Snap", "some.app", metadata), instance.subList(2, 5));
        Map<?, ?> creator = (Map<?, ?>) instance.get(1);
        assertEquals(ProcessHandle.current().pid(), ((Variant) creator.get("ProcessID")).value(), creator.toString());
        assertEquals((long) Libc.LIBC.getuid(), ((Variant) creator.get("UnixUserID")).value());
        List<Object> info = HOUSE.helper().connection().call(HelperApi.call("GetInstanceInfo").body("o", server.object())).args();
        assertEquals(instance.subList(1, 5), info);
    }

    @Test
    void instance_byOwnedName_isThatOfTheOwner() {
        ContainerServer server = HOUSE.server(own("org.test.Mine"));
        RawClient app = HOUSE.app(server);
        app.own("org.test.Mine");
        assertEquals(server.object(), HOUSE.helper().instance("org.test.Mine").get(0));
    }

    @Test
    void instance_unconfinedOrNobody_isAnErrorOfItsOwn() {
        assertEquals(NOT_CONTAINER, error(HOUSE.service("org.test.Plain").uniqueName()));
        assertEquals(NOT_CONTAINER, error("org.test.Plain"));
        assertEquals(NOT_CONTAINER, error(BerthDaemon.NAME));
        assertEquals(NO_OWNER, error("org.test.Nobody"));
        assertEquals(NO_OWNER, error(":1.99999"));
        assertEquals("org.freedesktop.DBus.Error.InvalidArgs", error("no bus name"));
    }

    @Test
    void instance_afterTheAppLeft_isNobody() {
        String name;
        try (RawClient app = HOUSE.server().connect()) {
            name = app.uniqueName();
            assertEquals(5, HOUSE.helper().instance(name).size());
        }
        Awaitility.await().until(() -> error(name).equals(NO_OWNER));
    }

    @Test
    void credentials_ofConfinedConnection_areThoseOfTheApp() throws IOException {
        ContainerServer server = HOUSE.server(own("org.test.Script"));
        Program script = HOUSE.run(server, "/usr/bin/dbus-test-tool", "echo", "--session", "--name=org.test.Script");
        RawClient asking = HOUSE.unconfined();
        Awaitility.await().until(() -> (Boolean) asking.bus("NameHasOwner", "s", "org.test.Script").arg());
        String unique = (String) asking.bus("GetNameOwner", "s", "org.test.Script").arg();
        for (String name : List.of(unique, "org.test.Script")) {
            Message reply = asking.call(HelperApi.call("GetConnectionCredentials").body("s", name));
            Map<?, ?> credentials = (Map<?, ?>) reply.arg();
            assertEquals(script.pid(), ((Variant) credentials.get("ProcessID")).value());
            assertEquals((long) Libc.LIBC.getuid(), ((Variant) credentials.get("UnixUserID")).value());
            if (credentials.containsKey("ProcessFD")) {
                String info = Files.readString(Path.of("/proc/self/fdinfo/" + reply.fds()[0]));
                assertTrue(info.contains("Pid:\t" + script.pid() + "\n"), info);
            } else {
                assertEquals(true, ((Variant) credentials.get("ProcessIDUnverified")).value());
            }
            Descriptors.close(reply.fds());
        }
        script.terminate();
    }

    @Test
    void instance_onTheSystemBus_isAskedForByBus() {
        ContainerServer server = HOUSE.helper().add("org.test.App", HelperApi.arguments(List.of(), "Bus", Variant.of("system")));
        RawClient app = HOUSE.app(server);
        assertTrue((Boolean) HOUSE.keep(HOUSE.systemBus().connect()).bus("NameHasOwner", "s", app.uniqueName()).arg());
        for (String bus : List.of("system", HOUSE.systemBus().address())) {
            Message call = HelperApi.call("GetConnectionInstanceOnBus").body("ss", app.uniqueName(), bus);
            assertEquals(server.object(), HOUSE.helper().connection().call(call).arg());
        }
        Message credentials = HOUSE.helper().connection()
                .call(HelperApi.call("GetConnectionCredentialsOnBus").body("ss", app.uniqueName(), "system"));
        assertEquals(ProcessHandle.current().pid(), ((Variant) ((Map<?, ?>) credentials.arg()).get("ProcessID")).value());
        Descriptors.close(credentials.fds());
        Message other = HelperApi.call("GetConnectionInstanceOnBus").body("ss", app.uniqueName(), "session");
        assertEquals(Message.ERROR, HOUSE.helper().connection().answer(other).type());
    }
}
