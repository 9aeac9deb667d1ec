package io.berth.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The world as a process sees it, looked at from outside through /proc. Symbolic links inside are followed as they would be
 * there: the kernel would take absolute ones from our own root. Reads only; every look is a new one.
 */
final class ProcessView {
    private static final int MOST_LINKS = 40;

    /** Which file it is. */
    record FileId(long device, long inode) {
    }

    /**
     * A line of mountinfo (proc(5)).
     *
     * @param device major:minor
     * @param root   what of the file system is mounted
     * @param point  where
     */
    record MountLine(String device, String root, String point, String type) {
    }

    private final Path process;

    private ProcessView(String name) {
        this.process = Path.of("/proc", name);
    }

    /** @throws FailureException when there is no such process, or one that we may not look into */
    static ProcessView of(long pid) {
        ProcessView view = new ProcessView(Long.toString(pid));
        if (!Files.exists(view.process)) {
            throw new FailureException("there is no process " + pid);
        }
        try {
            Files.readSymbolicLink(view.process.resolve("root"));
        } catch (IOException denied) {
            throw new FailureException("process " + pid + " cannot be looked into: it is another user's, or protected (try as root)");
        }
        return view;
    }

    static ProcessView self() {
        return new ProcessView("self");
    }

    /** @param name as in /proc/PID/ns @return such as {@code mnt:[4026531832]} */
    String namespace(String name) {
        try {
            return Files.readSymbolicLink(process.resolve("ns").resolve(name)).toString();
        } catch (IOException unreadable) {
            return "";
        }
    }

    boolean shares(String name, ProcessView other) {
        return !namespace(name).isEmpty() && namespace(name).equals(other.namespace(name));
    }

    String name() {
        return read("comm").strip();
    }

    int userId() {
        return read("status").lines().filter(line -> line.startsWith("Uid:")).map(line -> Integer.parseInt(line.split("\t")[1])).findFirst().orElse(-1);
    }

    Map<String, String> environment() {
        Map<String, String> variables = new HashMap<>();
        for (String entry : read("environ").split("\0")) {
            int equals = entry.indexOf('=');
            if (equals > 0) {
                variables.put(entry.substring(0, equals), entry.substring(equals + 1));
            }
        }
        return variables;
    }

    /** Since when it runs, in clock ticks after the start of the system; with its id, it means one process for certain. */
    static Optional<String> startOf(Path stat) {
        try {
            String text = Files.readString(stat, StandardCharsets.ISO_8859_1);
            return Optional.of(text.substring(text.lastIndexOf(')') + 2).split(" ")[19]);
        } catch (IOException | IndexOutOfBoundsException gone) {
            return Optional.empty();
        }
    }

    List<MountLine> mounts() {
        List<MountLine> mounts = new ArrayList<>();
        for (String line : read("mountinfo").split("\n")) {
            String[] fields = line.split(" ");
            int dash = List.of(fields).indexOf("-");
            if (dash > 5) {
                mounts.add(new MountLine(fields[2], unescape(fields[3]), unescape(fields[4]), fields[dash + 1]));
            }
        }
        return mounts;
    }

    /** Octal escapes of blanks, tabs, line ends and backslashes. */
    private static String unescape(String field) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < field.length(); i++) {
            boolean escaped = field.charAt(i) == '\\' && i + 3 < field.length();
            text.append(escaped ? (char) Integer.parseInt(field.substring(i + 1, i + 4), 8) : field.charAt(i));
            i += escaped ? 3 : 0;
        }
        return text.toString();
    }

    /** @param path absolute, inside @return empty when it leads nowhere */
    Optional<FileId> find(String path) {
        try {
            Path real = resolve(path);
            return Optional.of(new FileId((Long) Files.getAttribute(real, "unix:dev", LinkOption.NOFOLLOW_LINKS),
                    (Long) Files.getAttribute(real, "unix:ino", LinkOption.NOFOLLOW_LINKS)));
        } catch (IOException nowhere) {
            return Optional.empty();
        }
    }

    /** The same file as a path of ours that goes through no symbolic link inside. */
    Path resolve(String path) throws IOException {
        Path root = process.resolve("root");
        Deque<String> ahead = names(path);
        Deque<String> behind = new ArrayDeque<>();
        int links = 0;
        while (!ahead.isEmpty()) {
            String name = ahead.pop();
            if (name.equals("..")) {
                behind.pollLast();
                continue;
            }
            Path here = root.resolve(String.join("/", behind)).resolve(name);
            if (!Files.isSymbolicLink(here)) {
                behind.addLast(name);
                continue;
            }
            if (++links > MOST_LINKS) {
                throw new IOException("too many symbolic links: " + path);
            }
            String target = Files.readSymbolicLink(here).toString();
            if (target.startsWith("/")) {
                behind.clear();
            }
            names(target).descendingIterator().forEachRemaining(ahead::push);
        }
        return root.resolve(String.join("/", behind));
    }

    private static Deque<String> names(String path) {
        Deque<String> names = new ArrayDeque<>(List.of(path.split("/")));
        names.removeIf(name -> name.isEmpty() || name.equals("."));
        return names;
    }

    /** Where a file of {@code outside} appears here, by every mount that could show it and does. @param path real, absolute */
    List<String> placesOf(ProcessView outside, String path) {
        Optional<FileId> wanted = outside.find(path);
        List<String> places = new ArrayList<>();
        MountLine from = null;
        for (MountLine mount : outside.mounts()) {
            if (below(mount.point(), path).isPresent() && (from == null || mount.point().length() >= from.point().length())) {
                from = mount;
            }
        }
        if (wanted.isEmpty() || from == null) {
            return places;
        }
        String inFileSystem = join(from.root(), below(from.point(), path).get());
        for (MountLine mount : mounts()) {
            Optional<String> rest = mount.device().equals(from.device()) ? below(mount.root(), inFileSystem) : Optional.empty();
            rest.map(more -> join(mount.point(), more)).filter(place -> find(place).equals(wanted) && !places.contains(place))
                    .ifPresent(places::add);
        }
        return places;
    }

    /** What is left of {@code path} below {@code directory}, beginning with a slash or empty. */
    private static Optional<String> below(String directory, String path) {
        String base = directory.equals("/") ? "" : directory;
        return path.equals(base) || path.startsWith(base + "/") ? Optional.of(path.substring(base.length())) : Optional.empty();
    }

    private static String join(String directory, String rest) {
        return directory.equals("/") && !rest.isEmpty() ? rest : directory + rest;
    }

    String read(String file) {
        try {
            return Files.readString(process.resolve(file), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            return "";
        }
    }
}
