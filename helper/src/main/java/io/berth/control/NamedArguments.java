package io.berth.control;

import io.berth.api.AccessRule;
import io.berth.server.Mode;
import io.berth.server.ServerSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.freedesktop.dbus.FileDescriptor;
import org.freedesktop.dbus.types.UInt64;
import org.freedesktop.dbus.types.Variant;

/**
 * The named arguments of {@code AddContainerServer}, checked for name, type and form. Takes no file descriptor: the one
 * in here still belongs to the call. Whether there is such a bus is the registry's to say.
 *
 * @param closeNotification as it came
 */
record NamedArguments(String bus, List<AccessRule> allow, boolean unrestricted, boolean allowHostEscape, Mode mode,
        Optional<FileDescriptor> closeNotification, Optional<Boolean> outliveCreator, long startTimeoutUs) {
    /** What this version acts on, with the type of each. */
    private static final Map<String, String> SUPPORTED = ordered("Bus", "s", "Allow", "a(usos)", "Unrestricted", "b",
            "AllowHostEscape", "b", "CloseNotification", "h", "OutliveCreator", "b", "Mode", "s", "StartTimeout", "t");
    /** Part of the interface, but not yet of what we do. */
    private static final Map<String, String> LATER = ordered("Policy", "s", "Connector", "h", "Socket", "h",
            "ReadyNotification", "h", "Cgroups", "as", "Processes", "ah");
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
        if (unrestricted && allow != null) {
            throw ControlException.invalid("Allow and Unrestricted exclude each other: at most one may be given");
        }
        Optional<FileDescriptor> close = Optional.ofNullable(arguments.get("CloseNotification"))
                .map(value -> (FileDescriptor) value.getValue());
        return new NamedArguments(text(arguments, "Bus", "session"), allow == null ? List.of() : rules.read(allow.getValue()), unrestricted,
                flag(arguments, "AllowHostEscape", false), mode(text(arguments, "Mode", Mode.ENFORCE.word())), close,
                Optional.ofNullable(arguments.get("OutliveCreator")).map(value -> (Boolean) value.getValue()), timeout(arguments.get("StartTimeout")));
    }

    private static void checkNamesAndTypes(Map<String, Variant<?>> arguments) {
        for (Map.Entry<String, Variant<?>> argument : arguments.entrySet()) {
            String name = argument.getKey();
            String expected = SUPPORTED.getOrDefault(name, LATER.get(name));
            if (expected == null) {
                throw ControlException.invalid("unknown named argument '" + name + "': expected one of "
                        + String.join(", ", SUPPORTED.keySet()));
            }
            if (!argument.getValue().getSig().equals(expected)) {
                throw ControlException.invalid("named argument " + name + " has type " + argument.getValue().getSig()
                        + ", expected " + expected);
            }
        }
        for (String name : LATER.keySet()) {
            if (arguments.containsKey(name)) {
                throw ControlException.notSupported("the named argument " + name);
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
            return ServerSpec.DEFAULT_START_TIMEOUT_US;
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
