package io.berth.kernel.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class CgroupMountTest {
    private static final List<String> UNIFIED = List.of(
            "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro",
            "28 22 0:25 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot");
    private static final List<String> HYBRID = List.of(
            "25 18 0:22 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755",
            "26 25 0:23 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw,nsdelegate",
            "27 25 0:24 / /sys/fs/cgroup/systemd rw,nosuid shared:11 - cgroup cgroup rw,xattr,name=systemd",
            "30 25 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:15 - cgroup cgroup rw,cpu,cpuacct",
            "31 25 0:28 / /sys/fs/cgroup/freezer rw,nosuid shared:16 - cgroup cgroup rw,freezer");
    private static final List<String> VERSION_1 = List.of(
            "27 25 0:24 / /sys/fs/cgroup/systemd rw,relatime - cgroup systemd rw,name=systemd,clone_children",
            "31 25 0:28 / /sys/fs/cgroup/free\\040zer\\134 rw,relatime - cgroup none rw,freezer");

    private static List<String> relative(List<String> lines) {
        return CgroupMount.forRelativePaths(CgroupMount.parse(lines)).stream().map(CgroupMount::point).toList();
    }

    @Test
    void layouts_areRecognised() {
        assertEquals(List.of("/sys/fs/cgroup"), relative(UNIFIED));
        assertEquals(List.of("/sys/fs/cgroup/unified", "/sys/fs/cgroup/freezer", "/sys/fs/cgroup/systemd"), relative(HYBRID));
        assertEquals(List.of("/sys/fs/cgroup/free zer\\", "/sys/fs/cgroup/systemd"), relative(VERSION_1));
        assertEquals(List.of(), relative(List.of()));
    }

    @Test
    void hierarchies_ofAnyName_areAllThere() {
        List<CgroupMount> mounts = CgroupMount.parse(HYBRID);
        assertEquals(4, mounts.size());
        assertEquals(2, mounts.get(0).version());
        assertEquals(1, mounts.get(2).version());
        assertTrue(mounts.get(0).contains("/sys/fs/cgroup/unified/x"));
        assertFalse(mounts.get(0).contains("/sys/fs/cgroup/unifiedx"));
        assertFalse(mounts.get(0).contains("/sys/fs/cgroup/unified"));
    }
}
