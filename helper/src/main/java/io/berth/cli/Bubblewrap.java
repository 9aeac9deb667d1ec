package io.berth.cli;

import io.berth.transport.BusLocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
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
 * bus's socket likewise; {@link SideDoors}; other processes, through whose {@code /proc/PID/root} the way would lead out; and
 * capabilities, with which root could unmount all that. {@link ServiceDirectories} are read-only, and what is above them
 * mounted on itself, because a mount point cannot be renamed. A socket in the abstract namespace cannot be covered:
 * {@link #uncovered} names it; only a network namespace keeps an app away.
 */
final class Bubblewrap {
    private static final List<Path> PROGRAMS = List.of(Path.of("/usr/bin/bwrap"), Path.of("/usr/local/bin/bwrap"), Path.of("/bin/bwrap"));
    private static final Path SYSTEM_BUS = Path.of("/run/dbus/system_bus_socket");
    private static final Path NOTHING = Path.of("/dev/null");

    private final Path program;
    private final SideDoors doors;
    private final ServiceDirectories services;
    private final boolean ownNetwork;
    private final List<BusLocation> sessionBus;
    private final List<BusLocation> systemBus;

    /**
     * @param program    absolute path of bwrap
     * @param ownNetwork whether the app gets a network namespace of its own, in which there is nothing
     * @param sessionBus where the real session bus listens
     * @param systemBus  where the real system bus listens
     */
    Bubblewrap(Path program, SideDoors doors, ServiceDirectories services, boolean ownNetwork, List<BusLocation> sessionBus, List<BusLocation> systemBus) {
        this.program = program;
        this.doors = doors;
        this.services = services;
        this.ownNetwork = ownNetwork;
        this.sessionBus = sessionBus;
        this.systemBus = systemBus;
    }

    /** bwrap at one of the places where distributions put it; PATH is not asked. */
    static Optional<Path> find() {
        return PROGRAMS.stream().filter(Files::isExecutable).findFirst();
    }

    /** Sockets of buses and the like that the app reaches all the same. */
    List<BusLocation> uncovered() {
        List<BusLocation> buses = new ArrayList<>(sessionBus);
        buses.addAll(systemBus);
        return ownNetwork ? List.of() : doors.abstractSockets(new UnixListeners(ProcessView.self()).abstractNames(), buses);
    }

    /** Places where the app can put a file that has a bus start a program outside. */
    List<Path> uncoveredServices() {
        return services.open();
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
        if (ownNetwork) {
            line.add("--unshare-net");
        }
        Set<Path> readOnly = new LinkedHashSet<>();
        services.places().forEach(place -> addReal(readOnly, place));
        readOnly.stream().flatMap(place -> ServiceDirectories.weak(place.getParent(), Files::isWritable, at -> false).stream()).distinct()
                .sorted(Comparator.comparing(Path::getNameCount)).forEach(above -> bind(line, above, above));
        readOnly.forEach(place -> line.addAll(List.of("--ro-bind", place.toString(), place.toString())));
        Path sessionSocket = real(session.path());
        Optional<Path> systemSocket = system.map(AppSocket::path).map(Bubblewrap::real);
        Set<Path> hidden = new LinkedHashSet<>();
        hidden.add(berthDirectory(sessionSocket));
        systemSocket.map(Bubblewrap::berthDirectory).ifPresent(hidden::add);
        doors.directories().forEach(directory -> addReal(hidden, directory));
        hidden.forEach(directory -> line.addAll(List.of("--perms", "0700", "--tmpfs", directory.toString())));
        bind(line, sessionSocket, sessionSocket);
        systemSocket.ifPresent(socket -> bind(line, socket, socket));

        Set<Path> sessionPlaces = places(sessionBus);
        addReal(sessionPlaces, doors.runtimeDirectory().resolve("bus"));
        sessionPlaces.forEach(place -> bind(line, sessionSocket, place));
        Set<Path> systemPlaces = places(systemBus);
        addReal(systemPlaces, SYSTEM_BUS);
        systemPlaces.forEach(place -> bind(line, systemSocket.orElse(NOTHING), place));
        Set<Path> masked = new LinkedHashSet<>();
        doors.sockets().forEach(socket -> addReal(masked, socket));
        masked.removeIf(socket -> sessionPlaces.contains(socket) || systemPlaces.contains(socket) || hidden.stream().anyMatch(socket::startsWith));
        masked.forEach(place -> bind(line, NOTHING, place));

        line.addAll(List.of("--setenv", "DBUS_SESSION_BUS_ADDRESS", session.address()));
        if (system.isPresent()) {
            line.addAll(List.of("--setenv", "DBUS_SYSTEM_BUS_ADDRESS", system.get().address()));
        } else {
            line.addAll(List.of("--unsetenv", "DBUS_SYSTEM_BUS_ADDRESS"));
        }
        SideDoors.VARIABLES.forEach(name -> line.addAll(List.of("--unsetenv", name)));
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
