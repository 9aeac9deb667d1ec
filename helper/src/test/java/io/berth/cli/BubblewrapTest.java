package io.berth.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.transport.BusLocation;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the real bubblewrap and looks from inside. */
class BubblewrapTest {
    @TempDir
    private Path directory;
    private final List<ServerSocketChannel> sockets = new ArrayList<>();
    private Path runtime;
    private Path sessionBus;
    private Path systemBus;
    private SideDoors doors;
    private AppSocket session;
    private AppSocket system;

    @BeforeEach
    void makeSockets() throws IOException {
        runtime = Files.createDirectory(directory.resolve("run"));
        Files.createDirectories(runtime.resolve("berth/1"));
        Files.createDirectories(runtime.resolve("berth/2"));
        Files.createDirectory(runtime.resolve("systemd"));
        session = new AppSocket(listen(runtime.resolve("berth/1/bus")), "unix:path=session");
        system = new AppSocket(listen(runtime.resolve("berth/2/bus")), "unix:path=system");
        listen(runtime.resolve("berth/other"));
        listen(runtime.resolve("systemd/private"));
        sessionBus = listen(directory.resolve("session-bus"));
        systemBus = listen(directory.resolve("system-bus"));
        doors = new SideDoors(runtime, Map.of(), List.of());
    }

    @AfterEach
    void closeSockets() throws IOException {
        for (ServerSocketChannel socket : sockets) {
            socket.close();
        }
    }

    private Path listen(Path path) throws IOException {
        ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        sockets.add(socket);
        socket.bind(UnixDomainSocketAddress.of(path));
        return path;
    }

    private Bubblewrap bubblewrap() {
        return new Bubblewrap(Bubblewrap.find().orElseThrow(), doors, services(), false,
                List.of(new BusLocation(sessionBus.toString(), false, "")), List.of(new BusLocation(systemBus.toString(), false, "")));
    }

    private ServiceDirectories services() {
        ServiceDirectories services = new ServiceDirectories(Map.of("XDG_RUNTIME_DIR", runtime.toString(), "HOME", directory.resolve("home").toString()));
        services.make();
        return services;
    }

    /** What a shell inside prints. */
    private String inside(Optional<AppSocket> systemSocket, String script, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", script));
        Collections.addAll(command, arguments);
        ProcessBuilder builder = new ProcessBuilder(bubblewrap().commandLine(session, systemSocket, command)).redirectErrorStream(true);
        builder.environment().put("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=" + systemBus);
        for (String address : List.of("DBUS_STARTER_ADDRESS", "UPSTART_SESSION", "IBUS_ADDRESS", "GNOME_KEYRING_CONTROL", "NOTIFY_SOCKET")) {
            builder.environment().put(address, "unix:path=" + sessionBus);
        }
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes()).strip();
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    private static String inode(Path path) throws IOException {
        return Files.getAttribute(path, "unix:ino").toString();
    }

    @Test
    void buses_areTheAppsOwnSockets() throws Exception {
        listen(runtime.resolve("bus"));
        String script = "stat -c %i " + sessionBus + " " + runtime + "/bus " + session.path() + " " + systemBus;
        String own = inode(session.path());
        assertEquals(String.join("\n", own, own, own, inode(system.path())), inside(Optional.of(system), script));
        assertEquals("unix:path=session unix:path=system x",
                inside(Optional.of(system), "echo $DBUS_SESSION_BUS_ADDRESS $DBUS_SYSTEM_BUS_ADDRESS x$DBUS_STARTER_ADDRESS"));
    }

    @Test
    void systemBus_notAskedFor_isHidden() throws Exception {
        assertEquals("character special file x", inside(Optional.empty(), "stat -c %F " + systemBus + " | tr '\\n' ' '; echo x$DBUS_SYSTEM_BUS_ADDRESS"));
    }

    @Test
    void otherSockets_areNotThere() throws Exception {
        assertEquals("1\nbus", inside(Optional.empty(), "ls -A " + runtime + "/berth " + runtime + "/berth/1 " + runtime + "/systemd | grep -v : | grep ."));
    }

    @Test
    void sideDoors_areNotThere() throws Exception {
        Path elsewhere = listen(directory.resolve("elsewhere"));
        Path starter = listen(directory.resolve("starter"));
        for (String place : List.of("at-spi", "at-spi2-1234", ".dbus-proxy", "bubblejail", "keyring")) {
            listen(Files.createDirectory(runtime.resolve(place)).resolve("control"));
        }
        listen(Files.createDirectories(directory.resolve("home/.cache/ibus")).resolve("dbus-1234"));
        doors = new SideDoors(runtime, Map.of("HOME", directory.resolve("home").toString(), "UPSTART_SESSION", "unix:path=" + starter), List.of(elsewhere));
        assertEquals("", inside(Optional.empty(), "find " + directory + " ! -path " + session.path() + " ! -path " + sessionBus
                + " -exec test -S {} ';' -print"));
        assertEquals("xxxx", inside(Optional.empty(), "echo x${UPSTART_SESSION}x${IBUS_ADDRESS}x${GNOME_KEYRING_CONTROL}x${NOTIFY_SOCKET}"));
    }

    @Test
    void serviceDirectories_cannotBeWrittenNorPutAside() throws Exception {
        String services = runtime + "/dbus-1";
        assertEquals("no no", inside(Optional.empty(), "touch " + services + "/services/x 2>/dev/null && echo yes || echo no;"
                + " mv " + services + " " + runtime + "/aside 2>/dev/null && echo yes || echo no").replace('\n', ' '));
    }

    @Test
    void runtimeDirectory_behindALink_isCoveredAllTheSame() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), runtime);
        session = new AppSocket(link.resolve("berth/1/bus"), session.address());
        assertEquals("1\nbus", inside(Optional.empty(), "ls -A " + link + "/berth " + runtime + "/berth/1 | grep -v : | grep ."));
    }

    @Test
    void otherProcesses_areNotThere_andNoCapabilityIsLeft() throws Exception {
        assertEquals("no", inside(Optional.empty(), "test -e /proc/" + ProcessHandle.current().pid() + "/root/etc && echo yes || echo no"));
        assertEquals("CapEff:\t0000000000000000", inside(Optional.empty(), "grep CapEff /proc/self/status"));
    }

    @Test
    void host_isLeftAsItWas() throws Exception {
        inside(Optional.of(system), "true");
        assertFalse(Files.exists(runtime.resolve("bus")), "a mount point for a bus that the host does not have");
    }

    @Test
    void command_withDashes_isNeverAnOption() throws Exception {
        List<String> line = bubblewrap().commandLine(session, Optional.empty(), List.of("--version", "--bind", "/", "/x"));
        int end = line.indexOf("--");
        assertEquals(List.of("--version", "--bind", "/", "/x"), line.subList(end + 1, line.size()));
        assertEquals("-x --help", inside(Optional.empty(), "echo \"$0 $1\"", "-x", "--help"));
    }

    @Test
    void abstractBus_cannotBeCovered_andIsNamed() {
        BusLocation open = new BusLocation("berth-test", true, "");
        Bubblewrap wrap = new Bubblewrap(Path.of("/usr/bin/bwrap"), new SideDoors(runtime, Map.of(), List.of()), services(), false,
                List.of(open), List.of());
        assertTrue(wrap.uncovered().contains(open));
        assertFalse(bubblewrap().uncovered().contains(open));
    }
}
