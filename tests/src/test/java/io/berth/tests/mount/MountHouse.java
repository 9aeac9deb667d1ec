package io.berth.tests.mount;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.LeakCheck;
import io.berth.tests.house.Program;
import io.berth.tests.house.RuntimeFiles;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * Buses and a daemon of one user, root or not, and the sandboxes of a test. The test itself is root and calls the daemon over
 * the user's bus. Closing must leave nothing: mounts of the host, files, fds of the daemon. For one thread.
 */
final class MountHouse implements AutoCloseable {
    /** Of one server, in the daemon's configuration. */
    static final int MOST_MOUNTS = 20;
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String CONFIGURATION = """
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
             "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <type>%s</type>
              <listen>unix:path=%s</listen>
              <auth>EXTERNAL</auth>
              %s
              <policy context="default">
                <allow send_destination="*" eavesdrop="true"/>
                <allow eavesdrop="true"/>
                <allow own="*"/>
                <allow user="*"/>
              </policy>
            </busconfig>
            """;

    private final Path root;
    private Path runtime;
    private Path home;
    private final Path outputs;
    private final TestUser user;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private Path systemSocket;
    private String sessionAddress;
    private RawClient launcher;
    private Program daemon;
    private LeakCheck leaks;

    MountHouse(boolean asRoot) throws Exception {
        root = Files.createTempDirectory("berth-mount", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
        outputs = Files.createDirectory(root.resolve("out"));
        user = asRoot ? TestUser.root() : TestUser.ordinary(Files.createDirectory(root.resolve("classes")));
        try {
            begin();
        } catch (Exception | AssertionError failure) {
            closeAll();
            throw failure;
        }
    }

    private void begin() throws IOException {
        runtime = user.own(Files.createDirectory(root.resolve("run")));
        Files.setPosixFilePermissions(runtime, PosixFilePermissions.fromString("rwx------"));
        Path dbus = user.own(Files.createDirectory(root.resolve("dbus")));
        systemSocket = dbus.resolve("system_bus_socket");
        home = user.own(Files.createDirectory(root.resolve("home")));
        Path services = user.own(Files.createDirectory(user.own(Files.createDirectory(runtime.resolve("dbus-1"))).resolve("services")));
        Program session = startBus("session", runtime.resolve("bus"), services, home.resolve(".local/share/dbus-1/services"));
        sessionAddress = session.firstLine(PATIENCE);
        startBus("system", systemSocket).firstLine(PATIENCE);
        Files.writeString(Files.createDirectories(root.resolve("config/berth")).resolve("berth.conf"), "mountsPerServer = " + MOST_MOUNTS + "\n");
        startDaemon();
        launcher = keep(RawClient.connect(runtime.resolve("bus")));
        measureAnew();
    }

    private Program startBus(String type, Path socket, Path... services) throws IOException {
        Path configuration = outputs.resolve(type + ".conf");
        Files.writeString(configuration, CONFIGURATION.formatted(type, socket, Arrays.stream(services)
                .map(directory -> "<servicedir>" + directory + "</servicedir>").collect(Collectors.joining())));
        return keep(Program.start(outputs, Map.of("XDG_RUNTIME_DIR", runtime.toString()), user.as(List.of("dbus-daemon",
                "--config-file=" + configuration, "--nofork", "--nopidfile", "--nosyslog", "--print-address=1"))));
    }

    /** Once per house, and again after {@link #killDaemon}. */
    void startDaemon() {
        daemon = berth("daemon");
        try (RawClient client = RawClient.connect(runtime.resolve("bus"))) {
            Awaitility.await("the daemon to own its name").atMost(PATIENCE).pollInterval(Duration.ofMillis(10)).until(() -> {
                if (!daemon.isAlive()) {
                    throw new IllegalStateException("the daemon ended: " + daemon.errors());
                }
                return (Boolean) client.bus("NameHasOwner", "s", BerthDaemon.NAME).arg();
            });
            new HelperApi(client).servers(); // the name comes before what a killed daemon left is undone, the answer after
        }
    }

    /** Has the system calls of the daemon and what it starts tampered with. @param inject as strace(1) has it */
    Program strace(String inject) {
        Program strace = keep(Program.start(outputs, Map.of(), List.of("strace", "-f", "-o", "/dev/null", "-p", Long.toString(daemon.pid()),
                "-e", "trace=" + inject.substring(0, inject.indexOf(':')), "-e", "inject=" + inject)));
        Awaitility.await("strace to attach").atMost(PATIENCE).pollInterval(Duration.ofMillis(10)).until(() -> strace.errors().contains(" attached"));
        return strace;
    }

    /** @param free how many more the daemon may open than it has now, of those with the next numbers */
    void limitDescriptors(int free) throws Exception {
        int highest;
        try (Stream<Path> fds = Files.list(Path.of("/proc/" + daemon.pid() + "/fd"))) {
            highest = fds.mapToInt(fd -> Integer.parseInt(fd.getFileName().toString())).max().orElseThrow();
        }
        Process limit = new ProcessBuilder(user.as(List.of("prlimit", "--pid", Long.toString(daemon.pid()), "--nofile=" + (highest + 1 + free) + ":")))
                .inheritIO().start();
        if (limit.waitFor() != 0) {
            throw new IllegalStateException("prlimit failed");
        }
    }

    /** SIGKILL; what it mounted stays. */
    void killDaemon() {
        daemon.kill();
        daemon.exitStatus(PATIENCE);
    }

    /** SIGTERM. */
    void endDaemon() {
        daemon.terminate();
        if (daemon.exitStatus(PATIENCE) != 0) {
            throw new AssertionError("the daemon ended badly: " + daemon.errors());
        }
    }

    /** What the daemon opens once and keeps is no leak. */
    private void warmUp() {
        for (String bus : List.of("session", "system")) {
            ContainerServer server = server(bus);
            try (Sandbox sandbox = Sandbox.unshared(this)) {
                mount(server, sandbox, "/mnt/d/warm");
                helper().remove(server);
            } catch (Exception failure) {
                throw new IllegalStateException("the daemon said: " + daemon.errors(), failure);
            }
        }
    }

    /** Closed with the house. */
    <T extends AutoCloseable> T keep(T resource) {
        opened.push(resource);
        return resource;
    }

    Path sessionSocket() {
        return runtime.resolve("bus");
    }

    TestUser user() {
        return user;
    }

    /** Plays XDG_RUNTIME_DIR. */
    Path runtime() {
        return runtime;
    }

    /** Of this user. */
    Path home() {
        return home;
    }

    Path root() {
        return root;
    }

    /** The directory of the real system bus's socket. */
    Path systemDirectory() {
        return systemSocket.getParent();
    }

    Program daemon() {
        return daemon;
    }

    RawClient launcher() {
        return launcher;
    }

    HelperApi helper() {
        return new HelperApi(launcher);
    }

    /** Unrestricted. @param bus session or system */
    ContainerServer server(String bus) {
        Map<String, Variant> arguments = HelperApi.unrestricted();
        arguments.put("Bus", Variant.of(bus));
        return helper().add("org.test." + bus, arguments);
    }

    /** Starts a program of the host's as this user. */
    Program run(List<String> command) {
        return start(user.as(command));
    }

    /** Starts the berth command as this user. */
    Program berth(String... arguments) {
        return start(user.berth(BerthDaemon.command(arguments)));
    }

    private Program start(List<String> command) {
        return keep(Program.start(outputs, Map.of("HOME", home.toString(), "XDG_RUNTIME_DIR", runtime.toString(), "XDG_CONFIG_HOME", root.resolve("config").toString(), "DBUS_SESSION_BUS_ADDRESS", sessionAddress,
                "DBUS_SYSTEM_BUS_ADDRESS", "unix:path=" + systemSocket), command));
    }

    void mount(ContainerServer server, Sandbox sandbox, String target) {
        mount(server, byPid(sandbox), target);
    }

    void mount(ContainerServer server, Map<String, Variant> namespace, String target, int... fds) {
        launcher.call(call("BindMount", server, namespace, target, fds));
    }

    void unmount(ContainerServer server, Map<String, Variant> namespace, String target, int... fds) {
        launcher.call(call("Unmount", server, namespace, target, fds));
    }

    /** @return name and text of the error */
    String refusal(ContainerServer server, Map<String, Variant> namespace, String target, int... fds) {
        try {
            mount(server, namespace, target, fds);
        } catch (DBusError refused) {
            return refused.getMessage();
        }
        throw new AssertionError("it was mounted at " + target);
    }

    static Message call(String member, ContainerServer server, Map<String, Variant> namespace, String target, int... fds) {
        Message call = HelperApi.call(member).body("oa{sv}ay", server.object(), namespace, target.getBytes(StandardCharsets.UTF_8));
        return fds.length == 0 ? call : call.fds(fds);
    }

    static Map<String, Variant> byPid(Sandbox sandbox) {
        return Map.of("Pid", new Variant("u", sandbox.pid()));
    }

    static Map<String, Variant> hiding(Sandbox sandbox) {
        return Map.of("Pid", new Variant("u", sandbox.pid()), "HideDirectory", Variant.of(true));
    }

    /** The {@code Mounts} of a server, each as target, kind, namespace. */
    List<List<String>> mounts(ContainerServer server) {
        return mounts(helper().property(server, "Mounts"));
    }

    static List<List<String>> mounts(Object property) {
        List<List<String>> mounts = new ArrayList<>();
        for (Object entry : (List<?>) property) {
            List<?> fields = (List<?>) entry;
            mounts.add(List.of(text(fields.get(0)), (String) fields.get(1), text(fields.get(2))));
        }
        return mounts;
    }

    private static String text(Object bytes) {
        return new String((byte[]) bytes, StandardCharsets.UTF_8);
    }

    /** Ends sandboxes and servers of a test; then the daemon must hold what it held before. */
    void endTest() throws Exception {
        try {
            closeSandboxes();
            for (String left : helper().servers()) {
                launcher.call(HelperApi.call("RemoveContainerServer").body("o", left));
            }
            launcher.drain();
            leaks.verify();
            List<String> mounts = Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
                    .filter(line -> line.contains(root.toString()) || line.contains(" berth ")).toList();
            if (!mounts.isEmpty()) {
                throw new AssertionError("on the host: " + mounts);
            }
        } catch (Exception | AssertionError failure) {
            failure.addSuppressed(new IllegalStateException("the daemon said: " + daemon.errors()));
            throw failure;
        }
    }

    void closeSandboxes() throws Exception {
        for (AutoCloseable one : List.copyOf(opened)) {
            if (one instanceof Sandbox) {
                opened.remove(one);
                one.close();
            }
        }
    }

    @Override
    public void close() throws Exception {
        try {
            endDaemon();
            Path own = runtime.resolve("berth");
            List<Path> left = RuntimeFiles.below(own).stream().filter(path -> !path.equals(own.resolve("lock"))).toList();
            if (!left.isEmpty()) {
                throw new AssertionError("the daemon left " + left);
            }
        } finally {
            closeAll();
        }
    }

    private void closeAll() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
        RuntimeFiles.deleteTree(root);
        user.close();
    }

    /** After {@link #killDaemon} and {@link #startDaemon}: another process, another base line. */
    void measureAnew() {
        warmUp();
        leaks = new LeakCheck(daemon.pid(), runtime, launcher);
    }
}
