package io.berth.cli;

import io.berth.transport.BusLocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What leads around a user's buses: sockets at which other daemons speak D-Bus without asking who calls, or start programs, and
 * the sockets of other apps. Each look is a new one.
 */
final class SideDoors {
    /**
     * Below the runtime directory: systemd's private socket and its units; the accessibility bus; proxies of flatpak and
     * bubblejail, and so other apps.
     */
    private static final List<String> DIRECTORIES = List.of("systemd", "at-spi", ".dbus-proxy", "bubblejail");
    /** Of the directories in which each accessible program listens. */
    private static final String ACCESSIBLE_PROGRAM = "at-spi2-";
    /** Of firejail's proxies. */
    private static final Path FIREJAIL = Path.of("/run/firejail/dbus");
    /** A private bus of the system's systemd, for root. */
    private static final Path SYSTEMD_PRIVATE = Path.of("/run/systemd/private");
    /** Variables that hold a D-Bus address: of Upstart, which starts programs, of input methods and of the accessibility bus. */
    private static final List<String> ADDRESSES = List.of("UPSTART_SESSION", "IBUS_ADDRESS", "AT_SPI_BUS_ADDRESS", "DBUS_STARTER_ADDRESS");
    /** Variables that tell of doors, or of the host's buses. */
    static final List<String> VARIABLES = Stream.concat(ADDRESSES.stream(), Stream.of("DBUS_STARTER_BUS_TYPE", "DBUS_SESSION_BUS_PID",
            "DBUS_SESSION_BUS_WINDOWID", "GNOME_KEYRING_CONTROL", "NOTIFY_SOCKET")).toList();
    /** In the names of abstract sockets that are buses, or daemons that speak D-Bus. */
    private static final List<String> NAMES = List.of("dbus", "upstart", "ibus", "fcitx", "at-spi");

    private final Path runtimeDirectory;
    private final Map<String, String> environment;
    private final Collection<Path> otherApps;

    /** @param otherApps sockets of apps that may be anywhere */
    SideDoors(Path runtimeDirectory, Map<String, String> environment, Collection<Path> otherApps) {
        this.runtimeDirectory = runtimeDirectory;
        this.environment = environment;
        this.otherApps = otherApps;
    }

    Path runtimeDirectory() {
        return runtimeDirectory;
    }

    /** Those in which there is nothing but such doors, and that exist. */
    List<Path> directories() {
        List<Path> directories = new ArrayList<>(DIRECTORIES.stream().map(runtimeDirectory::resolve).filter(Files::isDirectory).toList());
        list(runtimeDirectory).stream().filter(file -> file.getFileName().toString().startsWith(ACCESSIBLE_PROGRAM) && Files.isDirectory(file))
                .forEach(directories::add);
        cache().map(cache -> cache.resolve("ibus")).filter(Files::isDirectory).ifPresent(directories::add);
        if (Files.isDirectory(FIREJAIL)) {
            directories.add(FIREJAIL);
        }
        return directories;
    }

    private Optional<Path> cache() {
        String cache = environment.getOrDefault("XDG_CACHE_HOME", environment.getOrDefault("HOME", "") + "/.cache");
        return cache.startsWith("/") ? Optional.of(Path.of(cache)) : Optional.empty();
    }

    /** Single ones, that exist. */
    Set<Path> sockets() {
        Set<Path> sockets = new LinkedHashSet<>(List.of(SYSTEMD_PRIVATE, runtimeDirectory.resolve("keyring/control")));
        addresses().stream().filter(bus -> !bus.isAbstract()).forEach(bus -> sockets.add(Path.of(bus.name())));
        sockets.addAll(otherApps);
        sockets.removeIf(socket -> !Files.exists(socket));
        return sockets;
    }

    /** All that are there, those in the directories too. */
    Set<Path> all() {
        Set<Path> all = new LinkedHashSet<>(sockets());
        directories().forEach(directory -> all.addAll(below(directory)));
        return all;
    }

    private List<BusLocation> addresses() {
        List<BusLocation> found = new ArrayList<>();
        for (String name : ADDRESSES) {
            try {
                found.addAll(BusLocation.parse(environment.getOrDefault(name, "")));
            } catch (IllegalArgumentException none) {
                // not set, or nothing that a program could connect to
            }
        }
        return found;
    }

    /**
     * Those in the abstract namespace, which no mount covers.
     *
     * @param listening the names at which somebody listens in the app's network namespace
     * @param buses     the real ones
     */
    List<BusLocation> abstractSockets(List<String> listening, Collection<BusLocation> buses) {
        List<BusLocation> found = new ArrayList<>(buses);
        found.addAll(addresses());
        listening.stream().filter(name -> NAMES.stream().anyMatch(name.toLowerCase(Locale.ROOT)::contains))
                .forEach(name -> found.add(new BusLocation(name, true, "")));
        Set<String> named = new LinkedHashSet<>();
        return found.stream().filter(bus -> bus.isAbstract() && named.add(bus.name())).toList();
    }

    private static List<Path> list(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        } catch (IOException none) {
            return List.of();
        }
    }

    private static List<Path> below(Path directory) {
        return list(directory).stream().flatMap(file -> Files.isDirectory(file) && !Files.isSymbolicLink(file) ? below(file).stream() : Stream.of(file)).toList();
    }
}
