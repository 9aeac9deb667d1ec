package io.berth.kernel.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.berth.kernel.Kernel;
import io.berth.kernel.NoFdLeft;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Whose cgroups may be watched, on a real one. Needs root to give it away. */
@ExtendWith(NoFdLeft.class)
class CgroupFinderTest {
    private final Libc libc = new Libc();
    private final LinuxKernel kernel = new LinuxKernel(libc);
    private Path cgroup;

    @BeforeEach
    void make() throws Exception {
        assumeTrue(kernel.userId() == 0, "making cgroups needs root");
        CgroupMount mount = CgroupMount.readAll().stream().filter(each -> each.version() == 2).findFirst().orElse(null);
        assumeTrue(mount != null, "a version 2 hierarchy must be mounted");
        cgroup = Files.createDirectory(Path.of(mount.point(), "berth-finder-" + ProcessHandle.current().pid()));
    }

    @AfterEach
    void remove() throws Exception {
        if (cgroup != null) {
            Files.deleteIfExists(cgroup);
        }
    }

    /** As if this process were another user's. */
    private CgroupFinder finder(int userId) {
        Kernel asUser = (Kernel) Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class},
                (proxy, method, arguments) -> method.getName().equals("userId") ? userId : method.invoke(kernel, arguments));
        return new CgroupFinder(libc, asUser, new LinuxFiles(libc, kernel));
    }

    private void find(int userId) {
        CgroupFinder.Found found = finder(userId).find(cgroup.toString());
        kernel.close(found.parentFd());
        kernel.close(found.directoryFd());
        assertEquals(cgroup.getFileName().toString(), found.name());
    }

    @Test
    void cgroup_ofRootOrOneself_mayBeWatched() throws Exception {
        find(1234);
        Files.setAttribute(cgroup, "unix:uid", 1234);
        find(1234);
        find(0);
    }

    @Test
    void cgroup_ofAnotherUser_isRefused() throws Exception {
        Files.setAttribute(cgroup, "unix:uid", 4321);
        assertEquals("cgroup '" + cgroup + "' belongs to user 4321, expected 1234 or root",
                assertThrows(IllegalArgumentException.class, () -> find(1234)).getMessage());
    }

    @Test
    void mountOverACgroup_isNotTakenForIt() throws Exception {
        Path covered = Files.createDirectory(cgroup.resolve("covered"));
        Process mount = new ProcessBuilder("mount", "-t", "tmpfs", "none", covered.toString()).inheritIO().start();
        assertEquals(0, mount.waitFor());
        try {
            Files.createDirectory(covered.resolve("x"));
            String path = covered.resolve("x").toString();
            assertEquals("cgroup '" + path + "' is not in the cgroup hierarchy at " + cgroup.getParent() + " but in something mounted over it",
                    assertThrows(IllegalArgumentException.class, () -> finder(0).find(path)).getMessage());
        } finally {
            assertEquals(0, new ProcessBuilder("umount", covered.toString()).inheritIO().start().waitFor());
            Files.delete(covered);
        }
    }
}
