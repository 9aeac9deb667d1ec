package io.berth.tests.mount;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.raw.Variant;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A daemon without any privilege: it gets into every sandbox of its user, and into no other. */
class OrdinaryUserTest extends MountTest {
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
}
