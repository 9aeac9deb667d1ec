package io.berth.cli;

import io.berth.transport.BusLocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The bubblewrap command line that shows an app the whole host except its buses: those are replaced by the app's own
 * sockets, and what leads around them is hidden. Only says what to run; whoever runs it owns the process.
 *
 * <p>Covered: the socket {@code bus} of the runtime directory and every path of the session bus's address; the system
 * bus's socket likewise; the sockets of other apps and of systemd's and the accessibility bus's own in the runtime
 * directory; other processes, through whose {@code /proc/PID/root} the way would lead out; and capabilities, with
 * which root could unmount all that. A socket in the abstract namespace cannot be covered: {@link #uncovered} names it.
 */
final class Bubblewrap {
    private static final List<Path> PROGRAMS = List.of(Path.of("/usr/bin/bwrap"), Path.of("/usr/local/bin/bwrap"), Path.of("/bin/bwrap"));
    /** Directories below the runtime directory in which other daemons speak D-Bus without asking who calls. */
    private static final List<String> HIDDEN = List.of("systemd", "at-spi");
    /** A private bus of the system's systemd, for root. */
    private static final Path SYSTEMD_PRIVATE = Path.of("/run/systemd/private");
    private static final Path SYSTEM_BUS = Path.of("/run/dbus/system_bus_socket");
    private static final Path NOTHING = Path.of("/dev/null");
    /** Would lead an app past what is covered, or tell it about the host's buses. */
    static final List<String> FORGOTTEN = List.of("DBUS_STARTER_ADDRESS", "DBUS_STARTER_BUS_TYPE",
            "DBUS_SESSION_BUS_PID", "DBUS_SESSION_BUS_WINDOWID", "AT_SPI_BUS_ADDRESS");

    private final Path program;
    private final Path runtimeDirectory;
    private final List<BusLocation> sessionBus;
    private final List<BusLocation> systemBus;

    /**
     * @param program          absolute path of bwrap
     * @param runtimeDirectory the user's XDG_RUNTIME_DIR
     * @param sessionBus       where the real session bus listens
     * @param systemBus        where the real system bus listens
     */
    Bubblewrap(Path program, Path runtimeDirectory, List<BusLocation> sessionBus, List<BusLocation> systemBus) {
        this.program = program;
        this.runtimeDirectory = runtimeDirectory;
        this.sessionBus = sessionBus;
        this.systemBus = systemBus;
    }

    /** bwrap at one of the places where distributions put it; PATH is not asked. */
    static Optional<Path> find() {
        return PROGRAMS.stream().filter(Files::isExecutable).findFirst();
    }

    /** Which the app sees too. */
    Path runtimeDirectory() {
        return runtimeDirectory;
    }

    /** Bus sockets that the app reaches all the same. */
    List<BusLocation> uncovered() {
        List<BusLocation> open = new ArrayList<>(sessionBus);
        open.addAll(systemBus);
        return open.stream().filter(BusLocation::isAbstract).distinct().toList();
    }

    /**
     * @param session the app's socket of the session bus
     * @param system  the app's socket of the system bus; empty hides that bus
     * @param command what to run, with its arguments; none of its words is ever an option
     */
    List<String> commandLine(AppSocket session, Optional<AppSocket> system, List<String> command) {
        List<String> line = detachedCommandLine(session, system, command);
        line.add(1, "--die-with-parent");
        return line;
    }

    /** The same for an app that outlives who starts it. */
    List<String> detachedCommandLine(AppSocket session, Optional<AppSocket> system, List<String> command) {
        List<String> line = new ArrayList<>(List.of(program.toString(), "--unshare-pid", "--cap-drop", "ALL",
                "--dev-bind", "/", "/", "--proc", "/proc"));
        Path sessionSocket = real(session.path());
        Optional<Path> systemSocket = system.map(AppSocket::path).map(Bubblewrap::real);
        Set<Path> hidden = new LinkedHashSet<>();
        hidden.add(berthDirectory(sessionSocket));
        systemSocket.map(Bubblewrap::berthDirectory).ifPresent(hidden::add);
        HIDDEN.forEach(name -> addReal(hidden, runtimeDirectory.resolve(name)));
        hidden.forEach(directory -> line.addAll(List.of("--perms", "0700", "--tmpfs", directory.toString())));
        bind(line, sessionSocket, sessionSocket);
        systemSocket.ifPresent(socket -> bind(line, socket, socket));

        Set<Path> sessionPlaces = places(sessionBus);
        addReal(sessionPlaces, runtimeDirectory.resolve("bus"));
        sessionPlaces.forEach(place -> bind(line, sessionSocket, place));
        Set<Path> systemPlaces = places(systemBus);
        addReal(systemPlaces, SYSTEM_BUS);
        systemPlaces.forEach(place -> bind(line, systemSocket.orElse(NOTHING), place));
        Set<Path> masked = new LinkedHashSet<>();
        addReal(masked, SYSTEMD_PRIVATE);
        masked.forEach(place -> bind(line, NOTHING, place));

        line.addAll(List.of("--setenv", "DBUS_SESSION_BUS_ADDRESS", session.address()));
        if (system.isPresent()) {
            line.addAll(List.of("--setenv", "DBUS_SYSTEM_BUS_ADDRESS", system.get().address()));
        } else {
            line.addAll(List.of("--unsetenv", "DBUS_SYSTEM_BUS_ADDRESS"));
        }
        FORGOTTEN.forEach(name -> line.addAll(List.of("--unsetenv", name)));
        line.add("--");
        line.addAll(command);
        return line;
    }

    private static void bind(List<String> line, Path source, Path target) {
        line.addAll(List.of("--bind", source.toString(), target.toString()));
    }

    /** The directory that holds the sockets of all apps: the nearest one named berth, else the socket's own. */
    private static Path berthDirectory(Path socket) {
        for (Path directory = socket.getParent(); directory != null; directory = directory.getParent()) {
            if (directory.endsWith("berth")) {
                return directory;
            }
        }
        return socket.getParent();
    }

    private static Set<Path> places(Collection<BusLocation> buses) {
        Set<Path> places = new LinkedHashSet<>();
        buses.stream().filter(bus -> !bus.isAbstract()).forEach(bus -> addReal(places, Path.of(bus.name())));
        return places;
    }

    /** What is not there needs no cover. */
    private static void addReal(Set<Path> places, Path place) {
        if (Files.exists(place)) {
            places.add(real(place));
        }
    }

    /** Mount points are real paths: bubblewrap would follow a link out of the new root. */
    private static Path real(Path place) {
        try {
            return place.toRealPath();
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot resolve " + place, unreadable);
        }
    }

    /** XDG_RUNTIME_DIR, if it is set and there. */
    static Optional<Path> runtimeDirectory(Map<String, String> environment) {
        String directory = environment.getOrDefault("XDG_RUNTIME_DIR", "");
        return directory.startsWith("/") && Files.isDirectory(Path.of(directory)) ? Optional.of(Path.of(directory)) : Optional.empty();
    }
}
