package io.berth.kernel.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.berth.kernel.MountException;
import io.berth.kernel.NoFdLeft;
import io.berth.kernel.SocketMount;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * berth-mount is killed at each system call of its work in turn (by strace): the mount fails and the namespace is as it was.
 * The record that makes this possible is what the next helper goes by when the helper is killed too.
 */
@ExtendWith(NoFdLeft.class)
class MountKilledTest {
    private static final List<String> CALLS = List.of("setns", "unshare", "open_tree", "mount_setattr", "statx", "fsopen", "fsmount",
            "openat2", "pwrite64", "linkat", "move_mount", "write");

    @TempDir
    private Path directory;
    private ServerSocketChannel listener;
    private Path socket;
    private Process child;

    /** The JDK keeps a socket from the first close on. */
    @BeforeAll
    static void warmUp() throws IOException {
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).close();
    }

    @BeforeEach
    void sandbox() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/strace")), "strace kills it");
        socket = directory.resolve("7");
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
        child = new ProcessBuilder("unshare", "-Urm", "sh", "-c", "mount -t tmpfs x /mnt; mkdir /mnt/d; echo theirs >/mnt/d/real; echo ready;"
                + " exec sleep 1000").start();
        assertEquals("ready", child.inputReader().readLine());
    }

    @AfterEach
    void end() throws Exception {
        if (child != null) {
            child.destroyForcibly().waitFor();
            child.inputReader().close();
            listener.close();
        }
    }

    /** Mounts, files and what is in them. */
    private List<String> inside() throws IOException {
        List<String> seen = new ArrayList<>(Files.readAllLines(Path.of("/proc/" + child.pid() + "/mountinfo")));
        try (Stream<Path> files = Files.walk(Path.of("/proc/" + child.pid() + "/root/mnt"))) {
            files.sorted().forEach(file -> seen.add(file.toString()));
        }
        return seen;
    }

    private LinuxMountNamespaces killedAt(String call, int number) throws IOException {
        Path program = Files.writeString(directory.resolve("berth-mount"), """
                #!/bin/sh
                [ "$1" = mount ] || exec %1$s "$@"
                exec /usr/bin/strace -o /dev/null -e trace=%2$s -e inject=%2$s:signal=KILL:when=%3$d %1$s "$@"
                """.formatted(Path.of("target/berth-mount").toAbsolutePath(), call, number));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        return new LinuxMountNamespaces(directory, false, true);
    }

    /** @return whether it was killed */
    private boolean isKilledAt(String call, int number, boolean hide) throws IOException {
        LinuxMountNamespaces namespaces = killedAt(call, number);
        LinuxKernel kernel = new LinuxKernel();
        int process = namespaces.openProcess((int) child.pid());
        int namespace = namespaces.open(process);
        try {
            SocketMount made = namespaces.mount(namespace, socket, "/mnt/d/bus", hide, directory.resolve("record"));
            namespaces.unmount(namespace, "/mnt/d/bus", made);
            Files.delete(directory.resolve("record"));
            return false;
        } catch (MountException killed) {
            assertTrue(killed.getMessage().contains("ended without an answer"), killed.getMessage());
            assertFalse(Files.exists(directory.resolve("record")));
            return true;
        } finally {
            kernel.close(namespace);
            kernel.close(process);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void killedAtEachCall_theNamespaceIsAsItWas(boolean hide) throws IOException {
        List<String> before = inside();
        Map<String, Integer> kills = new TreeMap<>();
        for (String call : CALLS) {
            int number = 1;
            while (isKilledAt(call, number, hide)) {
                assertEquals(before, inside(), call + " " + number);
                kills.put(call, number++);
            }
            assertEquals(before, inside(), call);
        }
        System.out.println("killed at " + kills);
        assertEquals(hide ? CALLS.size() : CALLS.size() - 2, kills.size(), kills.toString());
        assertEquals(hide ? 2 : 1, kills.get("move_mount"));
        assertEquals(1, kills.get("linkat"));
    }
}
