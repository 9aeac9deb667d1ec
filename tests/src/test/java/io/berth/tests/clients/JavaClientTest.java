package io.berth.tests.clients;

import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.TestHouse;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.freedesktop.dbus.connections.impl.DBusConnection;
import org.freedesktop.dbus.connections.impl.DBusConnectionBuilder;
import org.freedesktop.dbus.exceptions.DBusExecutionException;
import org.freedesktop.dbus.interfaces.DBus;
import org.freedesktop.dbus.interfaces.Introspectable;
import org.freedesktop.dbus.interfaces.Properties;
import org.freedesktop.dbus.messages.DBusSignal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An unchanged dbus-java client, with its stock transport, behind a container socket. */
class JavaClientTest {
    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @Test
    void dbusJava_callsPropertiesSignals_work() throws Exception {
        ThingsService.start(HOUSE);
        HOUSE.service("org.test.Hidden");
        ContainerServer server = HOUSE.server(talk(ThingsService.NAME));
        try (DBusConnection connection = DBusConnectionBuilder.forAddress(server.address()).withShared(false).build()) {
            Properties properties = connection.getRemoteObject(ThingsService.NAME, ThingsService.PATH, Properties.class);
            assertEquals(7, (Integer) properties.Get("org.test.Things", "Level"));
            Introspectable introspectable = connection.getRemoteObject(ThingsService.NAME, ThingsService.PATH, Introspectable.class);
            assertTrue(introspectable.Introspect().contains("Announced"));

            BlockingQueue<DBusSignal> heard = new LinkedBlockingQueue<>();
            connection.addSigHandler(Properties.PropertiesChanged.class, heard::add);
            properties.Set("org.test.Things", "Level", 11);
            DBusSignal changed = heard.poll(10, TimeUnit.SECONDS);
            assertEquals(11, ((Properties.PropertiesChanged) changed).getPropertiesChanged().get("Level").getValue());

            DBus driver = connection.getRemoteObject("org.freedesktop.DBus", "/org/freedesktop/DBus", DBus.class);
            List<String> names = Arrays.asList(driver.ListNames());
            assertTrue(names.contains(ThingsService.NAME));
            assertFalse(names.contains("org.test.Hidden"));
            Introspectable hidden = connection.getRemoteObject("org.test.Hidden", "/", Introspectable.class);
            assertThrows(DBusExecutionException.class, hidden::Introspect);
        }
    }
}
