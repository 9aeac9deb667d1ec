package io.berth.kernel.linux;

import io.berth.kernel.KernelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * One mounted cgroup hierarchy, as mountinfo tells (proc_pid_mountinfo(5)). In the unified layout there is version 2 alone,
 * in the hybrid one version 2 beside version 1, in the pure version 1 layout no version 2.
 *
 * @param point   where it is mounted
 * @param version 1 or 2
 * @param options of the file system: controllers and {@code name=} of a version 1 hierarchy
 */
record CgroupMount(String point, int version, Set<String> options) {
    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
    /** Those of version 1 in which launchers put apps, the better one first. */
    private static final List<String> FOR_APPS = List.of("freezer", "name=systemd");

    /** All there are now, in the order of mounting. @throws KernelException it cannot be read, for lack of file descriptors */
    static List<CgroupMount> readAll() {
        try {
            return parse(Files.readAllLines(MOUNTS, StandardCharsets.ISO_8859_1));
        } catch (IOException unreadable) {
            throw new KernelException("read " + MOUNTS, Libc.EMFILE, unreadable.getMessage());
        }
    }

    static List<CgroupMount> parse(List<String> lines) {
        List<CgroupMount> mounts = new ArrayList<>();
        for (String line : lines) {
            // id parent major:minor root POINT options [tags] - TYPE source OPTIONS
            String[] before = line.substring(0, line.indexOf(" - ")).split(" ");
            String[] after = line.substring(line.indexOf(" - ") + 3).split(" ");
            if (after[0].equals("cgroup") || after[0].equals("cgroup2")) {
                mounts.add(new CgroupMount(unescape(before[4]), after[0].equals("cgroup2") ? 2 : 1,
                        Set.of(after[after.length - 1].split(","))));
            }
        }
        return mounts;
    }

    /** Space, tab, newline and backslash are written as three octal digits; the bytes of a name are UTF-8. */
    private static String unescape(String field) {
        byte[] bytes = new byte[field.length()];
        int length = 0;
        for (int i = 0; i < field.length(); i++) {
            boolean escape = field.charAt(i) == '\\' && i + 3 < field.length();
            bytes[length++] = (byte) (escape ? Integer.parseInt(field.substring(i + 1, i + 4), 8) : field.charAt(i));
            i += escape ? 3 : 0;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    /** The hierarchies that a relative path may mean, the first choice first. */
    static List<CgroupMount> forRelativePaths(List<CgroupMount> mounts) {
        List<CgroupMount> chosen = new ArrayList<>(mounts.stream().filter(mount -> mount.version == 2).limit(1).toList());
        for (String option : FOR_APPS) {
            mounts.stream().filter(mount -> mount.version == 1 && mount.options.contains(option)).findFirst().ifPresent(chosen::add);
        }
        return chosen;
    }

    /** Whether the path is below the mount point. */
    boolean contains(String absolutePath) {
        return absolutePath.startsWith(point.endsWith("/") ? point : point + "/");
    }
}
