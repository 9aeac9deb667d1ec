package io.berth.main;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.transport.PrivateBus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DaemonTest {
    @TempDir
    private Path runtime;
    @TempDir
    private Path configuration;
    private PrivateBus bus;

    @BeforeEach
    void start() {
        bus = PrivateBus.open();
    }

    @AfterEach
    void stop() {
        bus.close();
    }

    /** A daemon process and what it has logged so far. */
    private final class Running {
        private final Process process;
        private final Path log;

        private Running(String... extraEnvironment) throws IOException {
            log = Files.createTempFile(runtime, "daemon", ".log");
            ProcessBuilder builder = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-Xshare:auto",
                    "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), DaemonProgram.class.getName());
            if (Runtime.version().feature() >= 22) {
                // what the jar says of itself in its manifest: without it, warnings; before, it would only switch class-data sharing off
                builder.command().add(1, "--enable-native-access=ALL-UNNAMED");
            }
            builder.redirectErrorStream(true).redirectOutput(log.toFile());
            builder.environment().put("DBUS_SESSION_BUS_ADDRESS", bus.address());
            builder.environment().put("XDG_RUNTIME_DIR", runtime.toString());
            builder.environment().put("XDG_CONFIG_HOME", configuration.toString());
            builder.environment().remove("NOTIFY_SOCKET");
            for (int i = 0; i < extraEnvironment.length; i += 2) {
                builder.environment().put(extraEnvironment[i], extraEnvironment[i + 1]);
            }
            process = builder.start();
        }

        private Running ready() {
            await().atMost(30, TimeUnit.SECONDS).until(() -> log().contains("sockets in") || !process.isAlive());
            assertTrue(process.isAlive(), this::log);
            return this;
        }

        private String log() {
            try {
                return Files.readString(log);
            } catch (IOException unreadable) {
                return unreadable.toString();
            }
        }

        private int status() throws InterruptedException {
            assertTrue(process.waitFor(30, TimeUnit.SECONDS), this::log);
            return process.exitValue();
        }
    }

    private List<String> left() throws IOException {
        try (Stream<Path> files = Files.walk(runtime.resolve("berth"))) {
            return files.map(file -> runtime.relativize(file).toString()).sorted().toList();
        }
    }

    @Test
    void daemon_started_saysWhereItIs() throws Exception {
        Running daemon = new Running().ready();
        assertTrue(daemon.log().contains(" on unix:path=" + bus.directory() + "/bus,guid="), daemon::log);
        assertTrue(daemon.log().contains("sockets in " + runtime + "/berth/"), daemon::log);
        assertEquals(1, daemon.log().lines().count(), daemon::log);
        daemon.process.destroy();
        assertEquals(0, daemon.status());
    }

    @Test
    void daemon_terminated_signalsHelperExitAndLeavesNothing() throws Exception {
        Running daemon = new Running().ready();
        Process monitor = bus.start("gdbus", "monitor", "--session", "--dest", "io.berth.Helper1");
        Path heard = Files.createTempFile(runtime, "heard", "");
        Thread copying = new Thread(() -> {
            try (var in = monitor.getInputStream()) {
                Files.copy(in, heard, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException ended) {
                // the monitor was ended
            }
        });
        copying.start();
        await().until(() -> Files.readString(heard).contains("is owned by"));
        String added = bus.run("gdbus", "call", "--session", "-d", "io.berth.Helper1", "-o", "/io/berth/Helper1", "-m",
                "io.berth.Helper1.AddContainerServer", "org.example.Sandbox", "app", "{}", "{'OutliveCreator': <true>}");
        assertTrue(added.contains("/io/berth/Helper1/servers/1"), added);
        daemon.process.destroy();
        assertEquals(0, daemon.status());
        await().until(() -> Files.readString(heard).contains("does not have an owner"));
        String text = Files.readString(heard);
        assertTrue(text.contains("ContainerServerRemoved (objectpath '/io/berth/Helper1/servers/1', 'helper-exit')"), text);
        assertTrue(text.contains("InterfacesRemoved"), text);
        monitor.destroy();
        copying.join();
        assertEquals(List.of("berth", "berth/lock"), left());
    }

    @Test
    void daemon_interrupted_endsCleanly() throws Exception {
        Running daemon = new Running().ready();
        bus.run("kill", "-INT", Long.toString(daemon.process.pid()));
        assertEquals(0, daemon.status());
        assertEquals(List.of("berth", "berth/lock"), left());
    }

    @Test
    void secondDaemon_onTheSameBus_saysSoAndExits() throws Exception {
        Running first = new Running().ready();
        Running second = new Running();
        assertEquals(3, second.status());
        assertTrue(second.log().contains("another berth daemon owns io.berth.Helper1 on this bus"), second::log);
        assertTrue(bus.run("busctl", "--user", "get-property", "io.berth.Helper1", "/io/berth/Helper1", "io.berth.Helper1",
                "Version").startsWith("s "), "the first is still there");
        first.process.destroy();
        assertEquals(0, first.status());
    }

    @Test
    void daemon_whoseBusGoes_saysSoAndExits() throws Exception {
        Running daemon = new Running().ready();
        bus.run("gdbus", "call", "--session", "-d", "io.berth.Helper1", "-o", "/io/berth/Helper1", "-m",
                "io.berth.Helper1.AddContainerServer", "org.example.Sandbox", "app", "{}", "{'OutliveCreator': <true>}");
        bus.kill();
        assertEquals(4, daemon.status());
        assertTrue(daemon.log().contains("the session bus has gone"), daemon::log);
        assertEquals(List.of("berth", "berth/lock"), left());
    }

    @Test
    void daemon_withoutABus_saysWhatIsMissing() throws Exception {
        Running none = new Running("DBUS_SESSION_BUS_ADDRESS", "");
        assertEquals(2, none.status());
        assertTrue(none.log().contains("no session bus: DBUS_SESSION_BUS_ADDRESS is not set and there is no socket " + runtime + "/bus"), none::log);
        Running gone = new Running("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
        assertEquals(2, gone.status());
        assertTrue(gone.log().contains("cannot connect to unix:path=/nonexistent/bus: No such file or directory"), gone::log);
    }

    @Test
    void daemon_withABadConfiguration_namesFileAndKey() throws Exception {
        Files.createDirectory(configuration.resolve("berth"));
        Path file = configuration.resolve("berth/berth.conf");
        Files.writeString(file, "servers = 3\nserverz = 4\n");
        Running daemon = new Running();
        assertEquals(1, daemon.status());
        assertTrue(daemon.log().contains(file + ": serverz: unknown key"), daemon::log);
    }

    @Test
    void daemon_underAServiceManager_tellsItsState() throws Exception {
        for (String name : List.of(runtime + "/notify", "@berth-test-" + ProcessHandle.current().pid())) {
            Process listener = bus.start("/usr/bin/python3", "-u", "-c", """
                    import socket, sys
                    name = sys.argv[1]
                    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                    s.bind('\\0' + name[1:] if name[0] == '@' else name)
                    print('bound')
                    while True:
                        text = s.recv(4096).decode().replace('\\n', ' ')
                        print(text)
                        if text.startswith('STOPPING'):
                            break
                    """, name);
            var told = listener.inputReader(StandardCharsets.UTF_8);
            assertEquals("bound", told.readLine());
            Running daemon = new Running("NOTIFY_SOCKET", name);
            assertTrue(told.readLine().startsWith("READY=1 STATUS=Serving on unix:path="), name);
            daemon.process.destroy();
            assertEquals("STOPPING=1 STATUS=Closing", told.readLine());
            assertEquals(0, daemon.status(), daemon::log);
            listener.waitFor();
        }
    }
}
