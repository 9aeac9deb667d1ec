package io.berth.tests.lifetime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Descriptors;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Libc;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A server ends with the last of its processes, which are handed over as pidfds. The house looks for what is left. */
class ProcessLifetimeTest {
    /** PIDFD_THREAD. */
    private static final int THREAD = 0200;

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private final List<Process> processes = new ArrayList<>();
    private final List<Integer> fds = new ArrayList<>();
    private Removals removals;

    @BeforeEach
    void watch() {
        removals = new Removals(HOUSE);
    }

    @AfterEach
    void end() {
        processes.forEach(TestCgroups::kill);
        fds.forEach(Descriptors::close);
    }

    private Process process() throws IOException {
        Process process = new ProcessBuilder("sleep", "1000").start();
        processes.add(process);
        return process;
    }

    private int pidFd(Process process) {
        int fd = Libc.LIBC.pidfd_open((int) process.pid(), 0);
        assertTrue(fd >= 0, "pidfd_open: errno " + Libc.errno());
        fds.add(fd);
        return fd;
    }

    private static ContainerServer server(Map<String, Variant> more, int... fds) {
        Map<String, Variant> arguments = new HashMap<>(more);
        arguments.put("Processes", new Variant("ah", IntStream.range(0, fds.length).<Object>mapToObj(Integer::valueOf).toList()));
        return HOUSE.helper().add("org.test.App", arguments, fds);
    }

    private static void addProcess(ContainerServer server, int fd) {
        HOUSE.helper().connection().call(HelperApi.call("AddProcess").body("oh", server.object(), 0).fds(fd));
    }

    @Test
    void process_ends_endsTheServer() throws IOException {
        Process process = process();
        ContainerServer server = server(Map.of("StartTimeout", new Variant("t", 100_000L)), pidFd(process));
        try (RawClient app = server.connect()) {
            app.sync();
        }
        removals.checkAlive(server);
        RawClient app = HOUSE.app(server);
        TestCgroups.kill(process);
        app.awaitClose();
        removals.check(server, "instances-gone");
    }

    @Test
    void severalProcesses_theLastOneEndsTheServer() throws IOException {
        Process first = process();
        Process second = process();
        Process third = process();
        ContainerServer server = server(Map.of(), pidFd(first), pidFd(second));
        addProcess(server, pidFd(third));
        TestCgroups.kill(first);
        TestCgroups.kill(third);
        removals.checkAlive(server);
        TestCgroups.kill(second);
        removals.check(server, "instances-gone");
    }

    @Test
    void process_thatHasEnded_isNeverTakenForAnother() throws IOException {
        Process process = process();
        int fd = pidFd(process);
        TestCgroups.kill(process);
        removals.check(server(Map.of(), fd), "instances-gone");
    }

    @Test
    void addProcess_toAServerWithoutEnd_replacesTheEndWithItsClients() throws IOException {
        Process process = process();
        ContainerServer server;
        try (RawClient creator = HOUSE.bus().connect()) {
            server = new HelperApi(creator).add("org.test.App", Map.of());
            addProcess(server, pidFd(process));
        }
        server.connect().close();
        removals.checkAlive(server);
        TestCgroups.kill(process);
        removals.check(server, "instances-gone");
    }

    @Test
    void processAndCgroup_bothMustBeOver() throws IOException {
        Process process = process();
        TestCgroups cgroups = HOUSE.keep(TestCgroups.version2());
        Process member = cgroups.occupy(cgroups.create("app"));
        ContainerServer server = server(Map.of("Cgroups", new Variant("as", List.of(cgroups.root().resolve("app").toString()))), pidFd(process));
        TestCgroups.kill(process);
        removals.checkAlive(server);
        TestCgroups.kill(member);
        removals.check(server, "instances-gone");
    }

    @Test
    void whatIsNoPidfd_isRefusedByName() throws IOException {
        int[] pipe = Descriptors.pipe();
        fds.add(pipe[0]);
        fds.add(pipe[1]);
        Process process = process();
        int good = pidFd(process);
        for (int bad : List.of(pipe[0], memfd())) {
            DBusError error = assertThrows(DBusError.class, () -> server(Map.of(), good, bad));
            assertEquals("org.freedesktop.DBus.Error.InvalidArgs", error.name());
            assertTrue(error.getMessage().matches(".*process: the file descriptor is (pipe:|/memfd:).*, expected a pidfd"), error.getMessage());
        }
        int thread = Libc.LIBC.pidfd_open((int) process.pid(), THREAD);
        if (thread >= 0) { // Linux 6.9
            fds.add(thread);
            DBusError error = assertThrows(DBusError.class, () -> server(Map.of(), thread));
            assertTrue(error.getMessage().contains("stands for a thread"), error.getMessage());
        }
        ContainerServer server = server(Map.of(), good);
        assertThrows(DBusError.class, () -> addProcess(server, pipe[0]));
        removals.checkAlive(server);
        assertThrows(DBusError.class, () -> HOUSE.helper().connection().call(
                HelperApi.call("AddProcess").body("oh", "/io/berth/Helper1/servers/999999", 0).fds(good)));
    }

    private int memfd() {
        int fd = Libc.LIBC.memfd_create("Pid:", 0);
        fds.add(fd);
        return fd;
    }

    @Test
    void sameDescriptorTwice_isRefused() throws IOException {
        int fd = pidFd(process());
        DBusError error = assertThrows(DBusError.class, () -> HOUSE.helper().add("org.test.App",
                Map.of("Processes", new Variant("ah", List.of(0)), "CloseNotification", new Variant("h", 0)), fd));
        assertEquals("org.freedesktop.DBus.Error.InvalidArgs", error.name());
    }

    /** The house counts those behind the one that is refused. */
    @Test
    void severalProcesses_oneIsNone_allAreClosed() throws IOException {
        int[] pipe = Descriptors.pipe();
        int[] given = {pidFd(process()), pipe[0], pidFd(process()), pidFd(process())};
        assertThrows(DBusError.class, () -> server(Map.of(), given));
        Descriptors.close(pipe);
    }

    /** The house counts the one that was refused. */
    @Test
    void processes_oneTooMany_isRefusedAndClosed() throws IOException {
        int fd = pidFd(process());
        ContainerServer server = server(Map.of(), fd);
        for (int i = 1; i < 64; i++) {
            addProcess(server, fd);
        }
        DBusError refusal = assertThrows(DBusError.class, () -> addProcess(server, fd));
        assertEquals("org.freedesktop.DBus.Error.LimitsExceeded", refusal.name());
    }
}
