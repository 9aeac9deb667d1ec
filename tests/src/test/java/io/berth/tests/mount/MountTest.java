package io.berth.tests.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Program;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for a daemon of root as well as for one of an ordinary user; only the way into the namespace differs. */
abstract class MountTest extends HouseTest {
    private static final String RUNTIME_BUS = "/run/user/app/bus";
    private static final String SYSTEM_BUS = "/run/dbus/system_bus_socket";
    private static final String ASK_SESSION = "gdbus call --session -d org.freedesktop.DBus -o / -m org.freedesktop.DBus.GetId";
    private static final String ASK_SYSTEM = ASK_SESSION.replace("--session", "--system");
    private static final String PYTHON = "/usr/bin/python3 -c 'import dbus; b = dbus.SessionBus(); print(b.get_unique_name(),"
            + " b.name_has_owner(\"io.berth.Helper1\"))'";

    /** While mounts are made, not between them. */
    private static final int SWAPS = 10_000;
    private static final int ROUNDS = 100;
    private static final int MOST_ROUNDS = 3_000;

    MountTest(boolean asRoot) {
        super(asRoot);
    }

    @Test
    void appsInBubblewrap_talkThroughTheMountedSocket_whoseSourceTheyCannotSee() throws Exception {
        Sandbox app = house.keep(Sandbox.bubblewrap(house));
        ContainerServer server = house.server("session");
        assertFalse(Files.exists(app.path(server.socket().toString())), "the source is visible in the sandbox");
        assertTrue(app.run(ASK_SESSION).contains("exit status"));

        house.mount(server, app, RUNTIME_BUS);
        assertTrue(app.has(RUNTIME_BUS, server.socket()));
        assertTrue(app.run(ASK_SESSION).matches("\\('[0-9a-f]{32}',\\)"), app.run(ASK_SESSION));
        String said = app.run(PYTHON);
        assertTrue(said.endsWith(" True"), said);

        house.unmount(server, MountHouse.byPid(app), RUNTIME_BUS);
        assertFalse(Files.exists(app.path(RUNTIME_BUS)));
        assertTrue(app.run(ASK_SESSION).contains("exit status"));
    }

    @Test
    void sessionAndSystemSocket_inOneNamespace_hideTheRealSystemBus() throws Exception {
        Sandbox app = house.keep(Sandbox.bubblewrap(house, "--bind", house.systemDirectory().toString(), "/run/dbus"));
        String real = app.run(ASK_SYSTEM);
        assertTrue(real.matches("\\('[0-9a-f]{32}',\\)"), real);
        app.run("touch /run/dbus/other");
        ContainerServer session = house.server("session");
        ContainerServer system = house.server("system");
        house.mount(session, app, RUNTIME_BUS);
        house.mount(system, MountHouse.hiding(app), SYSTEM_BUS);

        assertEquals("system_bus_socket", app.run("ls /run/dbus"));
        assertTrue(app.has(SYSTEM_BUS, system.socket()));
        assertTrue(app.has(RUNTIME_BUS, session.socket()));
        assertEquals(real, app.run(ASK_SYSTEM));
        assertEquals(1, ((List<?>) house.helper().property(system, "Connections")).size() + connectionsOfOne(app, system));
        assertFalse(app.run(ASK_SESSION).contains("exit status"));

        house.helper().remove(system);
        assertEquals("other\nsystem_bus_socket", app.run("ls /run/dbus"));
        assertEquals(List.of(List.of(RUNTIME_BUS, "Pid", Long.toString(app.pid()))), house.mounts(session));
        app.run("rm /run/dbus/other");
    }

    /** One client that is seen at the server while it is connected. */
    private int connectionsOfOne(Sandbox app, ContainerServer system) throws Exception {
        app.run("gdbus monitor --system -d org.freedesktop.DBus >/dev/null & echo $! >/tmp/monitor");
        Awaitility.await().until(() -> ((List<?>) house.helper().property(system, "Connections")).size() == 1);
        app.run("kill $(cat /tmp/monitor); wait");
        Awaitility.await().until(() -> ((List<?>) house.helper().property(system, "Connections")).isEmpty());
        return 1;
    }

    @Test
    void hiddenDirectory_withTwoSockets_staysHiddenUntilBothAreGone() throws Exception {
        Sandbox app = house.keep(Sandbox.unshared(house));
        app.run("touch /mnt/d/real");
        ContainerServer first = house.server("session");
        ContainerServer second = house.server("session");
        house.mount(first, MountHouse.hiding(app), "/mnt/d/one");
        house.mount(second, MountHouse.hiding(app), "/mnt/d/two");
        assertEquals("one\ntwo", app.run("ls /mnt/d"));
        house.helper().remove(first);
        assertEquals("two", app.run("ls /mnt/d"));
        assertTrue(app.has("/mnt/d/two", second.socket()));
        house.helper().remove(second);
        assertEquals("real", app.run("ls /mnt/d"));
        assertEquals(List.of(), app.berthMounts());
    }

    @Test
    void namespacesOfAllMakes_areEntered() throws Exception {
        ContainerServer server = house.server("session");
        for (Sandbox app : List.of(house.keep(Sandbox.unshared(house)), house.keep(Sandbox.unshared(house, "-Urm")),
                house.keep(Sandbox.nested(house)), house.keep(Sandbox.bubblewrap(house)),
                house.keep(Sandbox.bubblewrap(house, "--unshare-user", "--uid", "1234")))) {
            house.mount(server, app, "/mnt/d/bus");
            assertTrue(app.has("/mnt/d/bus", server.socket()));
            assertEquals(1, app.berthMounts().size(), app.berthMounts().toString());
        }
        assertEquals(5, house.mounts(server).size());
    }

    @Test
    void oneServerInManyNamespaces_andManyServersInOne_areUnmountedOneByOneOrTogether() throws Exception {
        Sandbox one = house.keep(Sandbox.unshared(house));
        Sandbox two = house.keep(Sandbox.bubblewrap(house));
        ContainerServer server = house.server("session");
        ContainerServer other = house.server("system");
        for (Sandbox app : List.of(one, two)) {
            house.mount(server, app, "/mnt/d/bus");
            house.mount(server, app, "/mnt/bus");
            house.mount(other, app, "/mnt/d/system");
        }
        String taken = house.refusal(other, MountHouse.byPid(one), "/mnt/d/bus");
        assertTrue(taken.startsWith("org.freedesktop.DBus.Error.InvalidArgs: server " + id(server) + " is mounted at /mnt/d/bus"), taken);

        house.unmount(server, MountHouse.byPid(one), "/mnt/bus");
        assertEquals("bus\nsystem", one.run("ls /mnt/d"));
        assertFalse(Files.exists(one.path("/mnt/bus")));
        assertTrue(two.has("/mnt/bus", server.socket()));
        house.unmount(server, Map.of(), "/mnt/d/bus");
        assertEquals("system", one.run("ls /mnt/d"));
        assertEquals("system", two.run("ls /mnt/d"));
        house.unmount(server, Map.of(), "");
        assertEquals(List.of(), house.mounts(server));
        assertEquals(2, house.mounts(other).size());
        assertTrue(two.has("/mnt/d/system", other.socket()));
        house.helper().remove(other);
        assertEquals(List.of(), one.berthMounts());
        assertEquals(List.of(), two.berthMounts());
        assertEquals("", one.run("ls /mnt/d"));
    }

    private static String id(ContainerServer server) {
        return server.object().substring(server.object().lastIndexOf('/') + 1);
    }

    @Test
    void overAnExistingSocket_itIsMountedAndBroughtBack() throws Exception {
        Sandbox app = house.keep(Sandbox.unshared(house));
        app.run("/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"/mnt/d/bus\")'");
        Object before = Files.getAttribute(app.path("/mnt/d/bus"), "unix:ino");
        ContainerServer server = house.server("session");
        house.mount(server, app, "/mnt/d/bus");
        assertTrue(app.has("/mnt/d/bus", server.socket()));
        house.helper().remove(server);
        assertEquals(before, Files.getAttribute(app.path("/mnt/d/bus"), "unix:ino"));
    }

    @Test
    void mounts_whenTheyChange_areTold() throws Exception {
        Sandbox app = house.keep(Sandbox.unshared(house));
        ContainerServer server = house.server("session");
        try (var watcher = RawClient.connect(house.sessionSocket())) {
            watcher.match("type='signal',member='PropertiesChanged',path='" + server.object() + "'");
            house.mount(server, app, "/mnt/d/bus");
            List<List<String>> there = List.of(List.of("/mnt/d/bus", "Pid", Long.toString(app.pid())));
            assertEquals(there, changedMounts(watcher.awaitSignal("PropertiesChanged")));
            assertEquals(there, house.mounts(server));
            house.unmount(server, MountHouse.byPid(app), "/mnt/d/bus");
            assertEquals(List.of(), changedMounts(watcher.awaitSignal("PropertiesChanged")));

            house.mount(server, app, "/mnt/d/bus");
            watcher.awaitSignal("PropertiesChanged");
            house.closeSandboxes();
            assertEquals(List.of(), changedMounts(watcher.awaitSignal("PropertiesChanged")));
        }
    }

    private static List<List<String>> changedMounts(Message signal) {
        return MountHouse.mounts(((Variant) ((Map<?, ?>) signal.args().get(1)).get("Mounts")).value());
    }

    @Test
    void processThatWasNamed_ends_butAnotherIsThere_mountStays() throws Exception {
        Sandbox app = house.keep(Sandbox.unshared(house));
        app.run("sleep 1000 & echo $! >/mnt/pid");
        long first = app.pid();
        long other = ProcessHandle.of(first).orElseThrow().children().findFirst().orElseThrow().pid();
        ContainerServer server = house.server("session");
        house.mount(server, Map.of("Pid", new Variant("u", other)), "/mnt/d/bus");
        app.run("kill $(cat /mnt/pid); wait");
        ContainerServer later = house.server("session");
        house.mount(later, app, "/mnt/d/later");
        assertEquals(1, house.mounts(server).size());
        house.helper().remove(server);
        assertEquals("later", app.run("ls /mnt/d"));
    }

    @Test
    void fds_ofProcessAndNamespace_nameItToo() throws Exception {
        Sandbox app = house.keep(Sandbox.unshared(house));
        ContainerServer server = house.server("session");
        int process = Handles.pidFd(app.pid());
        int namespace = Handles.open("/proc/" + app.pid() + "/ns/mnt");
        int network = Handles.open("/proc/" + app.pid() + "/ns/net");
        try {
            house.mount(server, Map.of("PidFd", new Variant("h", 0)), "/mnt/d/one", process);
            house.mount(server, Map.of("Namespace", new Variant("h", 0)), "/mnt/d/two", namespace);
            assertEquals("one\ntwo", app.run("ls /mnt/d"));
            String inode = Files.readSymbolicLink(Path.of("/proc/" + app.pid() + "/ns/mnt")).toString();
            assertEquals(List.of(List.of("/mnt/d/one", "PidFd", Long.toString(app.pid())), List.of("/mnt/d/two", "Namespace", inode)),
                    house.mounts(server));
            house.unmount(server, Map.of("Namespace", new Variant("h", 0)), "/mnt/d/one", namespace);
            house.unmount(server, Map.of("PidFd", new Variant("h", 0)), "", process);
            assertEquals("", app.run("ls /mnt/d"));
            assertInvalid("is not a mount namespace", house.refusal(server, Map.of("Namespace", new Variant("h", 0)), "/mnt/d/x", network));
            assertInvalid("is not a mount namespace", house.refusal(server, Map.of("Namespace", new Variant("h", 0)), "/mnt/d/x", process));
            assertInvalid("process", house.refusal(server, Map.of("PidFd", new Variant("h", 0)), "/mnt/d/x", namespace));
        } finally {
            Handles.close(process, namespace, network);
        }
    }

    @Test
    void whatCannotBe_isRefusedAndLeavesNothing() throws Exception {
        Sandbox app = house.keep(Sandbox.unshared(house));
        app.run("mkdir /mnt/d/dir; ln -s /etc/passwd /mnt/d/link; ln -s d /mnt/to-d; ln -s / /mnt/up; mkfifo /mnt/d/fifo; mkdir /mnt/ro;"
                + " mount -t tmpfs -o ro x /mnt/ro");
        String before = app.run("find /mnt | sort");
        List<String> mounts = Files.readAllLines(Path.of("/proc/" + app.pid() + "/mountinfo"));
        ContainerServer server = house.server("session");
        Map<String, Variant> here = MountHouse.byPid(app);
        assertInvalid("/mnt/d/link is a symbolic link", house.refusal(server, here, "/mnt/d/link"));
        assertInvalid("a symbolic link leads to /mnt/to-d/bus", house.refusal(server, here, "/mnt/to-d/bus"));
        assertInvalid("a symbolic link leads to", house.refusal(server, MountHouse.hiding(app), "/mnt/up/mnt/d/bus"));
        assertInvalid("No such file or directory", house.refusal(server, here, "/mnt/none/bus"));
        assertInvalid("is a directory", house.refusal(server, here, "/mnt/d/dir"));
        assertInvalid("neither a socket nor a regular file", house.refusal(server, here, "/mnt/d/fifo"));
        assertInvalid("Read-only file system", house.refusal(server, here, "/mnt/ro/bus"));
        for (String malformed : List.of("", "bus", "/", "/mnt//bus", "/mnt/./bus", "/mnt/../bus", "/mnt/d/", "/mnt/d/a\0b", "/" + "x".repeat(107))) {
            assertInvalid("target", house.refusal(server, here, malformed));
        }
        assertInvalid("expected one of Pid, PidFd, Namespace, NamespacePath", house.refusal(server, Map.of(), "/mnt/d/bus"));
        assertInvalid("unknown entry 'Process'", house.refusal(server, Map.of("Process", new Variant("u", 1)), "/mnt/d/bus"));
        assertInvalid("Pid has type s", house.refusal(server, Map.of("Pid", Variant.of("1")), "/mnt/d/bus"));
        assertInvalid("exclude each other", house.refusal(server, Map.of("Pid", new Variant("u", app.pid()), "NamespacePath",
                new Variant("ay", "/x".getBytes(StandardCharsets.UTF_8))), "/mnt/d/bus"));
        assertInvalid("there is no process 2147483647", house.refusal(server, Map.of("Pid", new Variant("u", Integer.MAX_VALUE)), "/mnt/d/bus"));
        assertInvalid("that is no sandbox", house.refusal(server, Map.of("Pid", new Variant("u", house.daemon().pid())), "/mnt/d/bus"));
        assertInvalid("is not a namespace", house.refusal(server, Map.of("NamespacePath", new Variant("ay", "/etc/passwd".getBytes(StandardCharsets.UTF_8))),
                "/mnt/d/bus"));
        assertEquals(before, app.run("find /mnt | sort"));
        assertEquals(mounts, Files.readAllLines(Path.of("/proc/" + app.pid() + "/mountinfo")));
        assertEquals(List.of(), house.mounts(server));
    }

    static void assertInvalid(String expected, String error) {
        assertTrue(error.startsWith("org.freedesktop.DBus.Error.InvalidArgs: ") && error.contains(expected), error);
    }

    @Test
    void namespaceGoneBeforeTheServer_isFine() throws Exception {
        ContainerServer server = house.server("session");
        int namespace;
        try (Sandbox app = Sandbox.unshared(house)) {
            house.mount(server, app, "/mnt/d/bus");
            namespace = Handles.open("/proc/" + app.pid() + "/ns/mnt");
            house.mount(server, Map.of("Namespace", new Variant("h", 0)), "/mnt/d/two", namespace);
        }
        Handles.close(namespace);
        house.helper().remove(server);
        assertFalse(house.daemon().errors().contains("WARN"), house.daemon().errors());
    }

    @Test
    void appThatTakesTheMountAway_isLeftAlone() throws Exception {
        Sandbox app = house.keep(Sandbox.unshared(house));
        ContainerServer server = house.server("session");
        house.mount(server, app, "/mnt/d/bus");
        app.run("umount /mnt/d/bus; rm /mnt/d/bus; echo mine >/mnt/d/bus; touch /mnt/over; mount --bind /mnt/d/bus /mnt/over");
        house.helper().remove(server);
        assertEquals("mine", app.run("cat /mnt/d/bus /mnt/over").lines().findFirst().orElse(""));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void attackerThatSwapsTheWay_neverGetsAMountElsewhere(boolean wholeWay) throws Exception {
        Sandbox app = house.keep(Sandbox.unshared(house));
        ContainerServer server = house.server("session");
        int mounted = 0;
        int refused = 0;
        long swaps = 0;
        try (Attacker attacker = new Attacker(house, app, wholeWay)) {
            for (int round = 0; round < MOST_ROUNDS && (round < ROUNDS || swaps < SWAPS || mounted == 0 || refused == 0); round++) {
                boolean hide = wholeWay && round % 2 == 0;
                long before = attacker.swaps();
                try {
                    house.mount(server, hide ? MountHouse.hiding(app) : MountHouse.byPid(app), Attacker.TARGET);
                    swaps += attacker.swaps() - before;
                    mounted++;
                    checkPlaces(app, hide ? 2 : 1);
                    house.unmount(server, Map.of(), "");
                } catch (DBusError failure) {
                    swaps += attacker.swaps() - before;
                    refused++;
                }
                checkPlaces(app, 0);
            }
        }
        System.out.println(mounted + " mounts and " + refused + " refusals, " + swaps + " swaps while they were made");
        assertTrue(swaps >= SWAPS, swaps + " swaps");
        assertTrue(mounted > 0 && refused > 0, mounted + " mounts, " + refused + " refusals");
        assertEquals("", app.run("find /mnt/evil -type s"));
    }

    /** The attacker may rename a directory with a mount in it, but it is the directory that was named. */
    private static void checkPlaces(Sandbox app, int expected) throws IOException {
        List<String> mounts = app.berthMounts();
        assertEquals(expected, mounts.size(), mounts.toString());
        for (String mount : mounts) {
            String place = mount.split(" ")[4];
            assertTrue(place.matches("(/mnt/d|/mnt/link-d)/a(/bus)?|/mnt/link-a(/bus)?"), mount);
        }
    }

    @Test
    void killedDaemon_itsMounts_areUndoneByTheNext() throws Exception {
        Sandbox one = house.keep(Sandbox.unshared(house));
        Sandbox two = house.keep(Sandbox.bubblewrap(house));
        try (Sandbox gone = Sandbox.unshared(house)) {
            ContainerServer server = house.server("session");
            house.mount(server, one, "/mnt/d/bus");
            house.mount(server, MountHouse.hiding(two), "/mnt/d/bus");
            house.mount(server, gone, "/mnt/d/bus");
            one.run("touch /mnt/theirs");
            house.killDaemon();
            assertTrue(one.has("/mnt/d/bus", server.socket()));
        }
        house.startDaemon();
        assertEquals("", one.run("ls /mnt/d"));
        assertEquals("theirs", one.run("ls /mnt | grep theirs"));
        assertEquals("", two.run("ls /mnt/d"));
        assertEquals(List.of(), one.berthMounts());
        assertEquals(List.of(), two.berthMounts());
        assertEquals("", house.daemon().errors().lines().filter(line -> line.contains("WARN")).findFirst().orElse(""));
        house.measureAnew();
        house.mount(house.server("session"), one, "/mnt/d/bus");
    }

    /** It, or the program that mounts for it, is stopped where it has just done something but has not said so yet. */
    @ParameterizedTest
    @CsvSource({"move_mount, 1, false", "linkat, 1, false", "move_mount, 1, true", "move_mount, 2, true"})
    void daemonKilledWhileItMounts_leavesNothingToFindAfterTheNextOne(String call, int number, boolean hide) throws Exception {
        Sandbox app = house.keep(Sandbox.unshared(house));
        app.run("echo theirs >/mnt/d/real");
        List<String> mounts = app.mounts();
        ContainerServer server = house.server("session");
        try (Program strace = house.strace(call + ":signal=STOP:when=" + number)) {
            house.launcher().send(MountHouse.call("BindMount", server, hide ? MountHouse.hiding(app) : MountHouse.byPid(app), "/mnt/d/bus"));
            int expected = call.equals("linkat") ? 0 : number;
            Awaitility.await().until(() -> app.berthMounts().size() == expected && (expected > 0 || Files.exists(app.path("/mnt/d/bus"))));
            house.killDaemon();
            strace.exitStatus(Duration.ofSeconds(20)); // nobody is left who could go on
        }
        house.startDaemon();
        assertEquals(mounts, app.mounts());
        assertEquals("real", app.run("ls /mnt/d"));
        assertEquals("", house.daemon().errors().lines().filter(line -> line.contains("WARN")).findFirst().orElse(""));
        house.measureAnew();
    }

    @Test
    void mountsBeyondTheLimit_areRefusedWithTheNumber_andTheOthersStay() throws Exception {
        Sandbox app = house.keep(Sandbox.unshared(house));
        ContainerServer server = house.server("session");
        ContainerServer other = house.server("session");
        int process = Handles.pidFd(app.pid());
        for (int i = 0; i < MountHouse.MOST_MOUNTS; i++) {
            house.mount(server, app, "/mnt/d/bus" + i);
        }
        String refused = house.refusal(server, Map.of("PidFd", new Variant("h", 0)), "/mnt/d/more", process);
        assertEquals("org.freedesktop.DBus.Error.LimitsExceeded: the limit of 20 mounts of one server is reached", refused);
        assertEquals(MountHouse.MOST_MOUNTS, house.mounts(server).size());
        house.mount(other, app, "/mnt/d/more");
        house.unmount(server, Map.of(), "/mnt/d/bus1");
        house.mount(server, Map.of("PidFd", new Variant("h", 0)), "/mnt/d/bus1", process);
        house.unmount(server, Map.of(), "/mnt/d/bus1");

        // those that are asked for at once count too
        for (int i = 0; i < MountHouse.MOST_MOUNTS; i++) {
            house.launcher().send(MountHouse.call("BindMount", server, MountHouse.byPid(app), "/mnt/d/at-once" + i));
        }
        Awaitility.await().until(() -> house.mounts(server).size() == MountHouse.MOST_MOUNTS);
        house.launcher().drain();
        assertEquals(MountHouse.MOST_MOUNTS, house.mounts(server).size());
        Handles.close(process);
    }

    @Test
    void mountingAndRemovingAtOnce_leavesNothing() throws Exception {
        Sandbox app = house.keep(Sandbox.unshared(house));
        List<String> mounts = app.mounts();
        for (int round = 0; round < 10; round++) {
            ContainerServer server = house.server("session");
            house.launcher().send(MountHouse.call("BindMount", server, MountHouse.byPid(app), "/mnt/d/one"));
            house.launcher().send(MountHouse.call("BindMount", server, MountHouse.hiding(app), "/mnt/d/two"));
            house.helper().remove(server);
            assertEquals(mounts, app.mounts());
            assertEquals("", app.run("ls /mnt/d"));
        }
        assertEquals("", house.daemon().errors().lines().filter(line -> line.contains("WARN") || line.contains("ERROR")).findFirst().orElse(""));
    }

    @Test
    void daemonWithoutDescriptors_mountsNothing_andLosesNone() throws Exception {
        Sandbox app = house.keep(Sandbox.unshared(house));
        ContainerServer server = house.server("session");
        List<String> mounts = app.mounts();
        int mounted = 0;
        List<String> refusals = new ArrayList<>();
        house.refusal(server, MountHouse.byPid(app), "/mnt/none/bus"); // classes come from files
        for (int free = 24; free >= 0; free--) {
            house.limitDescriptors(free);
            try {
                house.mount(server, app, "/mnt/d/bus");
                mounted++;
                house.limitDescriptors(100);
                house.unmount(server, Map.of(), "");
            } catch (DBusError refused) {
                refusals.add(refused.getMessage());
            }
            assertEquals(mounts, app.mounts());
            assertEquals("", app.run("ls /mnt/d"));
        }
        house.limitDescriptors(1_000);
        assertTrue(mounted > 0 && refusals.size() > 3, mounted + " mounted, refused: " + refusals);
    }

    @Test
    void daemonThatEnds_unmountsEverything() throws Exception {
        Sandbox app = house.keep(Sandbox.bubblewrap(house));
        house.mount(house.server("session"), app, "/mnt/d/bus");
        house.mount(house.server("system"), MountHouse.hiding(app), "/run/user/app/system");
        house.endDaemon();
        assertEquals(List.of(), app.berthMounts());
        assertEquals("", app.run("ls /mnt/d"));
        house.startDaemon();
        house.measureAnew();
    }

    @Test
    void whoIsRootInside_getsAtNothingOfWhoMounts() throws Exception {
        Sandbox sandbox = house.keep(Sandbox.unshared(house, "-Urm"));
        ContainerServer server = house.server("session");
        String said;
        try (Intruder intruder = new Intruder(house, sandbox)) {
            try {
                for (int i = 0; i < 10; i++) {
                    house.mount(server, sandbox, "/mnt/d/bus");
                    house.unmount(server, MountHouse.byPid(sandbox), "/mnt/d/bus");
                }
            } finally {
                said = intruder.end();
            }
        }
        assertTrue(said.matches("[1-9][0-9]*"), "met, and got at: " + said);
    }
}
