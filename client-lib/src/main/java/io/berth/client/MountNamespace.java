package io.berth.client;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.Variant;

/** Which mount namespace a socket is mounted into. */
public final class MountNamespace {
    private final String name;
    private final Variant<?> value;

    private MountNamespace(String name, Variant<?> value) {
        this.name = name;
        this.value = value;
    }

    /**
     * The one that a process is in. The caller answers for the id still being that process's.
     *
     * @param pid 1 or more
     */
    public static MountNamespace ofProcess(long pid) {
        if (pid < 1 || pid > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("process id " + pid + ", expected 1 to " + Integer.MAX_VALUE);
        }
        return new MountNamespace("Pid", new Variant<>(new UInt32(pid), "u"));
    }

    /** One that a file keeps, as {@code unshare --mount=FILE} makes it. */
    public static MountNamespace ofFile(Path file) {
        return new MountNamespace("NamespacePath", new Variant<>(file.toAbsolutePath().toString().getBytes(StandardCharsets.UTF_8), "ay"));
    }

    Map<String, Variant<?>> entries(boolean hideDirectory) {
        Map<String, Variant<?>> entries = new LinkedHashMap<>(Map.of(name, value));
        if (hideDirectory) {
            entries.put("HideDirectory", new Variant<>(true, "b"));
        }
        return entries;
    }
}
