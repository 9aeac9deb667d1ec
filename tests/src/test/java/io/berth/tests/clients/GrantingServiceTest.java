package io.berth.tests.clients;

import static io.berth.api.AccessFlags.CALL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AccessRule;
import io.berth.dbus.AccessRuleStruct;
import io.berth.dbus.Helper1;
import io.berth.dbus.HelperName;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.connections.impl.DBusConnection;
import org.freedesktop.dbus.connections.impl.DBusConnectionBuilder;
import org.freedesktop.dbus.exceptions.DBusExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Services in the languages that services are written in open themselves to an app. */
class GrantingServiceTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String NAME = "org.test.Granting";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static Program greet(ContainerServer server) {
        Program app = HOUSE.run(server, "gdbus", "call", "--session", "--dest", NAME, "--object-path", "/granting", "--method",
                NAME + ".Greet", "app");
        app.exitStatus(PATIENCE);
        return app;
    }

    @Test
    void pythonService_opensItself_untilItClosesOrEnds() {
        ContainerServer server = HOUSE.server();
        assertTrue(greet(server).errors().contains("ServiceUnknown"));
        Program service = HOUSE.run(HOUSE.bus().address(), "/usr/bin/python3", Script.path("granting_service.py"), NAME, server.object());
        assertEquals("granted", service.firstLine(PATIENCE));
        assertEquals("('hello app',)\n", greet(server).output());
        Program close = HOUSE.run(HOUSE.bus().address(), "gdbus", "call", "--session", "--dest", NAME, "--object-path", "/granting",
                "--method", NAME + ".Close");
        assertEquals(0, close.exitStatus(PATIENCE), close.errors());
        assertTrue(greet(server).errors().contains("ServiceUnknown"));
        service.terminate();
        service.exitStatus(PATIENCE);
        Program again = HOUSE.run(HOUSE.bus().address(), "/usr/bin/python3", Script.path("granting_service.py"), NAME, server.object());
        assertEquals("granted", again.firstLine(PATIENCE));
        again.kill();
        Awaitility.await().until(() -> ((List<?>) HOUSE.helper().property(server, "Grants")).isEmpty());
    }

    @Test
    void javaService_onItsOwnConnection_grantsItsName_andNoOther() throws Exception {
        ContainerServer server = HOUSE.server();
        try (DBusConnection connection = DBusConnectionBuilder.forAddress(HOUSE.bus().address()).withShared(false).build()) {
            connection.requestBusName("org.test.JavaService");
            Helper1 helper = connection.getRemoteObject(HelperName.BUS_NAME, HelperName.ROOT_PATH, Helper1.class);
            List<AccessRule> rules = List.of(new AccessRule(CALL, "org.test.JavaService", "/things", ""));
            helper.GrantAccess(new DBusPath(server.object()), AccessRuleStruct.of(rules));
            assertEquals(1, ((List<?>) HOUSE.helper().property(server, "Grants")).size());
            helper.RevokeAccess(new DBusPath(server.object()), AccessRuleStruct.of(rules));
            assertEquals(List.of(), HOUSE.helper().property(server, "Grants"));
            List<AccessRule> others = List.of(new AccessRule(CALL, "org.test.Other", "/things", ""));
            DBusExecutionException refusal = assertThrows(DBusExecutionException.class,
                    () -> helper.GrantAccess(new DBusPath(server.object()), AccessRuleStruct.of(others)));
            assertTrue(refusal.getMessage().contains("does not own org.test.Other"), refusal.getMessage());
        }
    }
}
