package io.berth.tests.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Whose daemon and sandboxes they are: root, or an ordinary user that is made for the test and removed after it, with a copy of
 * the class path that such a user may read.
 */
public final class TestUser implements AutoCloseable {
    private final String name;
    private final int id;
    private final List<Path> classPath = new ArrayList<>();

    private TestUser(String name, int id) {
        this.name = name;
        this.id = id;
    }

    static TestUser root() {
        TestUser root = new TestUser("root", 0);
        originals().forEach(root.classPath::add);
        return root;
    }

    /** @param directory takes the copies */
    public static TestUser ordinary(Path directory) throws IOException, InterruptedException {
        String name = "berth-test-" + ProcessHandle.current().pid();
        run("useradd", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/sh", name);
        Process asked = new ProcessBuilder("id", "--user", name).start();
        TestUser user = new TestUser(name, Integer.parseInt(asked.inputReader().readLine()));
        user.copyClassPath(directory);
        return user;
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes());
        if (process.waitFor() != 0) {
            throw new IllegalStateException(String.join(" ", command) + ": " + said);
        }
    }

    private static List<Path> originals() {
        return Arrays.stream(System.getProperty("java.class.path").split(":")).map(Path::of).toList();
    }

    private void copyClassPath(Path directory) throws IOException {
        int number = 0;
        for (Path original : originals()) {
            Path copy = Files.createDirectory(directory.resolve(String.valueOf(number++))).resolve(original.getFileName());
            if (Files.exists(original)) {
                copyTree(original, copy);
                classPath.add(copy);
            }
            for (String program : List.of("berth-mount", "berth-connector", "berth-probe", "libberth-mount.so")) {
                Path beside = original.resolveSibling(program);
                if (Files.exists(beside)) {
                    Files.copy(beside, copy.resolveSibling(program), StandardCopyOption.COPY_ATTRIBUTES);
                }
            }
        }
    }

    private static void copyTree(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path path : all.toList()) {
                Files.copy(path, to.resolve(from.relativize(path).toString()));
            }
        }
    }

    boolean isRoot() {
        return id == 0;
    }

    int id() {
        return id;
    }

    public String name() {
        return name;
    }

    /** Gives a file or directory to this user. */
    Path own(Path path) throws IOException {
        Files.setAttribute(path, "unix:uid", id);
        return path;
    }

    /** The command as this user, without any capability. */
    List<String> as(List<String> command) {
        if (isRoot()) {
            return command;
        }
        List<String> line = new ArrayList<>(List.of("setpriv", "--reuid=" + id, "--regid=" + id, "--clear-groups", "--inh-caps=-all"));
        line.addAll(command);
        return line;
    }

    /** A command line of the berth command, with this user's copy of the class path. */
    public List<String> berth(List<String> command) {
        List<String> line = new ArrayList<>(command);
        int at = line.indexOf("-cp") + 1;
        line.set(at, String.join(":", classPath.stream().map(Path::toString).toList()));
        nativeDirectory().ifPresent(directory -> line.add(at - 1, "-Dberth.native.directory=" + directory));
        return as(line);
    }

    private Optional<Path> nativeDirectory() {
        return classPath.stream().map(entry -> entry.toAbsolutePath().getParent()).filter(directory -> Files.exists(directory.resolve("berth-mount"))).findFirst();
    }

    @Override
    public void close() {
        if (!isRoot()) {
            try {
                run("userdel", name);
            } catch (IOException | InterruptedException failure) {
                throw new IllegalStateException(failure);
            }
        }
    }

    @Override
    public String toString() {
        return isRoot() ? "root" : "user";
    }
}
