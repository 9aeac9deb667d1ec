package io.berth.tests.lifetime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Libc;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code berth run}: the cgroup that it puts the app into, and {@code --detach}. No systemd answers here. */
class DetachTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Path MOUNTS = Path.of("/proc/self/mounts");

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private final List<Path> cgroups = new ArrayList<>();

    /** Nobody else does until the next run; those with processes are not this test's. */
    @AfterEach
    void removeCgroups() throws IOException {
        for (Path cgroup : cgroups) {
            if (Files.exists(cgroup)) {
                killAll(cgroup);
                TestCgroups.remove(cgroup);
            }
        }
        try (DirectoryStream<Path> left = Files.newDirectoryStream(Path.of(mount()), "berth-run-*")) {
            for (Path cgroup : left) {
                if (TestCgroups.members(cgroup).isEmpty()) {
                    TestCgroups.remove(cgroup);
                }
            }
        }
    }

    private static String[] run(String... arguments) {
        List<String> words = new ArrayList<>(List.of("run"));
        words.addAll(Arrays.asList(arguments));
        return BerthDaemon.command(words.toArray(String[]::new)).toArray(String[]::new);
    }

    /** @return object paths of the servers that {@code berth run --detach} names */
    private static List<String> detach(String... arguments) {
        Program run = HOUSE.run(HOUSE.bus().address(), run(arguments));
        assertEquals(0, run.exitStatus(PATIENCE), run.errors());
        List<String> servers = run.output().lines().takeWhile(line -> line.matches("[0-9]+")).map(id -> HelperApi.ROOT + "/servers/" + id).toList();
        assertTrue(HOUSE.helper().servers().containsAll(servers), run.output() + run.errors());
        return servers;
    }

    /** What the app has printed, after berth's own words. */
    private static List<String> awaitPrinted(Program run, int lines) {
        Awaitility.await().atMost(PATIENCE).until(() -> printed(run).size() == lines);
        return printed(run);
    }

    private static List<String> printed(Program run) {
        return run.errors().lines().filter(line -> !line.startsWith("berth: ")).toList();
    }

    private static Object property(String server, String name) {
        return HOUSE.helper().property(server, HelperApi.SERVER, name);
    }

    private Path cgroup(String server) {
        Path cgroup = Path.of((String) ((List<?>) property(server, "Cgroups")).get(0));
        assertTrue(cgroup.getFileName().toString().startsWith("berth-run-"), cgroup.toString());
        cgroups.add(cgroup);
        return cgroup;
    }

    private static void awaitEnd(List<String> servers) {
        Awaitility.await("the servers to end").atMost(PATIENCE).until(() -> HOUSE.helper().servers().stream().noneMatch(servers::contains));
    }

    private static void killAll(Path cgroup) {
        TestCgroups.members(cgroup).forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--env-only", "--no-fds"})
    void daemonOfTheApp_outlivesItsFirstProcess_andTheServerToo(String option) {
        assumeTrue(Libc.LIBC.getuid() == 0, "making cgroups outside of a user session needs root");
        // forked twice, in a session of its own, without a parent
        List<String> servers = detach("--detach", option, "--system-see=org.test.X", "--", "sh", "-c",
                "(setsid sh -c 'echo address $DBUS_SESSION_BUS_ADDRESS; exec sleep 1000' &); exit 7");
        assertEquals(2, servers.size());
        Path cgroup = cgroup(servers.get(0));
        assertEquals(List.of(cgroup.toString()), property(servers.get(1), "Cgroups"));
        Awaitility.await("the first process to end").atMost(PATIENCE).until(() -> TestCgroups.members(cgroup).stream()
                .allMatch(pid -> command(pid).matches("sleep|bwrap|berth-connector")));
        assertTrue(HOUSE.helper().servers().containsAll(servers));
        TestCgroups.members(cgroup).stream().filter(pid -> command(pid).equals("sleep"))
                .forEach(pid -> ProcessHandle.of(pid).orElseThrow().destroyForcibly());
        awaitEnd(servers);
        Awaitility.await("nobody to be left").atMost(PATIENCE).until(() -> TestCgroups.members(cgroup).isEmpty());
    }

    private static String command(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/comm")).strip();
        } catch (IOException ended) {
            return "";
        }
    }

    @Test
    void shortApp_endsItsServer_andTheNextRunRemovesItsCgroup() {
        assumeTrue(Libc.LIBC.getuid() == 0, "making cgroups outside of a user session needs root");
        Program first = HOUSE.run(HOUSE.bus().address(), run("--detach", "--env-only", "--", "cat", "/proc/self/cgroup"));
        assertEquals(0, first.exitStatus(PATIENCE), first.errors());
        Awaitility.await().atMost(PATIENCE).until(() -> first.errors().contains("berth-run-"));
        Awaitility.await().atMost(PATIENCE).until(() -> HOUSE.helper().servers().isEmpty());
        Path here = Path.of(mount());
        String left = first.errors().lines().filter(line -> line.startsWith("0::")).findFirst().orElseThrow().replaceAll(".*/", "");
        assertTrue(Files.exists(here.resolve(left)), left);
        List<String> next = detach("--detach", "--env-only", "--", "sleep", "1000");
        assertFalse(Files.exists(here.resolve(left)), left + " is still there");
        killAll(cgroup(next.get(0)));
        awaitEnd(next);
    }

    private static String mount() {
        try {
            return Files.readAllLines(MOUNTS).stream().map(line -> line.split(" ")).filter(words -> words[2].equals("cgroup2"))
                    .map(words -> words[1]).findFirst().orElseThrow();
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--env-only", "--no-fds"})
    void foreground_hasACgroupToo_andLeavesNone(String option) throws IOException {
        assumeTrue(Libc.LIBC.getuid() == 0, "making cgroups outside of a user session needs root");
        Program run = HOUSE.run(HOUSE.bus().address(), run(option, "--", "sh", "-c", "grep ^0:: /proc/self/cgroup; exit 3"));
        assertEquals(3, run.exitStatus(PATIENCE), run.errors());
        String cgroup = run.output().strip().replaceAll(".*/", "");
        assertTrue(cgroup.startsWith("berth-run-"), run.output());
        // bubblewrap's own process may still be on its way out
        Awaitility.await().atMost(PATIENCE).until(() -> HOUSE.helper().servers().isEmpty());
        Path left = Path.of(mount()).resolve(cgroup);
        if (Files.exists(left)) {
            TestCgroups.remove(left);
        }
    }

    @Test
    void detached_hasNoInput_andASessionOfItsOwn() {
        Program run = HOUSE.run(HOUSE.bus().address(), run("--detach", "--env-only", "--", "sh", "-c",
                "read line || echo no input; ps -o sid= -p $$ | tr -d ' '; echo $$"));
        assertEquals(0, run.exitStatus(PATIENCE), run.errors());
        List<String> lines = awaitPrinted(run, 3);
        assertEquals("no input", lines.get(0), run.errors());
        assertEquals(lines.get(1), lines.get(2), "session and process");
        Awaitility.await().atMost(PATIENCE).until(() -> HOUSE.helper().servers().isEmpty());
    }

    @Test
    void withoutAnyCgroup_theFirstProcessCounts_andANoteSaysSo() {
        assumeTrue(Libc.LIBC.getuid() == 0, "unmounting needs root");
        List<String> line = new ArrayList<>(List.of("unshare", "--mount", "sh", "-c", "umount " + mount() + " && exec \"$0\" \"$@\""));
        line.addAll(List.of(run("--detach", "--env-only", "--", "sh", "-c", "sleep 1000 & echo $!; echo $$; exec sleep 1000")));
        Program run = HOUSE.run(HOUSE.bus().address(), line.toArray(String[]::new));
        assertEquals(0, run.exitStatus(PATIENCE), run.errors());
        assertTrue(run.errors().contains("note: no cgroup tells of the app's end (no systemd user manager is on the session bus; no cgroup"
                + " hierarchy of version 2 is mounted"), run.errors());
        List<ProcessHandle> processes = awaitPrinted(run, 2).stream().map(pid -> ProcessHandle.of(Long.parseLong(pid)).orElseThrow()).toList();
        ProcessHandle first = processes.get(1);
        assertEquals(1, HOUSE.helper().servers().size());
        assertTrue(first.destroyForcibly());
        Awaitility.await().atMost(PATIENCE).until(() -> HOUSE.helper().servers().isEmpty());
        assertTrue(processes.get(0).destroyForcibly(), "the other process is still there");
    }
}
