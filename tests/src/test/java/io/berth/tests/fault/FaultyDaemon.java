package io.berth.tests.fault;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.Program;
import io.berth.tests.house.RuntimeFiles;
import io.berth.tests.raw.RawClient;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.awaitility.Awaitility;

/** A daemon that runs from a jar of its own, which can be damaged under it, on a bus of its own. */
final class FaultyDaemon implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Path root = Files.createTempDirectory("berth");
    private final Path jar = root.resolve("berth.jar");
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final PrivateBus bus;
    private final Program program;

    /** Standard output and error where {@link #withOutputToAPipe} wants them. */
    private final Path pipe = root.resolve("output");

    /** @param options of the virtual machine, in the place of those of the same kind that the start script gives */
    FaultyDaemon(String... options) throws IOException {
        this(false, options);
    }

    /** Its standard output and error are a pipe that nobody reads, with room for what is said at the start. */
    static FaultyDaemon withOutputToAPipe(String... options) throws IOException {
        return new FaultyDaemon(true, options);
    }

    private FaultyDaemon(boolean outputToAPipe, String... options) throws IOException {
        Path runtime = Files.createDirectory(root.resolve("run"));
        Path outputs = Files.createDirectory(root.resolve("out"));
        bus = keep(PrivateBus.session(runtime, outputs));
        List<String> command = BerthDaemon.command("daemon");
        command.addAll(command.indexOf("-cp"), List.of(options));
        int path = command.indexOf("-cp") + 1;
        command.set(path, withOwnJar(command.get(path)));
        if (outputToAPipe) {
            run("mkfifo", pipe.toString());
            // both ends, so that neither it nor the daemon waits for the other one
            keep(new RandomAccessFile(pipe.toFile(), "rw"));
            command.addAll(0, List.of("/bin/sh", "-c", "exec \"$@\" >\"$0\" 2>&1", pipe.toString()));
        }
        program = keep(Program.start(outputs, Map.of("XDG_RUNTIME_DIR", runtime.toString(), "DBUS_SESSION_BUS_ADDRESS", bus.address()), command));
        RawClient client = connect();
        Awaitility.await("the daemon to own its name").atMost(PATIENCE).until(() ->
                !program.isAlive() || (Boolean) client.bus("NameHasOwner", "s", BerthDaemon.NAME).arg());
    }

    /** The class path with the helper's and the client's classes in one jar, which is copied. */
    private String withOwnJar(String classPath) throws IOException {
        List<String> path = new ArrayList<>(List.of(jar.toString()));
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            for (String entry : classPath.split(File.pathSeparator)) {
                if (holds(Path.of(entry), "io/berth/main/Daemon.class") || holds(Path.of(entry), "io/berth/dbus/HelperName.class")) {
                    copy(Path.of(entry), out);
                } else {
                    path.add(entry);
                }
            }
        }
        return String.join(File.pathSeparator, path);
    }

    private static boolean holds(Path entry, String file) throws IOException {
        if (Files.isDirectory(entry)) {
            return Files.exists(entry.resolve(file));
        }
        if (!Files.exists(entry)) {
            return false;
        }
        try (ZipFile zip = new ZipFile(entry.toFile())) {
            return zip.getEntry(file) != null;
        }
    }

    private static void copy(Path entry, JarOutputStream out) throws IOException {
        if (Files.isDirectory(entry)) {
            try (Stream<Path> files = Files.walk(entry)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    add(out, entry.relativize(file).toString(), Files.readAllBytes(file));
                }
            }
            return;
        }
        try (ZipFile zip = new ZipFile(entry.toFile())) {
            for (ZipEntry file : Collections.list(zip.entries())) {
                if (!file.isDirectory()) {
                    add(out, file.getName(), zip.getInputStream(file).readAllBytes());
                }
            }
        }
    }

    private static void add(JarOutputStream out, String name, byte[] bytes) throws IOException {
        if (!name.startsWith("META-INF/")) {
            out.putNextEntry(new ZipEntry(name));
            out.write(bytes);
        }
    }

    /** As a build into the same place does: what has not been read yet is not there any more. */
    void truncateJar() throws IOException {
        try (FileChannel file = FileChannel.open(jar, StandardOpenOption.WRITE)) {
            file.truncate(1000);
        }
    }

    /**
     * SIGTERM to the bus and to the daemon.
     *
     * @param busFirst which of the two is told before the other
     * @param atOnce   whether both are told by one call; else the second one as soon as the first one's connections end
     */
    void end(boolean busFirst, boolean atOnce) throws IOException {
        String first = Long.toString(busFirst ? bus.pid() : program.pid());
        String second = Long.toString(busFirst ? program.pid() : bus.pid());
        if (atOnce) {
            run("kill", first, second);
            return;
        }
        RawClient watching = connect();
        run("kill", first);
        if (busFirst) {
            watching.awaitClose();
        }
        run("kill", second);
    }

    /** Takes all the room that is left. */
    void fillOutput() throws IOException {
        for (String size : List.of("4096", "1")) {
            run("dd", "if=/dev/zero", "of=" + pipe, "oflag=nonblock", "conv=notrunc", "bs=" + size);
        }
    }

    private static void run(String... command) throws IOException {
        try {
            new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    <T extends AutoCloseable> T keep(T resource) {
        opened.push(resource);
        return resource;
    }

    RawClient connect() {
        return keep(bus.connect());
    }

    HelperApi api() {
        return new HelperApi(connect());
    }

    Program program() {
        return program;
    }

    @Override
    public void close() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
        RuntimeFiles.deleteTree(root);
    }
}
