package io.berth.control;

import io.berth.api.AccessRule;
import io.berth.server.LifetimeSpec;
import io.berth.server.Mode;
import io.berth.transport.ReceivedFds;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.freedesktop.dbus.FileDescriptor;
import org.freedesktop.dbus.types.UInt64;
import org.freedesktop.dbus.types.Variant;

/**
 * The named arguments of {@code AddContainerServer}, checked for name, type and form. File descriptors in here still belong
 * to the call, until they are taken. Whether there is such a bus or cgroup is the registry's to say.
 */
record NamedArguments(String bus, List<AccessRule> allow, Optional<String> policy, boolean unrestricted, boolean allowHostEscape, Mode mode,
        Optional<FileDescriptor> socket, Optional<FileDescriptor> connector, Optional<FileDescriptor> readyNotification,
        Optional<FileDescriptor> closeNotification, Optional<Boolean> outliveCreator, List<String> cgroups, List<FileDescriptor> processes, long startTimeoutUs) {
    /** What this version acts on, with the type of each. */
    private static final Map<String, String> SUPPORTED = ordered("Bus", "s", "Allow", "a(usos)", "Policy", "s", "Unrestricted", "b",
            "AllowHostEscape", "b", "Mode", "s", "Socket", "h", "Connector", "h", "ReadyNotification", "h", "CloseNotification", "h",
            "OutliveCreator", "b", "Cgroups", "as", "Processes", "ah", "StartTimeout", "t");
    /** The longest time that still fits when it is counted in nanoseconds. */
    private static final long LONGEST_US = Long.MAX_VALUE / 1000;

    private static Map<String, String> ordered(String... namesAndTypes) {
        Map<String, String> table = new LinkedHashMap<>();
        for (int i = 0; i < namesAndTypes.length; i += 2) {
            table.put(namesAndTypes[i], namesAndTypes[i + 1]);
        }
        return table;
    }

    static List<String> supported() {
        return List.copyOf(SUPPORTED.keySet());
    }

    /**
     * @throws ControlException         InvalidArgs or NotSupported, naming the argument
     * @throws IllegalArgumentException naming a malformed rule
     */
    static NamedArguments read(Map<String, Variant<?>> arguments, AccessArgument rules) {
        checkNamesAndTypes(arguments);
        boolean unrestricted = flag(arguments, "Unrestricted", false);
        Variant<?> allow = arguments.get("Allow");
        Optional<String> policy = value(arguments, "Policy");
        if ((unrestricted ? 1 : 0) + (allow != null ? 1 : 0) + (policy.isPresent() ? 1 : 0) > 1) {
            throw ControlException.invalid("Allow, Policy and Unrestricted exclude each other: at most one may be given");
        }
        NamedArguments read = new NamedArguments(text(arguments, "Bus", "session"),
                allow == null ? List.of() : rules.read(allow.getValue()), policy, unrestricted, flag(arguments, "AllowHostEscape", false),
                mode(text(arguments, "Mode", Mode.ENFORCE.word())), value(arguments, "Socket"), value(arguments, "Connector"), value(arguments, "ReadyNotification"),
                value(arguments, "CloseNotification"), value(arguments, "OutliveCreator"),
                NamedArguments.<List<String>>value(arguments, "Cgroups").orElse(List.of()),
                NamedArguments.<List<FileDescriptor>>value(arguments, "Processes").orElse(List.of()), timeout(arguments.get("StartTimeout")));
        read.checkFdsDiffer();
        return read;
    }

    /** One that is named twice cannot be taken twice. */
    private void checkFdsDiffer() {
        Set<Integer> seen = new HashSet<>();
        Stream.concat(Stream.of(socket, connector, readyNotification, closeNotification).flatMap(Optional::stream), processes.stream())
                .filter(fd -> !seen.add(fd.getIntFileDescriptor())).findAny().ifPresent(twice -> {
                    throw ControlException.invalid("two arguments name the same file descriptor of the message, expected one for each");
                });
    }

    /** Takes the file descriptors that belong to it. */
    LifetimeSpec takeLifetime() {
        return new LifetimeSpec(take(readyNotification), take(closeNotification), outliveCreator, cgroups,
                processes.stream().map(ReceivedFds::take).toList(), startTimeoutUs);
    }

    /** Takes its file descriptor. */
    OptionalInt takeSocket() {
        return take(socket);
    }

    /** Takes its file descriptor. */
    OptionalInt takeConnector() {
        return take(connector);
    }

    private static OptionalInt take(Optional<FileDescriptor> fd) {
        return fd.stream().mapToInt(ReceivedFds::take).findAny();
    }

    /** Its type has been checked. */
    @SuppressWarnings("unchecked")
    private static <T> Optional<T> value(Map<String, Variant<?>> arguments, String name) {
        return Optional.ofNullable(arguments.get(name)).map(value -> (T) value.getValue());
    }

    private static void checkNamesAndTypes(Map<String, Variant<?>> arguments) {
        for (Map.Entry<String, Variant<?>> argument : arguments.entrySet()) {
            String name = argument.getKey();
            String expected = SUPPORTED.get(name);
            if (expected == null) {
                throw ControlException.invalid("unknown named argument '" + name + "': expected one of "
                        + String.join(", ", SUPPORTED.keySet()));
            }
            if (!argument.getValue().getSig().equals(expected)) {
                throw ControlException.invalid("named argument " + name + " has type " + argument.getValue().getSig()
                        + ", expected " + expected);
            }
        }
    }

    static Mode mode(String word) {
        for (Mode mode : Mode.values()) {
            if (mode.word().equals(word)) {
                return mode;
            }
        }
        throw ControlException.invalid("mode '" + word + "': expected enforce or complain");
    }

    private static long timeout(Variant<?> value) {
        if (value == null) {
            return LifetimeSpec.DEFAULT_START_TIMEOUT_US;
        }
        long microseconds = ((UInt64) value.getValue()).longValue();
        if (microseconds < 0 || microseconds > LONGEST_US) {
            throw ControlException.invalid("StartTimeout " + Long.toUnsignedString(microseconds) + ": expected at most "
                    + LONGEST_US + " microseconds, 0 for ever");
        }
        return microseconds;
    }

    private static boolean flag(Map<String, Variant<?>> arguments, String name, boolean otherwise) {
        Variant<?> value = arguments.get(name);
        return value == null ? otherwise : (Boolean) value.getValue();
    }

    private static String text(Map<String, Variant<?>> arguments, String name, String otherwise) {
        Variant<?> value = arguments.get(name);
        return value == null ? otherwise : (String) value.getValue();
    }
}
