package io.berth.tests.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.EchoService;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** flatpak itself runs an app behind berth-dbus-proxy; the app is made here, of programs and libraries of this system. */
class FlatpakTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String APP = "org.test.App";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @TempDir
    private Path directory;

    @BeforeEach
    void install() {
        Path script = Path.of("src/test/resources/programs/make_flatpak.sh").toAbsolutePath();
        Program make = flatpak(Proxy.XDG, "sh", script.toString(), directory.toString(), APP, "org.test.S");
        assertEquals(0, make.exitStatus(PATIENCE), () -> make.output() + make.errors());
    }

    private Program flatpak(String proxy, String... command) {
        List<String> line = new ArrayList<>(List.of("env", "HOME=" + directory, "FLATPAK_USER_DIR=" + directory.resolve("user"),
                "XDG_DATA_HOME=" + directory.resolve("data"), "XDG_RUNTIME_DIR=" + directory, "FLATPAK_DBUSPROXY=" + proxy));
        line.addAll(List.of(command));
        return HOUSE.run(HOUSE.bus().address(), line.toArray(String[]::new));
    }

    private Program app(String proxy, String script) {
        return flatpak(proxy, "flatpak", "--user", "run", APP, "-c", script);
    }

    private static String call(String name) {
        return "gdbus call --session --dest " + name + " --object-path / --method org.test.I.Do >/dev/null 2>&1 && echo " + name
                + " answers || echo " + name + " does not;";
    }

    @Test
    void app_behindEitherProxy_canDoTheSame() {
        HOUSE.keep(new EchoService(HOUSE.bus(), "org.test.S"));
        HOUSE.keep(new EchoService(HOUSE.bus(), "org.test.Hidden"));
        for (String proxy : List.of("/usr/bin/xdg-dbus-proxy", Proxy.BERTH)) {
            Program run = app(proxy, call("org.test.S") + call("org.test.Hidden"));
            assertEquals(0, run.exitStatus(PATIENCE), run.errors());
            assertEquals("org.test.S answers\norg.test.Hidden does not\n", run.output(), run.errors());
        }
        Awaitility.await().until(() -> HOUSE.helper().servers().isEmpty());
    }

    @Test
    void services_findTheFlatpakBehindTheConnection() throws IOException {
        RawClient service = HOUSE.service("org.test.S");
        Program run = app(Proxy.BERTH, "gdbus call --session --dest org.test.S --object-path / --method org.test.I.Do");
        Message call = service.await("call", PATIENCE, message -> message.is(Message.CALL, "Do"));
        Map<?, ?> metadata = (Map<?, ?>) HOUSE.helper().instance(call.sender()).get(4);
        assertEquals(List.of("org.flatpak", APP), HOUSE.helper().instance(call.sender()).subList(2, 4));
        assertTrue(metadata.containsKey("instance-id"), metadata::toString);
        Path process = Path.of("/proc/" + service.bus("GetConnectionUnixProcessID", "s", call.sender()).arg());
        assertTrue(Files.readString(process.resolve("root/.flatpak-info")).contains("name=" + APP), "the root of the connecting process");
        service.send(Message.reply(call.sender(), call.serial()));
        assertEquals(0, run.exitStatus(PATIENCE), run.errors());
        Awaitility.await().until(() -> HOUSE.helper().servers().isEmpty());
    }

    @Test
    void portal_knowsTheApp() throws IOException {
        Desktop desktop = Desktop.start(HOUSE, directory);
        Program run = app(Proxy.BERTH, "gdbus call --session --dest org.freedesktop.portal.Desktop --object-path /org/freedesktop/portal/desktop"
                + " --method org.freedesktop.portal.Notification.AddNotification hello \"{'title': <'title'>}\"");
        assertEquals(0, run.exitStatus(PATIENCE), run.errors());
        assertEquals("AddNotification hello from '" + APP + "'", desktop.heard("hello"));
        Awaitility.await().until(() -> HOUSE.helper().servers().isEmpty());
    }
}
