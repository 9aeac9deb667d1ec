package io.berth.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The directories of a user's own in which a file has the session bus start a program (D-Bus Specification, "Message Bus Starting
 * Services") or says what systemd starts for it (systemd.unit(5)). A call to a name that nobody owns is enough, so who can write
 * there can run what he likes outside his sandbox.
 */
final class ServiceDirectories {
    private final Map<String, String> environment;

    ServiceDirectories(Map<String, String> environment) {
        this.environment = environment;
    }

    /** Of the bus, in the order in which it looks: those of the user, then the system's. Need not exist. */
    static List<Path> ofBus(Map<String, String> environment) {
        String shared = environment.getOrDefault("XDG_DATA_DIRS", "/usr/local/share:/usr/share");
        return Stream.concat(Stream.of(environment.getOrDefault("XDG_RUNTIME_DIR", ""), home(environment, "XDG_DATA_HOME", ".local/share")),
                Stream.of(shared.split(":"))).map(place -> Path.of(place, "dbus-1/services")).toList();
    }

    /** No absolute path when nothing tells where the home is. */
    private static String home(Map<String, String> environment, String variable, String usual) {
        String home = environment.getOrDefault("HOME", "");
        return environment.getOrDefault(variable, home.isEmpty() ? usual : home + "/" + usual);
    }

    /** Those of the user and what holds nothing else; need not exist. The usual ones too: bus and systemd may have other variables. */
    List<Path> places() {
        Map<String, String> usual = Map.of("HOME", environment.getOrDefault("HOME", ""));
        List<Path> places = new ArrayList<>(List.of(Path.of(environment.getOrDefault("XDG_RUNTIME_DIR", ""), "dbus-1")));
        for (Map<String, String> variables : List.of(environment, usual)) {
            String data = home(variables, "XDG_DATA_HOME", ".local/share");
            places.add(Path.of(data, "dbus-1"));
            places.add(Path.of(data, "systemd"));
            places.add(Path.of(home(variables, "XDG_CONFIG_HOME", ".config"), "systemd"));
        }
        String home = usual.get("HOME");
        for (String shared : environment.getOrDefault("XDG_DATA_DIRS", "").split(":")) {
            if (!home.isEmpty() && Path.of(shared).startsWith(home)) {
                places.add(Path.of(shared, "dbus-1"));
            }
        }
        return places.stream().filter(Path::isAbsolute).map(Path::normalize).distinct().toList();
    }

    /** Makes those that are not there and could be made by the app. */
    void make() {
        for (Path place : places()) {
            Path above = place;
            while (!Files.exists(above)) {
                above = above.getParent();
            }
            if (!above.equals(place) && Files.isWritable(above)) {
                try {
                    Files.createDirectories(place);
                } catch (IOException | UnsupportedOperationException cannot) {
                    // then weak() tells
                }
            }
        }
    }

    /**
     * What somebody could put aside for his own on the way to a place, the place itself included, from the outermost on: whatever
     * has a directory above it that he can write.
     *
     * @param writable of a directory that is there
     * @param fixed    of a file that cannot be renamed, such as a mount point
     */
    static List<Path> weak(Path place, Predicate<Path> writable, Predicate<Path> fixed) {
        List<Path> weak = new ArrayList<>();
        for (Path at = place; at.getParent() != null; at = at.getParent()) {
            if (writable.test(at.getParent()) && !fixed.test(at)) {
                weak.add(0, at);
            }
        }
        return weak;
    }

    /** Those that no mount keeps an app of ours from: not there, or behind a symbolic link that it can replace. */
    List<Path> open() {
        return places().stream().filter(place -> weak(place, Files::isWritable, at -> false).stream()
                .anyMatch(at -> !Files.isDirectory(at, LinkOption.NOFOLLOW_LINKS))).toList();
    }
}
