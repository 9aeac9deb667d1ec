package io.berth.tests.mount;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A shell in a mount namespace of its own, with {@code /mnt/d} in a tmpfs that nobody else sees. It runs what it is told, one
 * command after the other. Closing ends it and all that it started.
 */
final class Sandbox implements AutoCloseable {
    private static final String PREPARE = "mount -t tmpfs sandbox /mnt && mkdir /mnt/d && exec /bin/sh -s";
    private static final String END = "--end-of-command--";

    private final Process process;
    private final BufferedReader output;
    private final Writer input;
    private final long pid;

    private Sandbox(MountHouse house, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(house.user().as(command)).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().put("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
        builder.environment().put("LC_ALL", "C.UTF-8");
        process = builder.start();
        output = process.inputReader();
        input = process.outputWriter();
        run("true");
        pid = innermost();
    }

    /** {@code unshare -m} for root; for an ordinary user with a user namespace in which he plays root. */
    static Sandbox unshared(MountHouse house) throws IOException {
        return house.user().isRoot() ? unshared(house, "-m") : unshared(house, "-Urm");
    }

    /** @param options of unshare(1) */
    static Sandbox unshared(MountHouse house, String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of("unshare"));
        command.addAll(List.of(options));
        command.addAll(List.of("/bin/sh", "-c", PREPARE));
        return new Sandbox(house, command);
    }

    /** A user namespace in a user namespace. */
    static Sandbox nested(MountHouse house) throws IOException {
        return new Sandbox(house, List.of("unshare", "-Urm", "unshare", "-Urm", "/bin/sh", "-c", PREPARE));
    }

    /** bubblewrap with namespaces of all kinds, the host's files read-only, and nothing of the host's /tmp and /run. */
    static Sandbox bubblewrap(MountHouse house, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of("bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev",
                "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/run", "--tmpfs", "/mnt", "--dir", "/mnt/d", "--dir", "/run/user/app",
                "--setenv", "DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/app/bus",
                "--setenv", "DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/run/dbus/system_bus_socket"));
        command.addAll(List.of(more));
        command.addAll(List.of("/bin/sh", "-s"));
        return new Sandbox(house, command);
    }

    /** Any other command that is a shell at its end. */
    static Sandbox of(MountHouse house, String... command) throws IOException {
        return new Sandbox(house, List.of(command));
    }

    private long innermost() {
        ProcessHandle handle = process.toHandle();
        while (true) {
            List<ProcessHandle> children = handle.children().toList();
            if (children.isEmpty()) {
                return handle.pid();
            }
            handle = children.get(0);
        }
    }

    /** Of the shell. */
    long pid() {
        return pid;
    }

    /** @return what it printed, and its exit status in the last line when that is not 0 */
    String run(String command) throws IOException {
        input.write("{ " + command + "\n} </dev/null; echo \"" + END + "$?\"\n");
        input.flush();
        StringBuilder said = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.contains(END)) {
                String status = line.substring(line.indexOf(END) + END.length());
                said.append(line, 0, line.indexOf(END));
                return said.append(status.equals("0") ? "" : "exit status " + status).toString().strip();
            }
            said.append(line).append('\n');
        }
        throw new IOException("the sandbox has ended: " + said);
    }

    /** A file inside, seen from outside. */
    Path path(String inside) {
        return Path.of("/proc/" + pid + "/root" + inside);
    }

    /** Whether this socket is what is there. */
    boolean has(String inside, Path socket) throws IOException {
        try {
            return Files.getAttribute(path(inside), "unix:ino").equals(Files.getAttribute(socket, "unix:ino"))
                    && Files.getAttribute(path(inside), "unix:dev").equals(Files.getAttribute(socket, "unix:dev"));
        } catch (NoSuchFileException nothing) {
            return false;
        }
    }

    /** Lines of mountinfo. */
    List<String> mounts() throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/mountinfo"));
    }

    /** Those that speak of Berth's sockets or covers. */
    List<String> berthMounts() throws IOException {
        return mounts().stream()
                .filter(line -> line.split(" ")[3].contains("/run/berth/") || line.contains(" - tmpfs berth ")).collect(Collectors.toList());
    }

    @Override
    public void close() throws IOException, InterruptedException {
        List<ProcessHandle> below = process.descendants().toList();
        process.destroyForcibly();
        below.forEach(ProcessHandle::destroyForcibly);
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            throw new AssertionError("the sandbox does not end");
        }
        for (ProcessHandle one : below) {
            one.onExit().join();
        }
        output.close();
    }
}
