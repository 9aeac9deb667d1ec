package io.berth.control;

import io.berth.server.NamespaceSpec;
import io.berth.server.NamespaceSpec.Kind;
import io.berth.transport.ReceivedFds;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.freedesktop.dbus.FileDescriptor;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.Variant;

/**
 * The {@code namespace} of {@code BindMount} and {@code Unmount}: a mount namespace, named in one of four ways. A file
 * descriptor in it is taken by {@link #take}, not before.
 *
 * @param kind          how it was named; empty when it was not
 * @param value         as it came
 * @param hideDirectory whether the target's directory is to be hidden
 */
record NamespaceArgument(Optional<Kind> kind, Object value, boolean hideDirectory) {
    private static final Map<String, String> TYPES = new LinkedHashMap<>();
    private static final String HIDE_DIRECTORY = "HideDirectory";

    static {
        TYPES.put(Kind.PROCESS_ID.word(), "u");
        TYPES.put(Kind.PROCESS_FD.word(), "h");
        TYPES.put(Kind.NAMESPACE_FD.word(), "h");
        TYPES.put(Kind.FILE.word(), "ay");
        TYPES.put(HIDE_DIRECTORY, "b");
    }

    /** @throws ControlException InvalidArgs unless it names exactly one namespace */
    static NamespaceArgument readOne(Map<String, Variant<?>> entries) {
        NamespaceArgument argument = read(entries);
        if (argument.kind().isEmpty()) {
            throw ControlException.invalid("no namespace is named: expected one of " + names());
        }
        return argument;
    }

    /** The same, but an empty one stands for all. */
    static NamespaceArgument readAny(Map<String, Variant<?>> entries) {
        NamespaceArgument argument = read(entries);
        if (entries.containsKey(HIDE_DIRECTORY)) {
            throw ControlException.invalid(HIDE_DIRECTORY + " is for BindMount only");
        }
        return argument;
    }

    private static NamespaceArgument read(Map<String, Variant<?>> entries) {
        Optional<Kind> kind = Optional.empty();
        for (Map.Entry<String, Variant<?>> entry : entries.entrySet()) {
            String name = entry.getKey();
            String expected = TYPES.get(name);
            if (expected == null) {
                throw ControlException.invalid("unknown entry '" + name + "' of the namespace: expected one of " + names() + ", and "
                        + HIDE_DIRECTORY);
            }
            if (!entry.getValue().getSig().equals(expected)) {
                throw ControlException.invalid(name + " has type " + entry.getValue().getSig() + ", expected " + expected);
            }
            if (!name.equals(HIDE_DIRECTORY)) {
                if (kind.isPresent()) {
                    throw ControlException.invalid(kind.get().word() + " and " + name + " exclude each other: name one namespace");
                }
                kind = Optional.of(kind(name));
            }
        }
        Object value = kind.map(given -> entries.get(given.word()).getValue()).orElse(null);
        Variant<?> hide = entries.get(HIDE_DIRECTORY);
        return new NamespaceArgument(kind, value, hide != null && (Boolean) hide.getValue());
    }

    private static Kind kind(String name) {
        for (Kind kind : Kind.values()) {
            if (kind.word().equals(name)) {
                return kind;
            }
        }
        throw new IllegalStateException(name);
    }

    private static String names() {
        return TYPES.keySet().stream().filter(name -> !name.equals(HIDE_DIRECTORY)).collect(Collectors.joining(", "));
    }

    /** @return with an fd that belongs to whoever gets it */
    Optional<NamespaceSpec> take() {
        return kind.map(given -> switch (given) {
            case PROCESS_ID -> NamespaceSpec.of(given, ((UInt32) value).intValue());
            case PROCESS_FD, NAMESPACE_FD -> NamespaceSpec.of(given, ReceivedFds.take((FileDescriptor) value));
            case FILE -> NamespaceSpec.of(Path.of(PathArgument.read(given.word(), value)));
        });
    }
}
