package io.berth.tests.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Program;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** {@code berth mount}, {@code unmount} and {@code doctor}, of an ordinary user. */
class CommandTest extends HouseTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    CommandTest() {
        super(false);
    }

    /** @return what it printed; the exit status must be this one */
    private String berth(int status, String... arguments) {
        Program command = house.berth(arguments);
        assertEquals(status, command.exitStatus(PATIENCE), command.output() + command.errors());
        return command.output() + command.errors();
    }

    private static String id(ContainerServer server) {
        return server.object().substring(server.object().lastIndexOf('/') + 1);
    }

    @Test
    void mountAndUnmount_byPid() throws Exception {
        Sandbox app = house.keep(Sandbox.bubblewrap(house));
        ContainerServer server = house.server("session");
        String pid = Long.toString(app.pid());
        assertEquals("", berth(0, "mount", id(server), "--pid", pid, "--target", "/mnt/d/bus", "--hide-directory"));
        assertTrue(app.has("/mnt/d/bus", server.socket()));
        assertTrue(berth(0, "show", id(server)).contains("/mnt/d/bus  in Pid " + pid));
        assertTrue(berth(1, "mount", id(server), "--pid", pid, "--target", "/mnt/d/bus").contains("is mounted at /mnt/d/bus there already"));
        berth(0, "unmount", id(server), "--pid", pid, "--target", "/mnt/d/bus");
        assertFalse(Files.exists(app.path("/mnt/d/bus")));
        assertTrue(berth(1, "unmount", id(server)).contains("is not mounted anywhere"));

        ContainerServer system = house.server("system");
        app.run("mkdir /run/dbus");
        berth(0, "mount", id(system), "--pid", pid);
        assertTrue(app.has("/run/dbus/system_bus_socket", system.socket()));
        berth(0, "unmount", id(system));
        assertEquals(List.of(), app.berthMounts());
    }

    @Test
    void wrongUse_isToldInOneLine() {
        ContainerServer server = house.server("session");
        assertTrue(berth(1, "mount", id(server)).contains("which namespace?"));
        assertTrue(berth(1, "mount", id(server), "--pid", "1", "--namespace", "/x").contains("exclude each other"));
        assertTrue(berth(1, "mount", id(server), "--pid", "-5").contains("expected 1 to"));
        assertTrue(berth(1, "mount", id(server), "--namespace", "/etc/passwd", "--target", "/tmp/x").contains("/etc/passwd is not a namespace"));
        assertTrue(berth(1, "doctor", "2147483647").contains("there is no process 2147483647"));
    }

    @Test
    void doctor_ofATightSandbox_findsNothing() throws Exception {
        Sandbox app = house.keep(Sandbox.bubblewrap(house));
        ContainerServer server = house.server("session");
        house.mount(server, app, "/run/user/app/bus");
        String said = berth(0, "doctor", Long.toString(app.pid()));
        assertFalse(said.contains("bad "), said);
        assertTrue(said.contains("note  Berth: /run/user/app/bus is server " + id(server)), said);
        assertTrue(said.contains("identity: /run/user/app/bus: services that ask Berth learn the app"), said);
    }

    @Test
    void doctor_ofAnOpenSandbox_namesWhatIsOpen() throws Exception {
        Sandbox app = house.keep(Sandbox.of(house, "bwrap", "--die-with-parent", "--bind", "/", "/", "--dev", "/dev", "--tmpfs", "/run",
                "--bind", house.sessionSocket().getParent().toString(), "/run/session", "--symlink", "/run/session/bus", "/run/link",
                "/bin/sh", "-s"));
        String said = berth(1, "doctor", Long.toString(app.pid()));
        assertTrue(said.contains("bad   session bus: the real one can be reached at " + house.sessionSocket() + ", /run/session/bus"), said);
        assertTrue(said.contains("bad   system bus: the real one can be reached at " + house.systemDirectory().resolve("system_bus_socket")), said);
        assertTrue(said.contains("bad   started services: files can be put there"), said);
        assertTrue(said.contains(house.home().resolve(".local/share/dbus-1").toString()), said);
        assertTrue(said.contains("processes: those outside can be seen"), said);
        assertTrue(said.contains("abstract sockets: it shares the network namespace"), said);
    }

    @Test
    void doctor_ofNoSandbox_saysSo() {
        String said = berth(1, "doctor", Long.toString(house.daemon().pid()));
        assertTrue(said.contains("bad   sandbox: process " + house.daemon().pid() + " (java) is in none"), said);
        assertTrue(said.contains("bad   processes: those outside can be seen and entered"), said);
    }

    @Test
    void doctor_ofASandboxWithAbstractBus_namesIt() throws Exception {
        String name = "dbus-test-" + ProcessHandle.current().pid();
        Program listener = house.run(List.of("/usr/bin/python3", "-c",
                "import socket, time; s = socket.socket(socket.AF_UNIX); s.bind('\\0" + name + "'); s.listen(); print('ready', flush=True); time.sleep(1000)"));
        listener.firstLine(PATIENCE);
        Sandbox app = house.keep(Sandbox.unshared(house));
        String said = berth(1, "doctor", Long.toString(app.pid()));
        listener.close();
        assertTrue(said.contains("bad   abstract sockets: it shares the network namespace; these look like buses, or like daemons that start programs: ") && said.contains("@" + name), said);
    }

    @Test
    void doctor_ofASandboxWithProxy_namesWhomServicesSee() throws Exception {
        Path socket = house.sessionSocket().resolveSibling("proxy");
        Program proxy = house.run(List.of("xdg-dbus-proxy", "unix:path=" + house.sessionSocket(), socket.toString(), "--filter"));
        Awaitility.await().until(() -> Files.exists(socket));
        Sandbox app = house.keep(Sandbox.bubblewrap(house, "--bind", socket.toString(), "/run/user/app/bus"));
        String said = berth(1, "doctor", Long.toString(app.pid()));
        proxy.close();
        Files.delete(socket);
        assertTrue(said.contains("bad   identity: /run/user/app/bus: services see the proxy, process " + proxy.pid()), said);
        assertTrue(said.contains("ok    session bus: the real one cannot be reached by path"), said);
    }

    @Test
    void doctor_ofTheMachine_saysWhatIsThere() {
        Program command = house.berth("doctor", "--json");
        command.exitStatus(PATIENCE);
        for (String subject : List.of("session bus", "system bus", "activation", "bubblewrap", "kernel", "berth-mount", "user namespaces", "cgroups")) {
            assertTrue(command.output().contains("\"subject\":\"" + subject + "\""), command.output());
        }
        assertTrue(command.output().contains("{\"verdict\":\"ok\",\"subject\":\"berth-mount\""), command.output());
        assertTrue(command.output().contains("{\"verdict\":\"bad\",\"subject\":\"activation\""), command.output());
    }
}
