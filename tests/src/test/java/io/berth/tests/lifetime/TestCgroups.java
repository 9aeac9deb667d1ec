package io.berth.tests.lifetime;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.berth.tests.raw.Libc;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * Real cgroups for a test: below a directory of its own in the version 2 hierarchy of this machine, or in a version 1 hierarchy
 * that is mounted for it. Needs root. Closing kills every process in them, removes them and unmounts. For one thread.
 */
final class TestCgroups implements AutoCloseable {
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final Path mount;
    private final Path root;
    private final boolean mounted;
    /** Of a hierarchy of its own. */
    private final String name;
    private final List<Process> processes = new ArrayList<>();

    private TestCgroups(Path mount, String name) {
        this.mount = mount;
        this.mounted = !name.isEmpty();
        this.name = name;
        root = mount.resolve("berth-test-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet());
        try {
            Files.createDirectory(root);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    static TestCgroups version2() {
        assumeTrue(Libc.LIBC.getuid() == 0, "making cgroups needs root");
        try (Stream<String> mounts = Files.lines(Path.of("/proc/self/mounts"))) {
            List<String> points = mounts.map(line -> line.split(" ")).filter(words -> words[2].equals("cgroup2")).map(words -> words[1]).toList();
            assumeTrue(!points.isEmpty(), "a version 2 hierarchy must be mounted");
            return new TestCgroups(Path.of(points.get(0)), "");
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Mounts a hierarchy of its own, without controllers. */
    static TestCgroups version1() {
        assumeTrue(Libc.LIBC.getuid() == 0, "mounting needs root");
        try {
            Path point = Files.createTempDirectory("berth-cgroup1");
            String name = "berthtest" + ProcessHandle.current().pid() + COUNT.incrementAndGet();
            assumeTrue(run("mount", "-t", "cgroup", "-o", "none,name=" + name, name, point.toString()), "the kernel must know cgroups of version 1");
            return new TestCgroups(point, name);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static boolean run(String... command) {
        try {
            return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** Where the hierarchy is mounted. */
    Path mount() {
        return mount;
    }

    /** The directory that holds all others. */
    Path root() {
        return root;
    }

    /** @param name may have slashes: what is above is made too */
    Path create(String name) {
        try {
            return Files.createDirectories(root.resolve(name));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** A process that is in the cgroup when this returns and stays there until it is killed. */
    Process occupy(Path cgroup) {
        Process process = start(cgroup, "exec sleep 1000");
        Awaitility.await("a process in " + cgroup).atMost(Duration.ofSeconds(10)).pollInterval(Duration.ofMillis(1))
                .until(() -> isIn(cgroup, process.pid()));
        return process;
    }

    /** A shell that goes into the cgroup and then runs a script. */
    Process start(Path cgroup, String script) {
        try {
            Process process = new ProcessBuilder("/bin/sh", "-c", "echo $$ > \"$0/cgroup.procs\" && " + script, cgroup.toString())
                    .inheritIO().start();
            processes.add(process);
            return process;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** The same without a shell, moved by us. */
    Process spawn(Path cgroup) {
        try {
            Process process = new ProcessBuilder("sleep", "1000").start();
            processes.add(process);
            move(process, cgroup);
            return process;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Moves a process into the cgroup. */
    static void move(Process process, Path cgroup) {
        try {
            Files.writeString(cgroup.resolve("cgroup.procs"), Long.toString(process.pid()));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    static boolean isIn(Path cgroup, long pid) {
        return members(cgroup).contains(pid);
    }

    static List<Long> members(Path cgroup) {
        try (Stream<String> lines = Files.lines(cgroup.resolve("cgroup.procs"))) {
            return lines.map(Long::parseLong).toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Ends a process and waits until it is gone. */
    static void kill(Process process) {
        try {
            process.destroyForcibly();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                throw new AssertionError("process " + process.pid() + " does not die");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** The kernel may need a moment to take the last process out. */
    static void remove(Path cgroup) {
        Awaitility.await("removal of " + cgroup).atMost(Duration.ofSeconds(10)).pollInterval(Duration.ofMillis(1)).until(() -> {
            try {
                return Files.deleteIfExists(cgroup) || !Files.exists(cgroup);
            } catch (IOException busy) {
                return false;
            }
        });
    }

    @Override
    public void close() {
        processes.forEach(TestCgroups::kill);
        List<Path> all;
        try (Stream<Path> walk = Files.walk(root)) {
            all = walk.filter(Files::isDirectory).sorted(Comparator.reverseOrder()).toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        for (Path cgroup : all) {
            members(cgroup).forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
            remove(cgroup);
        }
        if (mounted) {
            unmount();
            remove(mount);
        }
    }

    /** A hierarchy whose cgroups the kernel has not quite forgotten when it is unmounted stays, unseen: then once more. */
    private void unmount() {
        run("umount", mount.toString());
        Awaitility.await("the end of hierarchy " + name).atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(100)).until(() -> {
            if (exists()) {
                run("mount", "-t", "cgroup", "-o", "none,name=" + name, name, mount.toString());
                run("umount", mount.toString());
            }
            return !exists();
        });
    }

    private boolean exists() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/cgroup"))) {
            return lines.anyMatch(line -> line.contains(":name=" + name + ":"));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
