package io.berth.tests.connector;

import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;

/**
 * The real xdg-desktop-portal on the house's bus, with a desktop behind it that only notes from which app the portal says each
 * notification is. The house ends what it starts.
 */
final class Desktop {
    static final String PORTAL = "org.freedesktop.portal.Desktop";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Program program;

    private Desktop(Program program) {
        this.program = program;
    }

    /** @param directory takes its files */
    static Desktop start(TestHouse house, Path directory) throws IOException {
        Path portals = Files.createDirectory(directory.resolve("portals"));
        Files.writeString(portals.resolve("test.portal"), """
                [portal]
                DBusName=org.freedesktop.impl.portal.desktop.test
                Interfaces=org.freedesktop.impl.portal.Notification;
                UseIn=test
                """);
        Path script = Path.of("src/test/resources/programs/notification_desktop.py").toAbsolutePath();
        Program desktop = run(house, directory, "/usr/bin/python3", script.toString());
        desktop.firstLine(PATIENCE);
        run(house, directory, "/usr/libexec/xdg-permission-store");
        awaitOwner(house, "org.freedesktop.impl.portal.PermissionStore");
        run(house, directory, "/usr/libexec/xdg-desktop-portal");
        awaitOwner(house, PORTAL);
        return new Desktop(desktop);
    }

    private static Program run(TestHouse house, Path directory, String... command) {
        List<String> line = new ArrayList<>(List.of("env", "XDG_DESKTOP_PORTAL_DIR=" + directory.resolve("portals"), "XDG_CURRENT_DESKTOP=test",
                "XDG_DATA_HOME=" + directory.resolve("data"), "HOME=" + directory));
        line.addAll(List.of(command));
        return house.run(house.bus().address(), line.toArray(String[]::new));
    }

    private static void awaitOwner(TestHouse house, String name) {
        RawClient client = house.unconfined();
        Awaitility.await(name).atMost(PATIENCE).until(() -> (Boolean) client.bus("NameHasOwner", "s", name).arg());
    }

    /** Waits for what the desktop was told about a notification. */
    String heard(String id) {
        return Awaitility.await(id).atMost(PATIENCE).until(
                () -> program.output().lines().filter(line -> line.contains(" " + id + " ")).findFirst().orElse(""), line -> !line.isEmpty());
    }
}
