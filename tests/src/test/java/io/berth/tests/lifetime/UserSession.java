package io.berth.tests.lifetime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.Program;
import io.berth.tests.house.RuntimeFiles;
import io.berth.tests.mount.TestUser;
import io.berth.tests.raw.Libc;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Shell scripts in sessions of an ordinary user with a real systemd and the bus that the property {@code berth.bus} names. Needs
 * root; the test is skipped without. Closing removes the user.
 */
final class UserSession implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    /** What the scripts have in common: the daemon runs, and conditions are waited for. */
    private static final String PRELUDE = """
            set -eu
            until_true() {
                i=0
                while ! eval "$1"; do
                    i=$((i + 1))
                    if [ $i -gt 300 ]; then echo "never: $1" >&2; berth list >&2; systemctl --user list-units --all 'app-*' >&2; exit 1; fi
                    sleep 0.05
                done
            }
            members() { cat "/sys/fs/cgroup/$(systemctl --user show --property=ControlGroup --value "$1")/cgroup.procs" 2>/dev/null || true; }
            # one that ends meanwhile is none
            names() { for pid in $(members "$1"); do cat /proc/$pid/comm 2>/dev/null || true; done; }
            kill_in() { for pid in $(members "$1"); do if grep -qsx "$2" /proc/$pid/comm; then kill $pid; fi; done; }
            berth daemon &
            daemon=$!
            until_true 'busctl --user --quiet status io.berth.Helper1 >/dev/null 2>&1'
            """;
    private static final String END = """
            kill $daemon
            wait $daemon
            echo all well
            """;

    private final Path root;
    private final TestUser user;

    UserSession() throws Exception {
        assumeTrue(Libc.LIBC.getuid() == 0, "a session of another user needs root");
        assumeTrue(Files.exists(Path.of("/usr/lib/systemd/systemd")) && Files.exists(Path.of("/usr/lib/systemd/user/dbus.socket")),
                "systemd and dbus-user-session must be installed");
        root = Files.createTempDirectory("berth");
        Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxr-xr-x"));
        user = TestUser.ordinary(root);
    }

    @Override
    public void close() {
        user.close();
        RuntimeFiles.deleteTree(root);
    }

    /** A session of its own with a daemon; all commands of the script must succeed. */
    void run(String script) throws IOException, URISyntaxException {
        Path session = Path.of(getClass().getResource("/programs/user-session.sh").toURI());
        List<String> berth = user.berth(BerthDaemon.command());
        Path program = Files.writeString(root.resolve("berth"), "#!/bin/sh\nexec " + String.join(" ", berth.subList(
                berth.indexOf(BerthDaemon.command().get(0)), berth.size()).stream().map(word -> "'" + word + "'").toList()) + " \"$@\"\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        List<String> command = List.of("bash", session.toString(), user.name(), "bash", "-c",
                "PATH=" + root + ":$PATH\n" + PRELUDE + (PrivateBus.BROKER ? "systemctl --user is-active dbus-broker.service\n" : "")
                + script + END);
        Path outputs = Files.createTempDirectory("berth-out");
        try (Program run = Program.start(outputs, Map.of("SESSION_BUS", PrivateBus.BROKER ? "dbus-broker" : "dbus-daemon"), command)) {
            int status = run.exitStatus(PATIENCE);
            assertEquals(0, status, run.output() + run.errors());
            assertTrue(run.output().strip().endsWith("all well"), run.output() + run.errors());
        } finally {
            RuntimeFiles.deleteTree(outputs);
        }
    }
}
