package io.berth.kernel.linux;

import io.berth.kernel.Kernel;
import java.util.Arrays;
import java.util.List;

/**
 * Finds the directory of a cgroup that somebody names. It walks from the mount point down, one component after the other,
 * and follows no symbolic link; what it has opened is checked, not what the path meant a moment ago. For one thread.
 */
final class CgroupFinder {
    private static final int CGROUP2_MAGIC = 0x63677270;
    private static final int CGROUP_MAGIC = 0x27e0eb;
    private static final int ROOT_USER = 0;

    private final Libc libc;
    private final Kernel kernel;
    private final LinuxFiles files;

    /**
     * A cgroup that was found.
     *
     * @param path        absolute
     * @param version     of its hierarchy, 1 or 2
     * @param directoryFd open with O_PATH; owned by whoever asked
     * @param parentFd    the same of the directory that it is in
     * @param name        in that directory
     */
    record Found(String path, int version, int directoryFd, int parentFd, String name) {
    }

    CgroupFinder(Libc libc, Kernel kernel, LinuxFiles files) {
        this.libc = libc;
        this.kernel = kernel;
        this.files = files;
    }

    /** @throws IllegalArgumentException as {@link io.berth.kernel.Cgroups#watch} says */
    Found find(String path) {
        List<CgroupMount> mounts = CgroupMount.readAll();
        if (!path.startsWith("/")) {
            return findRelative(path, CgroupMount.forRelativePaths(mounts));
        }
        // a mount inside another hides what was below its point
        CgroupMount mount = mounts.stream().filter(candidate -> candidate.contains(path))
                .max((a, b) -> a.point().length() - b.point().length())
                .orElseThrow(() -> refusal(path, "is not below the mount point of a cgroup hierarchy ("
                        + String.join(", ", mounts.stream().map(CgroupMount::point).toList()) + "); to name it from there leave"
                        + " out the leading slash"));
        Found found = open(path, mount, path.substring(mount.point().length()));
        if (found == null) {
            throw refusal(path, "does not exist");
        }
        return found;
    }

    private Found findRelative(String path, List<CgroupMount> mounts) {
        for (CgroupMount mount : mounts) {
            Found found = open(path, mount, path);
            if (found != null) {
                return found;
            }
        }
        throw refusal(path, mounts.isEmpty() ? "cannot be found: no cgroup hierarchy for apps is mounted"
                : "does not exist below " + String.join(" or ", mounts.stream().map(CgroupMount::point).toList()));
    }

    /** @return null when there is no such cgroup */
    private Found open(String path, CgroupMount mount, String below) {
        List<String> names = Arrays.stream(below.split("/")).filter(name -> !name.isEmpty() && !name.equals(".")).toList();
        if (names.isEmpty()) {
            throw refusal(path, "is a whole hierarchy, which is never empty");
        }
        if (names.contains("..") || below.indexOf('\0') >= 0) {
            throw refusal(path, "has a component '..' or a NUL, expected names only");
        }
        int parent = -1;
        int directory = files.openDirectory(LinuxFiles.AT_FDCWD, mount.point());
        for (int i = 0; i < names.size() && directory >= 0; i++) {
            close(parent);
            parent = directory;
            directory = files.openDirectory(parent, names.get(i));
        }
        if (directory < 0) {
            close(parent);
            return refuseOpen(path, -directory);
        }
        try {
            check(path, mount, directory);
        } catch (RuntimeException unfit) {
            kernel.close(parent);
            kernel.close(directory);
            throw unfit;
        }
        return new Found(mount.point() + (mount.point().endsWith("/") ? "" : "/") + String.join("/", names), mount.version(),
                directory, parent, names.get(names.size() - 1));
    }

    private Found refuseOpen(String path, int errno) {
        switch (errno) {
            case Libc.ENOENT:
                return null;
            case Libc.ENOTDIR:
            case Libc.ELOOP:
                throw refusal(path, "leads through a file or a symbolic link, expected directories only");
            case Libc.EACCES:
            case Libc.ENAMETOOLONG:
                throw refusal(path, "cannot be opened: " + libc.failure("open", errno).getMessage());
            default:
                throw libc.failure("open cgroup '" + path + "'", errno);
        }
    }

    private void check(String path, CgroupMount mount, int directory) {
        if (files.fileSystem(directory) != (mount.version() == 2 ? CGROUP2_MAGIC : CGROUP_MAGIC)) {
            throw refusal(path, "is not in the cgroup hierarchy at " + mount.point() + " but in something mounted over it");
        }
        int owner = files.owner(directory);
        int user = kernel.userId();
        if (owner != user && owner != ROOT_USER && user != ROOT_USER) {
            throw refusal(path, "belongs to user " + Integer.toUnsignedString(owner) + ", expected " + Integer.toUnsignedString(user)
                    + " or root");
        }
    }

    private void close(int fd) {
        if (fd >= 0) {
            kernel.close(fd);
        }
    }

    private static IllegalArgumentException refusal(String path, String reason) {
        return new IllegalArgumentException("cgroup '" + path + "' " + reason);
    }
}
