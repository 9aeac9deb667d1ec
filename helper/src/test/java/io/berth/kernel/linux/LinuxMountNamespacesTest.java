package io.berth.kernel.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.berth.kernel.MountException;
import io.berth.kernel.MountException.Kind;
import io.berth.kernel.NamespaceId;
import io.berth.kernel.NoFdLeft;
import io.berth.kernel.SocketMount;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Real namespaces of a child process, entered in both ways. The child's /mnt is a tmpfs of its own with a directory {@code d}. */
@ExtendWith(NoFdLeft.class)
class LinuxMountNamespacesTest {
    private static final Path FILES = Path.of("target");

    enum Way {
        THREAD, PROGRAM;

        LinuxMountNamespaces namespaces() {
            return new LinuxMountNamespaces(FILES, this == THREAD, true);
        }
    }

    @TempDir
    private Path directory;
    private ServerSocketChannel listener;
    private Path socket;
    private Process child;
    private Path inside;

    /** The JDK keeps a socket from the first close on. */
    @BeforeAll
    static void warmUp() throws IOException {
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).close();
    }

    @BeforeEach
    void sandbox() throws IOException {
        assumeTrue(isRoot(), "the privileged way needs root");
        socket = directory.resolve("7");
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
        child = new ProcessBuilder("unshare", "-Urm", "sh", "-c", "mount -t tmpfs x /mnt; mkdir /mnt/d; echo ready; exec sleep 1000").start();
        assertEquals("ready", child.inputReader().readLine());
        inside = Path.of("/proc/" + child.pid() + "/root/mnt");
    }

    @AfterEach
    void end() throws Exception {
        if (child != null) {
            child.destroyForcibly().waitFor();
            child.inputReader().close();
            listener.close();
        }
    }

    private static boolean isRoot() throws IOException {
        return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
    }

    /** Opens the child's namespace for one action. */
    private interface Action<T> {
        T run(int namespaceFd);
    }

    private <T> T with(LinuxMountNamespaces namespaces, Action<T> action) {
        LinuxKernel kernel = new LinuxKernel();
        int process = namespaces.openProcess((int) child.pid());
        int namespace = -1;
        try {
            namespace = namespaces.open(process);
            return action.run(namespace);
        } finally {
            kernel.close(process);
            if (namespace >= 0) {
                kernel.close(namespace);
            }
        }
    }

    private SocketMount mount(LinuxMountNamespaces namespaces, String target, boolean hide) {
        SocketMount made = with(namespaces, namespace -> namespaces.mount(namespace, socket, target, hide, directory.resolve("record")));
        assertEquals(Optional.of(made), namespaces.read(directory.resolve("record")));
        delete(directory.resolve("record"));
        return made;
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException stays) {
            throw new AssertionError(stays);
        }
    }

    private void unmount(LinuxMountNamespaces namespaces, String target, SocketMount mount) {
        with(namespaces, namespace -> {
            namespaces.unmount(namespace, target, mount);
            return null;
        });
    }

    private MountException refusal(LinuxMountNamespaces namespaces, String target, boolean hide) throws IOException {
        List<String> before = mounts();
        MountException refused = assertThrows(MountException.class, () -> mount(namespaces, target, hide));
        assertEquals(before, mounts());
        assertFalse(Files.exists(directory.resolve("record")));
        return refused;
    }

    private List<String> mounts() throws IOException {
        return Files.readAllLines(Path.of("/proc/" + child.pid() + "/mountinfo"));
    }

    private boolean isOurSocket(Path path) throws IOException {
        return Files.exists(path) && Files.getAttribute(path, "unix:ino").equals(Files.getAttribute(socket, "unix:ino"));
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void mount_onNothing_makesTheFileAndUnmountRemovesIt(Way way) throws IOException {
        LinuxMountNamespaces namespaces = way.namespaces();
        SocketMount mount = mount(namespaces, "/mnt/d/bus", false);
        assertTrue(isOurSocket(inside.resolve("d/bus")));
        assertTrue(mounts().stream().anyMatch(line -> line.startsWith(mount.mountId() + " ") && line.contains(" /mnt/d/bus ")), mounts().toString());
        unmount(namespaces, "/mnt/d/bus", mount);
        assertFalse(Files.exists(inside.resolve("d/bus")));
        assertTrue(mounts().stream().noneMatch(line -> line.contains("/bus ")));
        unmount(namespaces, "/mnt/d/bus", mount);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void mount_onSomething_bringsItBackWhenUnmounted(Way way) throws IOException {
        LinuxMountNamespaces namespaces = way.namespaces();
        Files.writeString(inside.resolve("d/file"), "theirs");
        SocketMount mount = mount(namespaces, "/mnt/d/file", false);
        assertTrue(isOurSocket(inside.resolve("d/file")));
        unmount(namespaces, "/mnt/d/file", mount);
        assertEquals("theirs", Files.readString(inside.resolve("d/file")));
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void hideDirectory_coversWhatIsThereUntilUnmounted(Way way) throws IOException {
        LinuxMountNamespaces namespaces = way.namespaces();
        Files.writeString(inside.resolve("d/real"), "theirs");
        SocketMount mount = mount(namespaces, "/mnt/d/bus", true);
        try (Stream<Path> names = Files.list(inside.resolve("d"))) {
            assertEquals(List.of("bus"), names.map(path -> path.getFileName().toString()).toList());
        }
        unmount(namespaces, "/mnt/d/bus", mount);
        try (Stream<Path> names = Files.list(inside.resolve("d"))) {
            assertEquals(List.of("real"), names.map(path -> path.getFileName().toString()).toList());
        }
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void targets_thatCannotBe_areRefusedWithTheirReason(Way way) throws IOException {
        LinuxMountNamespaces namespaces = way.namespaces();
        Files.createSymbolicLink(inside.resolve("d/link"), Path.of("other"));
        Files.createSymbolicLink(inside.resolve("linked"), Path.of("d"));
        Files.createSymbolicLink(inside.resolve("up"), Path.of("/"));
        assertTrue(refusal(namespaces, "/mnt/d/link", false).getMessage().contains("/mnt/d/link is a symbolic link"));
        assertTrue(refusal(namespaces, "/mnt/linked/bus", false).getMessage().contains("symbolic link leads to"));
        assertTrue(refusal(namespaces, "/mnt/up/mnt/d/bus", true).getMessage().contains("symbolic link leads to"));
        assertTrue(refusal(namespaces, "/mnt/nothing/bus", false).getMessage().contains("No such file or directory"));
        assertTrue(refusal(namespaces, "/mnt/d", false).getMessage().contains("is a directory"));
        assertTrue(refusal(namespaces, "/dev/null", false).getMessage().contains("neither a socket nor a regular file"));
        assertTrue(refusal(namespaces, "/proc/self/fd/0", false).getMessage().contains("symbolic link"));
        assertEquals(Kind.INVALID, refusal(namespaces, "/proc/bus", false).kind());
        assertEquals(List.of(), fileNames("d", "other"));
    }

    private List<Path> fileNames(String where, String name) throws IOException {
        try (Stream<Path> names = Files.list(inside.resolve(where))) {
            return names.filter(path -> path.endsWith(name)).toList();
        }
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void unmount_whenSomethingElseIsThere_leavesItAlone(Way way) throws Exception {
        LinuxMountNamespaces namespaces = way.namespaces();
        SocketMount mount = mount(namespaces, "/mnt/d/bus", false);
        assertEquals(0, new ProcessBuilder("nsenter", "-t", String.valueOf(child.pid()), "-U", "-m", "--preserve-credentials",
                "sh", "-c", "umount /mnt/d/bus; echo theirs >/mnt/d/bus; mount --bind /etc/hostname /mnt/d/bus").start().waitFor());
        List<String> before = mounts();
        unmount(namespaces, "/mnt/d/bus", mount);
        assertEquals(before, mounts());
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void namespaceWithoutProcesses_isEnteredByItsFd(Way way) throws Exception {
        LinuxMountNamespaces namespaces = way.namespaces();
        LinuxKernel kernel = new LinuxKernel();
        int process = namespaces.openProcess((int) child.pid());
        int namespace = namespaces.open(process);
        NamespaceId id = namespaces.identify(namespace);
        assertEquals(id.toString(), Files.readSymbolicLink(Path.of("/proc/" + child.pid() + "/ns/mnt")).toString());
        int found = namespaces.findProcess(id).orElseThrow();
        assertEquals(child.pid(), namespaces.processId(found).orElseThrow());
        SocketMount mount = namespaces.mount(namespace, socket, "/mnt/d/bus", false, directory.resolve("record"));
        child.destroyForcibly().waitFor();
        assertTrue(namespaces.findProcess(id).isEmpty());
        namespaces.unmount(namespace, "/mnt/d/bus", mount);
        assertTrue(assertThrows(MountException.class, () -> namespaces.open(process)).getMessage().contains("has ended"));
        kernel.close(found);
        kernel.close(namespace);
        kernel.close(process);
    }

    @Test
    void open_onKernelsWithoutTheIoctl_findsTheSameNamespace() {
        LinuxMountNamespaces old = new LinuxMountNamespaces(FILES, true, false);
        assertEquals(with(Way.THREAD.namespaces(), fd -> Way.THREAD.namespaces().identify(fd)), with(old, old::identify));
    }

    @Test
    void open_ofWhatIsNoNamespace_isRefused() {
        LinuxMountNamespaces namespaces = Way.THREAD.namespaces();
        assertTrue(assertThrows(MountException.class, () -> namespaces.open(Path.of("/etc/passwd"))).getMessage().contains("/etc/passwd is not a namespace"));
        assertThrows(MountException.class, () -> namespaces.open(directory.resolve("nothing")));
        LinuxKernel kernel = new LinuxKernel();
        int net = namespaces.open(Path.of("/proc/self/ns/net"));
        assertEquals(Kind.INVALID, assertThrows(MountException.class, () -> namespaces.identify(net)).kind());
        kernel.close(net);
        int own = namespaces.open(Path.of("/proc/self/ns/mnt"));
        assertTrue(assertThrows(MountException.class, () -> namespaces.identify(own)).getMessage().contains("no sandbox"));
        kernel.close(own);
        assertEquals(Kind.INVALID, assertThrows(MountException.class, () -> namespaces.openProcess(0)).kind());
        assertEquals(Kind.INVALID, assertThrows(MountException.class, () -> namespaces.openProcess(Integer.MAX_VALUE)).kind());
    }

    @Test
    void program_withoutItsFile_isNotSupported() {
        LinuxMountNamespaces nowhere = new LinuxMountNamespaces(directory, false, true);
        assertEquals(Kind.NOT_SUPPORTED, assertThrows(MountException.class, () -> mount(nowhere, "/mnt/d/bus", false)).kind());
        LinuxMountNamespaces noLibrary = new LinuxMountNamespaces(directory, true, true);
        assertEquals(Kind.NOT_SUPPORTED, assertThrows(MountException.class, () -> mount(noLibrary, "/mnt/d/bus", false)).kind());
    }

    @Test
    void thread_afterMounting_leavesAllOthersWhereTheyWere() throws IOException {
        Path link = Path.of("/proc/self/ns/mnt");
        Path home = Files.readSymbolicLink(link);
        LinuxMountNamespaces namespaces = Way.THREAD.namespaces();
        SocketMount mount = mount(namespaces, "/mnt/d/bus", false);
        assertNotEquals(home, Files.readSymbolicLink(Path.of("/proc/" + child.pid() + "/ns/mnt")));
        Awaitility.await().until(() -> {
            try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
                return tasks.allMatch(task -> {
                    try {
                        return Files.readSymbolicLink(task.resolve("ns/mnt")).equals(home);
                    } catch (IOException ended) {
                        return true;
                    }
                });
            }
        });
        unmount(namespaces, "/mnt/d/bus", mount);
    }
}
