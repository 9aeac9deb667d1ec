package io.berth.tests.house;

import io.berth.tests.raw.RawClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A real bus of our own, playing the session bus ({@code DIRECTORY/bus}) or the system bus: dbus-daemon, or dbus-broker where
 * the property {@code berth.bus} says so. Its services directory is empty until {@link #activatable}; what dbus-daemon activates
 * inherits its environment and ends with it, dbus-broker would ask a systemd for it. Closing ends that one process, and the
 * broker itself with its launcher.
 */
public final class PrivateBus implements AutoCloseable {
    /** Whether all buses are dbus-brokers. */
    public static final boolean BROKER = System.getProperty("berth.bus", "dbus-daemon").equals("dbus-broker");

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final String CONFIGURATION = """
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
             "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <type>%s</type>
              <listen>unix:path=%s</listen>
              <auth>EXTERNAL</auth>
              <servicedir>%s</servicedir>
              <policy context="default">
                <allow send_destination="*" eavesdrop="true"/>
                <allow eavesdrop="true"/>
                <allow own="*"/>
                <allow user="*"/>
              </policy>
              <limit name="max_incoming_bytes">1000000000</limit>
              <limit name="max_incoming_unix_fds">250000000</limit>
              <limit name="max_outgoing_bytes">1000000000</limit>
              <limit name="max_outgoing_unix_fds">250000000</limit>
              <limit name="max_message_size">1000000000</limit>
              <limit name="service_start_timeout">10000</limit>
              <limit name="auth_timeout">240000</limit>
              <limit name="max_completed_connections">100000</limit>
              <limit name="max_incomplete_connections">10000</limit>
              <limit name="max_connections_per_user">100000</limit>
              <limit name="max_pending_service_starts">10000</limit>
              <limit name="max_names_per_connection">50000</limit>
              <limit name="max_match_rules_per_connection">50000</limit>
              <limit name="max_replies_per_connection">50000</limit>
            </busconfig>
            """;

    private final Path socket;
    private final Path services;
    private final String address;
    private final Program daemon;

    private PrivateBus(Path socket, Path services, String address, Program daemon) {
        this.socket = socket;
        this.services = services;
        this.address = address;
        this.daemon = daemon;
    }

    /** @param directory empty; plays XDG_RUNTIME_DIR */
    public static PrivateBus session(Path directory, Path outputs) {
        return start("session", directory.resolve("bus"), directory, outputs);
    }

    public static PrivateBus system(Path socket, Path directory, Path outputs) {
        return start("system", socket, directory, outputs);
    }

    private static PrivateBus start(String type, Path socket, Path runtime, Path outputs) {
        try {
            Path services = Files.createDirectory(outputs.resolve(type + "-services"));
            Path configuration = outputs.resolve(type + ".conf");
            Files.writeString(configuration, CONFIGURATION.formatted(type, socket, services));
            Program daemon = Program.start(outputs, Map.of("XDG_RUNTIME_DIR", runtime.toString()), command(configuration, socket));
            String line = daemon.firstLine(PATIENCE);
            return new PrivateBus(socket, services, BROKER ? brokerAddress(socket) : line, daemon);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static List<String> command(Path configuration, Path socket) {
        if (BROKER) {
            return List.of("/usr/bin/python3", Path.of("src/test/resources/programs/dbus_broker.py").toAbsolutePath().toString(),
                    configuration.toString(), socket.toString());
        }
        return List.of("dbus-daemon", "--config-file=" + configuration, "--nofork", "--nopidfile", "--nosyslog", "--print-address=1");
    }

    private static String brokerAddress(Path socket) {
        try (RawClient client = RawClient.open(socket)) {
            return "unix:path=" + socket + ",guid=" + client.authenticate();
        }
    }

    public Path socket() {
        return socket;
    }

    /** With its guid. */
    public String address() {
        return address;
    }

    public String guid() {
        return address.substring(address.indexOf("guid=") + 5);
    }

    /** Of the process that listens, as its clients see it. */
    public long pid() {
        return daemon.pid();
    }

    /** The id of the process that passes messages on: on dbus-broker another one than that which listens. */
    public long routerPid() {
        return BROKER ? broker().orElseThrow().pid() : daemon.pid();
    }

    private Optional<ProcessHandle> broker() {
        return ProcessHandle.of(daemon.pid()).stream().flatMap(ProcessHandle::children)
                .filter(child -> child.info().command().orElse("").endsWith("/dbus-broker")).findFirst();
    }

    /** An unconfined client of this bus. */
    public RawClient connect() {
        return RawClient.connect(socket);
    }

    /** Makes a name activatable by a command line, from now on. */
    public void activatable(String name, String command) {
        try {
            Files.writeString(services.resolve(name + ".service"), "[D-BUS Service]%nName=%s%nExec=%s%n".formatted(name, command));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        try (RawClient client = connect()) {
            client.bus("ReloadConfig");
        }
    }

    /** The bus is gone at once, as in a crash. */
    public void kill() {
        broker().ifPresent(ProcessHandle::destroyForcibly);
        daemon.kill();
        daemon.exitStatus(PATIENCE);
    }

    @Override
    public void close() {
        daemon.close();
    }
}
