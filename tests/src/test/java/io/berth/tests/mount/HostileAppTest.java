package io.berth.tests.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.Program;
import io.berth.tests.house.RuntimeFiles;
import io.berth.tests.lifetime.BoundSocket;
import io.berth.tests.raw.Variant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.aggregator.ArgumentsAccessor;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An app of {@code berth run} that wants out of its sandbox. */
abstract class HostileAppTest extends HouseTest {
    static final Duration PATIENCE = Duration.ofSeconds(60);
    /** Connects to every socket that appears in the runtime directory and takes what it is given. */
    private static final String THIEF = """
            import os, socket, stat, sys
            seen = set()
            def sockets():
                for directory, _, names in os.walk(os.environ['XDG_RUNTIME_DIR']):
                    for name in names:
                        path = os.path.join(directory, name)
                        try:
                            if path not in seen and stat.S_ISSOCK(os.lstat(path).st_mode):
                                seen.add(path)
                                yield path
                        except OSError:
                            pass
            list(sockets())
            print('ready', flush=True)
            while not os.path.exists(sys.argv[1]):
                for path in sockets():
                    print('new', path, flush=True)
                    try:
                        client = socket.socket(socket.AF_UNIX)
                        client.settimeout(1)
                        client.connect(path)
                        print('taken', len(socket.recv_fds(client, 100, 20)[1]), flush=True)
                    except OSError as failure:
                        print(failure, flush=True)
            """;
    private static final int RUNS = 3;

    HostileAppTest(boolean asRoot) {
        super(asRoot);
    }

    Program run(String... words) {
        List<String> command = new ArrayList<>(List.of("run"));
        command.addAll(List.of(words));
        return house.berth(command.toArray(String[]::new));
    }

    Path script(String name, String text) throws IOException {
        return Files.writeString(house.root().resolve(name), text);
    }

    @Test
    void whatTheNextAppIsGiven_isNotForTheFirst() throws Exception {
        Path end = house.root().resolve("end-" + house.user());
        Program thief = run("--app-id=org.test.Thief", "--", "/usr/bin/python3", script("thief.py", THIEF).toString(), end.toString());
        assertEquals("ready", thief.firstLine(PATIENCE));
        for (int i = 0; i < RUNS; i++) {
            Program next = run("--app-id=org.test.Next", "--see=org.test.Unused", "--", "busctl", "--user", "--no-legend", "--no-pager", "--unique", "list");
            assertEquals(0, next.exitStatus(PATIENCE), next.errors());
            assertEquals(1, next.output().lines().count(), next.output());
        }
        Files.createFile(end);
        assertEquals(0, thief.exitStatus(PATIENCE), thief.errors());
        assertEquals("ready\n", thief.output());
        Files.delete(end);
    }

    @Test
    void program_inheritsNothingOfTheConnectors() {
        Program app = run("--", "/usr/bin/python3", "-c", "import os; print(sorted(int(fd) for fd in os.listdir('/proc/self/fd'))[:-1])");
        assertEquals(0, app.exitStatus(PATIENCE), app.errors());
        assertEquals("[0, 1, 2]\n", app.output());
    }

    /** The first process of the sandbox, bubblewrap's, was given the same descriptors. */
    @Test
    void firstProcess_hasNothingToTakeWhenTheProgramStarts() {
        Program app = run("--", "/usr/bin/python3", "-c", """
                import os
                for fd in os.listdir('/proc/1/fd'):
                    print(os.readlink('/proc/1/fd/' + fd).split(':')[0])""");
        assertEquals(0, app.exitStatus(PATIENCE), app.errors());
        assertTrue(app.output().lines().noneMatch(link -> link.equals("socket") || link.contains("/bus")), app.output());
    }

    /** A launcher has made a socket for another app with Socket, as flatpak does, or anywhere. */
    @ParameterizedTest
    @ValueSource(strings = {".dbus-proxy/other", "other-app"})
    void socketOfAnotherApp_cannotBeReached(String place) throws Exception {
        Path path = house.runtime().resolve(place);
        if (place.contains("/")) {
            house.user().own(Files.createDirectory(path.getParent()));
        }
        try (BoundSocket socket = BoundSocket.at(path).listen()) {
            house.user().own(path);
            Map<String, Variant> arguments = HelperApi.unrestricted();
            arguments.put("Socket", new Variant("h", 0));
            ContainerServer other = house.helper().add("org.test.Other", arguments, socket.fd());
            Program app = run("--", "busctl", "--address=unix:path=" + path, "call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "ListNames");
            assertNotEquals(0, app.exitStatus(PATIENCE));
            assertEquals("", app.output());
            house.helper().remove(other);
        } finally {
            RuntimeFiles.deleteTree(place.contains("/") ? path.getParent() : path);
        }
    }

    /** The app may call the name; no more is needed. Where it may not write, it makes the place anew. */
    @ParameterizedTest
    @CsvSource({"run/dbus-1/services, run/dbus-1, run", "home/.local/share/dbus-1/services, home/.local/share/dbus-1, home/.local/share, home/.local, home",
        "home/.local/share/systemd/user, home/.local/share/systemd", "home/.config/systemd/user, home/.config/systemd, home/.config"})
    void fileOfTheApps_hasNothingStartedOutside(ArgumentsAccessor places) throws Exception {
        Path mark = house.home().resolve("started");
        List<String> arguments = new ArrayList<>(List.of("--talk=org.test.Mine", "--", "/bin/sh", "-c", """
                put() { mkdir -p "$1" && echo "$2" >"$1/org.test.Mine.service"; }
                place=$1 file=$2
                put "$place" "$file"
                shift 2
                for above; do mv "$above" "$above.aside" && put "$place" "$file"; done
                busctl --user call org.test.Mine / org.test.I Do""", "sh", house.root().resolve(places.getString(0)).toString(),
                "[D-BUS Service]\nName=org.test.Mine\nExec=/usr/bin/touch " + mark));
        for (int i = 1; i < places.size(); i++) {
            arguments.add(house.root().resolve(places.getString(i)).toString());
        }
        Program app = run(arguments.toArray(String[]::new));
        assertEquals(1, app.exitStatus(PATIENCE), app.errors());
        assertFalse(Files.exists(house.root().resolve(places.getString(0)).resolve("org.test.Mine.service")), app.errors());
        assertFalse(Files.exists(mark), app.errors());
        assertTrue(Files.isDirectory(house.root().resolve(places.getString(1))), app.errors());
    }

    /** Upstart's, as far as anybody can see: its name, and a bus behind it. */
    @Test
    void abstractSocket_isSaid_andKeptAwayByANetworkNamespace() throws Exception {
        String address = "unix:abstract=/com/ubuntu/upstart-session/" + house.user().id() + "/" + ProcessHandle.current().pid();
        Program upstart = house.run(List.of("dbus-daemon", "--session", "--address=" + address, "--nofork", "--nopidfile", "--nosyslog", "--print-address=1"));
        upstart.firstLine(PATIENCE);
        String[] call = {"--", "busctl", "--address=" + address, "call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetId"};
        Program shared = run(call);
        assertEquals(0, shared.exitStatus(PATIENCE), shared.errors());
        assertTrue(shared.errors().contains("warning: " + address + " has no path that could be covered"), shared.errors());
        List<String> own = new ArrayList<>(List.of("--unshare-net"));
        own.addAll(List.of(call));
        Program kept = run(own.toArray(String[]::new));
        assertEquals(1, kept.exitStatus(PATIENCE), kept.output());
        assertFalse(kept.errors().contains("has no path"), kept.errors());
        Program app = run("--", "/bin/sh", "-c", "sleep 1000; true");
        Program said = house.berth("doctor", Long.toString(shellOf(app)));
        assertEquals(1, said.exitStatus(PATIENCE), said.output());
        assertTrue(said.output().matches("(?s).*bad   abstract sockets: [^\n]*@/com/ubuntu/upstart-session/.*"), said.output());
        app.close();
        upstart.close();
    }

    @Test
    void networkNamespace_leavesTheAppItsBus() {
        Program app = run("--unshare-net", "--", "busctl", "--user", "--no-legend", "--no-pager", "--unique", "list");
        assertEquals(0, app.exitStatus(PATIENCE), app.errors());
        assertEquals(1, app.output().lines().count(), app.output());
    }

    @Test
    void doctor_findsNothingOpenButWhatNoMountCovers() throws Exception {
        Program app = run("--", "/bin/sh", "-c", "sleep 1000; true");
        ContainerServer other = house.server("session");
        Program doctor = house.berth("doctor", Long.toString(shellOf(app)));
        doctor.exitStatus(PATIENCE);
        assertEquals(List.of(), doctor.output().lines().filter(line -> line.startsWith("bad ") && !line.contains("abstract sockets")).toList());
        assertTrue(doctor.output().contains("ok    started services: "), doctor.output() + doctor.errors());
        house.helper().remove(other);
        app.close();
    }

    /** The process of the app, seen from here, once it has started a sleep. */
    private static long shellOf(Program run) {
        return Awaitility.await().atMost(PATIENCE).until(() -> ProcessHandle.of(run.pid()).orElseThrow().descendants()
                .filter(process -> process.info().command().orElse("").endsWith("/sleep")).findFirst(), Optional::isPresent).orElseThrow().pid();
    }
}
