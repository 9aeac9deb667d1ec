package io.berth.tests.mount;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Program;
import io.berth.tests.raw.Variant;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Test;

/** A daemon without any privilege: it gets into every sandbox of its user, and into no other. */
class OrdinaryUserTest extends MountTest {
    /** Nowhere, to the helper, and of the target. */
    private static final Pattern OWN = Pattern.compile("/dev/null|pipe:.*|mnt:.*|/|/proc|/proc/[0-9]+/task/[0-9]+/mountinfo|/mnt/d|/mnt/d/bus");
    OrdinaryUserTest() {
        super(false);
    }

    @Test
    void namespaceOfRoot_isDeniedWithItsReason() throws Exception {
        Process rootsSandbox = new ProcessBuilder("unshare", "-m", "sh", "-c", "echo ready; exec sleep 1000").start();
        try {
            rootsSandbox.inputReader().readLine();
            ContainerServer server = house.server("session");
            String byPid = house.refusal(server, Map.of("Pid", new Variant("u", rootsSandbox.pid())), "/tmp/bus");
            assertTrue(byPid.startsWith("org.freedesktop.DBus.Error.AccessDenied: process " + rootsSandbox.pid() + " belongs to somebody"), byPid);
            int namespace = Handles.open("/proc/" + rootsSandbox.pid() + "/ns/mnt");
            String byFd = house.refusal(server, Map.of("Namespace", new Variant("h", 0)), "/tmp/bus", namespace);
            Handles.close(namespace);
            assertTrue(byFd.startsWith("org.freedesktop.DBus.Error.AccessDenied: only a helper with privilege"), byFd);
        } finally {
            rootsSandbox.destroyForcibly().waitFor();
            rootsSandbox.inputReader().close();
        }
    }

    @Test
    void preservedNamespace_isForPrivilegedHelpersAndSaysSo() throws Exception {
        try (PreservedNamespace kept = new PreservedNamespace(house.root())) {
            String refused = house.refusal(house.server("session"), Map.of("NamespacePath",
                    new Variant("ay", kept.file().toString().getBytes(StandardCharsets.UTF_8))), "/tmp/bus");
            assertTrue(refused.startsWith("org.freedesktop.DBus.Error.AccessDenied: only a helper with privilege can enter"), refused);
            assertTrue(refused.contains("snapd"), refused);
        }
    }

    /** Those of the Java runtime's are not closed when a program is started. */
    @Test
    void programThatUnmounts_hasNothingOfTheHelpers() throws Exception {
        Sandbox sandbox = house.keep(Sandbox.unshared(house));
        ContainerServer server = house.server("session");
        house.mount(server, sandbox, "/mnt/d/bus");
        Program strace = house.strace("umount2:delay_enter=2000000");
        CompletableFuture<Void> unmounting = CompletableFuture.runAsync(() -> house.unmount(server, MountHouse.byPid(sandbox), "/mnt/d/bus"));
        Set<String> seen = new TreeSet<>();
        try {
            Awaitility.await().atMost(Duration.ofSeconds(4)).pollInterval(Duration.ofMillis(10)).until(() -> {
                List<String> now = filesOfMountProgram();
                if (!now.isEmpty()) {
                    seen.clear();
                    seen.addAll(now);
                }
                return !now.isEmpty() && seen.stream().allMatch(OWN.asMatchPredicate());
            });
        } catch (ConditionTimeoutException never) {
            throw new AssertionError("the program had " + seen, never);
        } finally {
            unmounting.join();
            strace.close();
        }
    }

    /** Once it is where it unmounts, which is when it has found the root of the sandbox. */
    private List<String> filesOfMountProgram() {
        for (ProcessHandle child : ProcessHandle.of(house.daemon().pid()).orElseThrow().children().toList()) {
            try (Stream<Path> fds = Files.list(Path.of("/proc/" + child.pid() + "/fd"))) {
                List<String> files = new ArrayList<>();
                for (Path fd : fds.toList()) {
                    files.add(Files.readSymbolicLink(fd).toString());
                }
                return files.contains("/") ? files : List.of();
            } catch (IOException | UncheckedIOException gone) {
                return List.of();
            }
        }
        return List.of();
    }
}
