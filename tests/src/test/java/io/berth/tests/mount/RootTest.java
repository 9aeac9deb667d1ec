package io.berth.tests.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.raw.Variant;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A daemon with privilege: it mounts on threads of its own, and gets into preserved namespaces too. */
class RootTest extends MountTest {
    RootTest() {
        super(true);
    }

    @Test
    void preservedNamespace_withoutAnyProcess_isMountedIntoAndOutOf() throws Exception {
        try (PreservedNamespace kept = new PreservedNamespace(house.root())) {
            Map<String, Variant> file = Map.of("NamespacePath", new Variant("ay", (kept.file() + "\0").getBytes(StandardCharsets.UTF_8)));
            ContainerServer server = house.server("session");
            house.mount(server, file, "/mnt/bus");
            assertEquals("", kept.run("test -S /mnt/bus"));
            assertEquals(List.of(List.of("/mnt/bus", "NamespacePath", kept.file().toString())), house.mounts(server));
            house.unmount(server, file, "/mnt/bus");
            assertEquals("gone", kept.run("test -e /mnt/bus || echo gone"));
            house.mount(server, file, "/mnt/bus");
            house.killDaemon();
            house.startDaemon();
            house.measureAnew();
            assertEquals("gone", kept.run("test -e /mnt/bus || echo gone"));
        }
    }

    @Test
    void everyThread_staysInTheNamespaceOfTheDaemon() throws Exception {
        ContainerServer server = house.server("session");
        Sandbox app = house.keep(Sandbox.unshared(house));
        for (int i = 0; i < 20; i++) {
            house.mount(server, app, "/mnt/d/bus" + i);
        }
        Path home = Files.readSymbolicLink(Path.of("/proc/self/ns/mnt"));
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + house.daemon().pid() + "/task"))) {
            for (Path task : tasks.toList()) {
                assertEquals(home, Files.readSymbolicLink(task.resolve("ns/mnt")), task.toString());
            }
        }
    }

    @Test
    void targetSharedWithTheHost_isRefused_untilItIsASlave() throws Exception {
        Path shared = Files.createDirectory(house.root().resolve("shared"));
        run("mount -t tmpfs shared " + shared + " && mount --make-shared " + shared + " && mkdir " + shared + "/d");
        try {
            Sandbox app = house.keep(Sandbox.unshared(house, "-m", "--propagation", "unchanged"));
            // in a sandbox of its own propagation, a mount on the shared /mnt of the host would be seen too
            ContainerServer server = house.server("session");
            assertInvalid("would appear outside of the sandbox", house.refusal(server, MountHouse.byPid(app), shared + "/d/bus"));
            assertInvalid("would appear outside of the sandbox", house.refusal(server, MountHouse.hiding(app), shared + "/d/bus"));
            Files.createFile(shared.resolve("d/file"));
            assertInvalid("would appear outside of the sandbox", house.refusal(server, MountHouse.byPid(app), shared + "/d/file"));
            assertFalse(Files.exists(shared.resolve("d/bus")));

            run("mount --make-slave " + shared);
            run("mount --make-shared " + shared);
            app.run("mount --make-slave " + shared);
            house.mount(server, MountHouse.hiding(app), shared + "/d/bus");
            assertTrue(app.has(shared + "/d/bus", server.socket()));
            assertFalse(Files.exists(shared.resolve("d/bus")), "it appeared on the host");
            house.helper().remove(server);
            house.closeSandboxes();
        } finally {
            run("umount -l " + shared);
        }
    }

    @Test
    void targetSharedAmongSandboxesOnly_isMounted() throws Exception {
        Sandbox app = house.keep(Sandbox.unshared(house));
        app.run("mount --make-rshared /mnt");
        ContainerServer server = house.server("session");
        house.mount(server, MountHouse.hiding(app), "/mnt/d/bus");
        assertTrue(app.has("/mnt/d/bus", server.socket()));
        house.helper().remove(server);
        assertEquals(List.of(), app.berthMounts());
    }

    @Test
    void whatIsMountedOverTheSocketInside_doesNotReachTheHost() throws Exception {
        Path shared = Files.createDirectory(house.root().resolve("source"));
        ContainerServer server = house.server("session");
        Path directory = server.socket().getParent();
        run("mount --bind " + directory + " " + directory + " && mount --make-shared " + directory);
        try {
            Sandbox app = house.keep(Sandbox.unshared(house));
            house.mount(server, app, "/mnt/d/bus");
            app.run("touch /mnt/over && mount --bind /mnt/over /mnt/d/bus");
            assertTrue(app.run("test -S /mnt/d/bus").contains("exit status"));
            server.connect().close();
            assertFalse(Files.isRegularFile(server.socket()), "the host's socket is covered: " + shared);
        } finally {
            run("umount -l " + directory);
        }
    }

    private static void run(String command) throws Exception {
        Process process = new ProcessBuilder("/bin/sh", "-c", command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), said);
    }
}
