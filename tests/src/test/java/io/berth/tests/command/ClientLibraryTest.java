package io.berth.tests.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@link io.berth.client.BerthClient} in a process of its own, as a launcher and as a service. */
class ClientLibraryTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static Program launcher(String... arguments) {
        List<String> command = BerthDaemon.command(arguments);
        command.set(command.size() - arguments.length - 1, ClientProgram.class.getName());
        return HOUSE.run(HOUSE.bus().address(), command.toArray(String[]::new));
    }

    @Test
    void launcher_opensChangesAndCloses() {
        Program launcher = launcher("whole-life");
        assertEquals(0, launcher.exitStatus(PATIENCE), launcher.output() + launcher.errors());
        assertEquals(List.of("listening session [--talk=org.test.Foo] {Instance=7}", "[--talk=org.test.Foo, --see=org.test.Bar]",
                "[--see=org.test.Bar]", "[]", "true", "gone"), launcher.output().lines().toList());
    }

    @Test
    void launcher_thatDies_takesItsServerAlong() {
        Program launcher = launcher("stay");
        assertEquals("open", launcher.firstLine(PATIENCE));
        assertEquals(1, HOUSE.helper().servers().size());
        launcher.kill();
        Awaitility.await().atMost(PATIENCE).until(() -> HOUSE.helper().servers().isEmpty());
    }

    @Test
    void launcher_closingTheHandle_endsTheServer() {
        Program launcher = launcher("close");
        assertEquals(0, launcher.exitStatus(PATIENCE), launcher.errors());
        Awaitility.await().atMost(PATIENCE).until(() -> HOUSE.helper().servers().isEmpty());
    }

    @Test
    void service_identifiesItsCallers() {
        var app = HOUSE.app(HOUSE.server());
        var host = HOUSE.unconfined();
        Program service = launcher("identify", app.uniqueName(), host.uniqueName(), ":1.99999");
        assertEquals(0, service.exitStatus(PATIENCE), service.errors());
        assertEquals(List.of("org.test.Sandbox/org.test.App", "unconfined", "NameHasNoOwner"), service.output().lines().toList());
    }

    @Test
    void refusals_areTypedAndSayWhy() {
        Program launcher = launcher("refusals");
        assertEquals(0, launcher.exitStatus(PATIENCE), launcher.errors());
        List<String> lines = launcher.output().lines().toList();
        assertTrue(lines.get(0).startsWith("InvalidArguments: ") && lines.get(0).contains("tcp:"), lines.get(0));
        assertTrue(lines.get(1).startsWith("UnknownServer: ") && lines.get(1).contains("nobody"), lines.get(1));
        assertTrue(lines.get(2).startsWith("InvalidArguments: "), lines.get(2));
        assertEquals(List.of(), HOUSE.helper().servers());
    }
}
