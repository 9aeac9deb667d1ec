package io.berth.tests.lifetime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Descriptors;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server ends with the last process of its cgroups, of version 2 and of version 1. The house looks for what is left. */
class CgroupLifetimeTest {
    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private Removals removals;
    private TestCgroups cgroups;

    @BeforeEach
    void watch() {
        removals = new Removals(HOUSE);
    }

    private void version(int version) {
        cgroups = HOUSE.keep(version == 2 ? TestCgroups.version2() : TestCgroups.version1());
    }

    private static ContainerServer server(long timeoutUs, Path... cgroups) {
        return HOUSE.helper().add("org.test.App", arguments(timeoutUs, cgroups));
    }

    private static Map<String, Variant> arguments(long timeoutUs, Path... cgroups) {
        return new HashMap<>(Map.of("Cgroups", new Variant("as", Arrays.stream(cgroups).map(Path::toString).toList()),
                "StartTimeout", new Variant("t", timeoutUs)));
    }

    private static ContainerServer server(Path... cgroups) {
        return server(0, cgroups);
    }

    private static void addCgroup(ContainerServer server, String path) {
        HOUSE.helper().connection().call(HelperApi.call("AddCgroup").body("os", server.object(), path));
    }

    /** The daemon looks at version 1 several times a second; a process that is gone before it does was never there. */
    private void awaitLook() {
        removals.check(server(700_000, cgroups.create("unused")), "never-started");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 1})
    void cgroup_lastProcessEnds_endsTheServer(int version) {
        version(version);
        Path cgroup = cgroups.create("app");
        ContainerServer server = server(cgroup);
        Process first = cgroups.occupy(cgroup);
        Process second = cgroups.occupy(cgroup);
        RawClient app = HOUSE.app(server);
        awaitLook();
        TestCgroups.kill(first);
        app.sync();
        removals.checkAlive(server);
        TestCgroups.kill(second);
        app.awaitClose();
        removals.check(server, "instances-gone");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 1})
    void cgroup_populatedBefore_countsAtOnce(int version) {
        version(version);
        Path cgroup = cgroups.create("app");
        Process process = cgroups.occupy(cgroup);
        ContainerServer server = server(200_000, cgroup);
        TestCgroups.kill(process);
        removals.check(server, "instances-gone");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 1})
    void cgroup_emptyAtFirst_doesNotEndTheServer(int version) {
        version(version);
        ContainerServer server = server(cgroups.create("app"));
        try (RawClient app = server.connect()) {
            app.sync();
        }
        ContainerServer later = server(600_000, cgroups.create("other"));
        removals.check(later, "never-started");
        removals.checkAlive(server);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 1})
    void subCgroups_countIn(int version) {
        version(version);
        Path cgroup = cgroups.create("app");
        Path deep = cgroups.create("app/one/deep");
        cgroups.create("app/two");
        ContainerServer server = server(cgroup);
        Process process = cgroups.occupy(deep);
        awaitLook();
        Path made = cgroups.create("app/two/later");
        TestCgroups.move(process, made);
        TestCgroups.remove(deep);
        removals.checkAlive(server);
        TestCgroups.kill(process);
        removals.check(server, "instances-gone");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 1})
    void startTimeout_withoutProcess_endsTheServer_clientOrNot(int version) {
        version(version);
        ContainerServer server = server(400_000, cgroups.create("app"));
        RawClient app = HOUSE.app(server);
        app.awaitClose();
        removals.check(server, "never-started");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 1})
    void startTimeout_populatedInTime_hasNoEffect(int version) {
        version(version);
        Path cgroup = cgroups.create("app");
        ContainerServer server = server(1_500_000, cgroup);
        Process process = cgroups.occupy(cgroup);
        ContainerServer later = server(1_600_000, cgroups.create("other"));
        removals.check(later, "never-started");
        removals.checkAlive(server);
        TestCgroups.kill(process);
        removals.check(server, "instances-gone");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 1})
    void cgroup_removed_isOver(int version) {
        version(version);
        Path unused = cgroups.create("unused");
        ContainerServer server = server(unused);
        TestCgroups.remove(unused);
        removals.check(server, "instances-gone");
    }

    /** The kernel may keep the last change of a cgroup to itself when another was less than 10 ms before and it is removed then. */
    @ParameterizedTest
    @ValueSource(ints = {2, 1})
    void cgroup_removedRightAfterItsProcess_isOver(int version) {
        version(version);
        for (int i = 0; i < 30; i++) {
            Path cgroup = cgroups.create("app" + i);
            ContainerServer server = server(cgroup);
            Process process = cgroups.start(cgroup, "exec true");
            Awaitility.await().until(() -> !process.isAlive());
            TestCgroups.remove(cgroup);
            removals.check(server, "instances-gone");
        }
    }

    /** Both changes may arrive as one. */
    @Test
    void version2_processComesAndGoesAtOnce_endsTheServer() {
        version(2);
        for (int i = 0; i < 50; i++) {
            Path cgroup = cgroups.create("app" + i);
            ContainerServer server = server(cgroup);
            cgroups.start(cgroup, "exec true");
            removals.check(server, "instances-gone");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 1})
    void severalCgroups_theLastOneEndsTheServer(int version) {
        version(version);
        Path first = cgroups.create("first");
        Path second = cgroups.create("second");
        Path third = cgroups.create("third");
        Process inFirst = cgroups.occupy(first);
        Process inSecond = cgroups.occupy(second);
        ContainerServer server = server(0, first, second);
        assertEquals(List.of(first.toString(), second.toString()), HOUSE.helper().property(server, "Cgroups"));
        RawClient observer = HOUSE.unconfined();
        observer.match("type='signal',member='PropertiesChanged',path='" + server.object() + "'");
        Process inThird = cgroups.occupy(third);
        addCgroup(server, third.toString());
        addCgroup(server, third.toString());
        assertCgroups(observer, first, second, third);
        TestCgroups.kill(inFirst);
        assertCgroups(observer, second, third);
        TestCgroups.kill(inThird);
        assertCgroups(observer, second);
        removals.checkAlive(server);
        TestCgroups.kill(inSecond);
        removals.check(server, "instances-gone");
    }

    private static void assertCgroups(RawClient observer, Path... expected) {
        Message changed = observer.await("change of Cgroups", message -> message.is(Message.SIGNAL, "PropertiesChanged")
                && ((Map<?, ?>) message.args().get(1)).containsKey("Cgroups"));
        assertEquals(Arrays.stream(expected).map(Path::toString).toList(),
                ((Variant) ((Map<?, ?>) changed.args().get(1)).get("Cgroups")).value());
    }

    @Test
    void severalCgroups_oneInTimeAndOneNot_endWithTheOneThatWas() {
        version(2);
        Path used = cgroups.create("used");
        ContainerServer server = server(500_000, used, cgroups.create("unused"));
        Process process = cgroups.occupy(used);
        Awaitility.await("the unused one to be over").until(() -> HOUSE.helper().property(server, "Cgroups").equals(List.of(used.toString())));
        TestCgroups.kill(process);
        removals.check(server, "instances-gone");
    }

    @Test
    void addCgroup_toAServerWithoutEnd_replacesTheEndWithItsClients() {
        version(2);
        Path cgroup = cgroups.create("app");
        Process process = cgroups.occupy(cgroup);
        ContainerServer server = HOUSE.helper().add("org.test.App", Map.of("StartTimeout", new Variant("t", 400_000L)));
        addCgroup(server, cgroup.toString());
        ContainerServer later = HOUSE.helper().add("org.test.App", Map.of("StartTimeout", new Variant("t", 500_000L)));
        removals.check(later, "never-started");
        server.connect().close();
        removals.checkAlive(server);
        TestCgroups.kill(process);
        removals.check(server, "instances-gone");
    }

    @Test
    void addedCgroup_hasATimeOfItsOwn() {
        version(2);
        Path used = cgroups.create("used");
        Process process = cgroups.occupy(used);
        ContainerServer server = server(400_000, used);
        Path unused = cgroups.create("unused");
        addCgroup(server, unused.toString());
        TestCgroups.kill(process);
        Awaitility.await().until(() -> HOUSE.helper().property(server, "Cgroups").equals(List.of(unused.toString())));
        removals.check(server, "instances-gone");
    }

    @Test
    void relativePath_isBelowTheMount() {
        version(2);
        Path cgroup = cgroups.create("app/sub");
        Process process = cgroups.occupy(cgroup);
        ContainerServer server = server(0, cgroups.mount().relativize(cgroup));
        assertEquals(List.of(cgroup.toString()), HOUSE.helper().property(server, "Cgroups"));
        TestCgroups.kill(process);
        removals.check(server, "instances-gone");
    }

    @Test
    void frozenCgroup_doesNotEndTheServer() throws Exception {
        version(2);
        Path cgroup = cgroups.create("app");
        Path empty = cgroups.create("empty");
        Process process = cgroups.occupy(cgroup);
        ContainerServer server = server(0, cgroup, empty);
        for (String state : List.of("1", "0")) {
            for (Path each : List.of(cgroup, empty)) {
                Files.writeString(each.resolve("cgroup.freeze"), state);
                Awaitility.await().until(() -> Files.readString(each.resolve("cgroup.events")).contains("frozen " + state));
            }
        }
        assertEquals(List.of(cgroup.toString(), empty.toString()), HOUSE.helper().property(server, "Cgroups"));
        TestCgroups.remove(empty);
        TestCgroups.kill(process);
        removals.check(server, "instances-gone");
    }

    private static void signal(String name) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-" + name, Long.toString(HOUSE.daemon().pid())).start().waitFor());
    }

    private static void awaitEvents(Path cgroup, String expected) {
        Awaitility.await().until(() -> Files.readString(cgroup.resolve("cgroup.events")).contains(expected));
    }

    /** So it is when the machine is suspended: all events of the meantime come as one, and nothing in the file has changed. */
    @Test
    void emptyCgroup_frozenAndThawedWhileTheDaemonStands_doesNotEndTheServer() throws Exception {
        version(2);
        Path empty = cgroups.create("empty");
        Path used = cgroups.create("used");
        ContainerServer server = server(empty);
        ContainerServer ended = server(used);
        signal("STOP");
        for (String state : List.of("1", "0")) {
            Files.writeString(empty.resolve("cgroup.freeze"), state);
            awaitEvents(empty, "frozen " + state);
        }
        cgroups.start(used, "exec true").waitFor();
        awaitEvents(used, "populated 0");
        Files.writeString(used.resolve("cgroup.freeze"), "1");
        awaitEvents(used, "frozen 1");
        signal("CONT");
        removals.check(ended, "instances-gone");
        removals.checkAlive(server);
        Process process = cgroups.occupy(empty);
        removals.checkAlive(server);
        TestCgroups.kill(process);
        removals.check(server, "instances-gone");
    }

    /** What is not seen is not over; and the daemon does not go after it for ever. */
    @ParameterizedTest
    @ValueSource(ints = {2, 1})
    void cgroupsNestedWithoutEnd_costNobodyElse(int version) {
        version(version);
        Path cgroup = cgroups.create("app");
        Process process = cgroups.occupy(cgroup);
        ContainerServer server = server(cgroup);
        Path other = cgroups.create("other");
        Process process2 = cgroups.occupy(other);
        ContainerServer after = server(other);
        List<Path> nested = new ArrayList<>();
        Path deepest = cgroup;
        for (int depth = 0; depth < 60; depth++) {
            deepest = deepest.resolve("x");
            nested.add(0, cgroups.create(cgroups.root().relativize(deepest).toString()));
        }
        TestCgroups.kill(process);
        TestCgroups.kill(process2);
        removals.check(after, "instances-gone");
        if (version == 1) {
            awaitLook();
            removals.checkAlive(server);
        }
        nested.forEach(TestCgroups::remove);
        removals.check(server, "instances-gone");
    }

    @Test
    void allEndsAtOnce_areToldOnce() throws Exception {
        version(2);
        for (int round = 0; round < 30; round++) {
            Path cgroup = cgroups.create("app" + round);
            Process process = cgroups.occupy(cgroup);
            int[] pipe = Descriptors.pipe();
            Map<String, Variant> arguments = arguments(0, cgroup);
            arguments.put("CloseNotification", new Variant("h", 0));
            arguments.put("OutliveCreator", Variant.of(false));
            RawClient creator = HOUSE.bus().connect();
            ContainerServer server = new HelperApi(creator).add("org.test.App", arguments, pipe[0]);
            HOUSE.app(server);
            HOUSE.helper().stopListening(server);
            List<Runnable> ends = new ArrayList<>(List.of(() -> TestCgroups.kill(process), () -> Descriptors.close(pipe), creator::close,
                    () -> HOUSE.helper().connection().send(HelperApi.call("RemoveContainerServer").body("o", server.object()))));
            Collections.rotate(ends, round);
            ends.forEach(Runnable::run);
            removals.check(server, null);
        }
    }

    @Test
    void badPaths_areNamedAndLeaveNothing() throws Exception {
        version(2);
        Path cgroup = cgroups.create("app");
        Path link = HOUSE.runtime().resolve("link");
        Files.createSymbolicLink(link, cgroup);
        HOUSE.keep(() -> Files.delete(link));
        Map<String, String> expected = new HashMap<>(Map.of(
                cgroup.resolve("../app").toString(), "has a component '..'",
                cgroup.resolve("missing").toString(), "does not exist",
                "no/such/cgroup", "does not exist below " + cgroups.mount(),
                link.toString(), "is not below the mount point",
                "/tmp", "is not below the mount point",
                cgroup.resolve("cgroup.procs").toString(), "leads through a file or a symbolic link",
                cgroup.resolve("cgroup.procs/x").toString(), "leads through a file or a symbolic link",
                "", "is a whole hierarchy",
                cgroups.mount() + "/", "is a whole hierarchy",
                "a".repeat(5000), "file name too long"));
        expected.put("../" + cgroups.mount().relativize(cgroup), "has a component '..'");
        expected.forEach((path, reason) -> {
            DBusError named = assertThrows(DBusError.class, () -> HOUSE.helper().add("org.test.App",
                    Map.of("Cgroups", new Variant("as", List.of(cgroup.toString(), path)))), path);
            assertEquals("org.freedesktop.DBus.Error.InvalidArgs", named.name());
            assertTrue(named.getMessage().toLowerCase().contains(("cgroup '" + path + "' ").toLowerCase())
                    && named.getMessage().toLowerCase().contains(reason), named.getMessage());
        });
        assertEquals(List.of(), HOUSE.helper().servers());
    }

    @Test
    void moreThanTheLimit_isRefused() {
        version(2);
        ContainerServer server = server(cgroups.create("first"));
        for (int i = 1; i < 64; i++) {
            addCgroup(server, cgroups.create("app" + i).toString());
        }
        Path tooMany = cgroups.create("last");
        DBusError error = assertThrows(DBusError.class, () -> addCgroup(server, tooMany.toString()));
        assertEquals("org.freedesktop.DBus.Error.LimitsExceeded", error.name());
        removals.checkAlive(server);
    }

    @Test
    void ends_severalSet_theFirstToComeIsTheReason() {
        version(2);
        Path cgroup = cgroups.create("app");
        Process process = cgroups.occupy(cgroup);
        Map<String, Variant> arguments = arguments(0, cgroup);
        arguments.put("OutliveCreator", Variant.of(false));
        ContainerServer byProcess;
        ContainerServer byCreator;
        try (RawClient creator = HOUSE.bus().connect()) {
            byProcess = HOUSE.helper().add("org.test.App", arguments);
            byCreator = new HelperApi(creator).add("org.test.App", arguments);
        }
        removals.check(byCreator, "creator-gone");
        removals.checkAlive(byProcess);
        TestCgroups.kill(process);
        removals.check(byProcess, "instances-gone");
    }

    @ParameterizedTest
    @ValueSource(strings = {"default", "true"})
    void creatorGone_cgroupsSet_serverStays(String outlive) {
        version(2);
        Path cgroup = cgroups.create("app");
        Process process = cgroups.occupy(cgroup);
        Map<String, Variant> arguments = arguments(0, cgroup);
        if (outlive.equals("true")) {
            arguments.put("OutliveCreator", Variant.of(true));
        }
        ContainerServer server;
        try (RawClient creator = HOUSE.bus().connect()) {
            server = new HelperApi(creator).add("org.test.App", arguments);
        }
        try (RawClient app = server.connect()) {
            app.sync();
        }
        removals.checkAlive(server);
        TestCgroups.kill(process);
        removals.check(server, "instances-gone");
    }

    @Test
    void stopListening_endsWithTheClientsOrTheProcesses() {
        version(2);
        Path cgroup = cgroups.create("app");
        Process process = cgroups.occupy(cgroup);
        ContainerServer byClient = server(cgroup);
        ContainerServer byProcess = server(cgroup);
        RawClient first = byClient.connect();
        RawClient second = HOUSE.app(byProcess);
        HOUSE.helper().stopListening(byClient);
        HOUSE.helper().stopListening(byProcess);
        first.close();
        removals.check(byClient, "removed");
        second.sync();
        TestCgroups.kill(process);
        removals.check(byProcess, "instances-gone");
    }

    /** Version 1 has no event for it: a process that moves away is missed by those that wait for its end. */
    @ParameterizedTest
    @ValueSource(ints = {2, 1})
    void process_thatMovesAway_isGone(int version) {
        version(version);
        Path cgroup = cgroups.create("app");
        Process process = cgroups.occupy(cgroup);
        ContainerServer server = server(cgroup);
        TestCgroups.move(process, cgroups.create("elsewhere"));
        Awaitility.await("the next look at all").atMost(Duration.ofSeconds(20))
                .until(() -> !HOUSE.helper().servers().contains(server.object()));
        removals.check(server, "instances-gone");
        assertTrue(process.isAlive());
    }
}
