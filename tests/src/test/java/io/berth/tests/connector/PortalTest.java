package io.berth.tests.connector;

import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The real xdg-desktop-portal takes an app behind the helper for the app it is, as behind xdg-dbus-proxy. */
class PortalTest {
    private static final String PORTAL = Desktop.PORTAL;

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @TempDir
    private Path directory;

    private Desktop desktop;

    @BeforeEach
    void startPortal() throws IOException {
        desktop = Desktop.start(HOUSE, directory);
    }

    private static Message notification(String id) {
        return Message.call(PORTAL, "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Notification", "AddNotification")
                .body("sa{sv}", id, Map.of("title", Variant.of("title")));
    }

    private String throughProxy(String program, String id) {
        Path socket = directory.resolve("proxy");
        Proxy proxy = Proxy.ready(HOUSE, directory, Sandbox.flatpak(directory, "org.example.Sandboxed", "4711"), program,
                HOUSE.bus().address(), socket.toString(), "--filter", "--talk=" + PORTAL);
        RawClient app = Proxy.app(HOUSE, socket);
        Message answer = app.answer(notification(id));
        assertEquals(Message.RETURN, answer.type(), () -> program + answer);
        if (program.equals(Proxy.BERTH)) {
            List<Object> instance = HOUSE.helper().instance(app.uniqueName());
            assertEquals(List.of("org.flatpak", "org.example.Sandboxed"), instance.subList(2, 4));
            assertEquals(Map.of("instance-id", Variant.of("4711")), instance.get(4));
        }
        proxy.end();
        return desktop.heard(id);
    }

    @Test
    void appBehindBerthDbusProxy_isKnownToThePortalByItsId() {
        assertEquals("AddNotification one from 'org.example.Sandboxed'", throughProxy(Proxy.BERTH, "one"));
        assertEquals("AddNotification two from 'org.example.Sandboxed'", throughProxy(Proxy.XDG, "two"));
    }

    @Test
    void appWithoutConnector_wouldPassForAnUnconfinedOneAndSoIsRefused() {
        RawClient refused = HOUSE.app(talk(PORTAL));
        assertEquals("org.freedesktop.DBus.Error.AccessDenied", refused.answer(notification("three")).errorName());
        ContainerServer escaping = HOUSE.helper().add("org.example.Sandboxed",
                HelperApi.arguments(List.of(talk(PORTAL)), "AllowHostEscape", Variant.of(true)));
        assertEquals(Message.RETURN, HOUSE.app(escaping).answer(notification("four")).type());
        assertEquals("AddNotification four from ''", desktop.heard("four"));
    }
}
