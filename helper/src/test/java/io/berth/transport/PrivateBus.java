package io.berth.transport;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A dbus-daemon of a test's own, and programs run against it; closing it ends the daemon and removes its directory. */
public final class PrivateBus implements AutoCloseable {
    private static final String CONFIGURATION = """
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
             "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <type>session</type>
              <listen>%s</listen>
              <policy context="default">
                <allow send_destination="*" eavesdrop="true"/>
                <allow eavesdrop="true"/>
                <allow own="*"/>
              </policy>
            </busconfig>
            """;

    private final Path directory;
    private final Process daemon;
    private final String address;

    private PrivateBus(Path directory, Process daemon, String address) {
        this.directory = directory;
        this.daemon = daemon;
        this.address = address;
    }

    /** At a path of its own. */
    public static PrivateBus open() {
        try {
            Path directory = Files.createTempDirectory("bus");
            return open(directory, "unix:path=" + directory.resolve("bus"));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    static PrivateBus open(Path directory, String listen) throws IOException {
        Path configuration = directory.resolve("bus.conf");
        Files.writeString(configuration, CONFIGURATION.formatted(listen));
        Process daemon = new ProcessBuilder("dbus-daemon", "--config-file=" + configuration, "--nofork",
                "--print-address=1").redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String address = new BufferedReader(new InputStreamReader(daemon.getInputStream(), StandardCharsets.UTF_8)).readLine();
        if (address == null) {
            throw new IOException("dbus-daemon did not start");
        }
        return new PrivateBus(directory, daemon, address);
    }

    public String address() {
        return address;
    }

    public Path directory() {
        return directory;
    }

    public List<BusLocation> locations() {
        return BusLocation.parse(address);
    }

    /** A program with this bus as its session bus, its errors among its output. */
    public Process start(String... command) {
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().put("DBUS_SESSION_BUS_ADDRESS", address);
            builder.environment().put("LC_ALL", "C.UTF-8");
            return builder.start();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Runs a program to its end. @return its output and errors */
    public String run(String... command) {
        try {
            Process process = start(command);
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            return output;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    /** Runs a Python program with Debian's interpreter, which has GLib's bindings. */
    public String python(String program, String... arguments) {
        List<String> command = new ArrayList<>(List.of("/usr/bin/python3", "-c", program));
        command.addAll(List.of(arguments));
        return run(command.toArray(String[]::new));
    }

    /** How many file descriptors this process has open. */
    public static int openFds() {
        try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
            return (int) fds.count() - 1;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Ends the daemon while its clients are connected. */
    public void kill() {
        daemon.destroyForcibly();
    }

    @Override
    public void close() {
        daemon.destroy();
        try {
            if (!daemon.waitFor(10, TimeUnit.SECONDS)) {
                daemon.destroyForcibly();
            }
            try (Stream<Path> files = Files.list(directory)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(directory);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }
}
