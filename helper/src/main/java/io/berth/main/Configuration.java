package io.berth.main;

import io.berth.policy.NameSet;
import io.berth.relay.Limits;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * What an administrator or user may change, read once at start from a file of {@code key = value} lines
 * ({@link Properties}). Keys: every limit of {@link Limits} by its name, and {@code hostEscape}, names separated by white
 * space.
 *
 * @param limits     what apps may cost
 * @param hostEscape names that hand out the host
 */
record Configuration(Limits limits, NameSet hostEscape) {
    private static final String HOST_ESCAPE = "hostEscape";

    /** What is wrong with a configuration file; the message names file, key and value. */
    static final class InvalidException extends Exception {
        private InvalidException(String message) {
            super(message);
        }
    }

    static Configuration defaults() {
        return new Configuration(Limits.defaults(), new NameSet(HostEscape.DEFAULT));
    }

    /**
     * @param named       a file that must be there; else {@code berth/berth.conf} in XDG_CONFIG_HOME, if it is there
     * @param environment where XDG_CONFIG_HOME and HOME are looked up
     */
    static Configuration load(Optional<Path> named, Map<String, String> environment) throws InvalidException {
        if (named.isPresent()) {
            return read(named.get());
        }
        Optional<Path> usual = usualFile(environment).filter(Files::exists);
        return usual.isPresent() ? read(usual.get()) : defaults();
    }

    /** XDG Base Directory Specification: a value that is not absolute is ignored. */
    private static Optional<Path> usualFile(Map<String, String> environment) {
        String home = environment.getOrDefault("HOME", "");
        String base = environment.getOrDefault("XDG_CONFIG_HOME", "");
        if (!base.startsWith("/")) {
            base = home.startsWith("/") ? home + "/.config" : "";
        }
        return base.isEmpty() ? Optional.empty() : Optional.of(Path.of(base, "berth", "berth.conf"));
    }

    private static Configuration read(Path file) throws InvalidException {
        Properties values = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            values.load(reader);
        } catch (IOException | IllegalArgumentException unreadable) {
            throw new InvalidException("cannot read configuration file " + file + ": " + reason(unreadable));
        }
        Map<String, Integer> changes = new HashMap<>();
        NameSet hostEscape = new NameSet(HostEscape.DEFAULT);
        Map<String, Integer> known = Limits.defaults().asMap();
        for (String key : values.stringPropertyNames()) {
            String value = values.getProperty(key).strip();
            try {
                if (key.equals(HOST_ESCAPE)) {
                    hostEscape = new NameSet(value.isEmpty() ? List.of() : List.of(value.split("\\s+")));
                } else if (known.containsKey(key)) {
                    changes.put(key, number(value));
                } else {
                    throw new IllegalArgumentException("unknown key; there are " + String.join(", ", known.keySet()) + ", "
                            + HOST_ESCAPE);
                }
            } catch (IllegalArgumentException wrong) {
                throw new InvalidException(file + ": " + key + ": " + wrong.getMessage());
            }
        }
        try {
            return new Configuration(Limits.defaults().with(changes), hostEscape);
        } catch (IllegalArgumentException wrong) {
            throw new InvalidException(file + ": " + wrong.getMessage());
        }
    }

    private static int number(String value) {
        try {
            return Integer.parseInt(value);
        } catch (NumberFormatException notANumber) {
            throw new IllegalArgumentException("'" + value + "', expected a whole number" + (value.matches("[0-9]+") ? " of at most 2^30" : ""));
        }
    }

    private static String reason(Exception unreadable) {
        return unreadable instanceof NoSuchFileException ? "there is no such file" : unreadable.toString();
    }
}
