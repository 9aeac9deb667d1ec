package io.berth.tests.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AccessRule;
import io.berth.api.RuleText;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code berth learn}: under what was learnt from an app, the same app is never refused; and less would not do. */
class LearnTest {
    private static final String THINGS = "org.test.Things";
    private static final String THINGS_PATH = "/org/test/things";
    private static final String NOTIFICATIONS = "org.freedesktop.Notifications";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @TempDir
    private Path directory;
    private final Command berth = new Command(HOUSE);

    private static String script(String name) {
        return Path.of("src/test/resources/programs", name).toAbsolutePath().toString();
    }

    private static void service(String name, String... command) {
        Program service = HOUSE.run(HOUSE.bus().address(), command);
        RawClient watcher = HOUSE.unconfined();
        Awaitility.await(name).atMost(Command.PATIENCE).until(() -> {
            assertTrue(service.isAlive(), service.errors());
            return (Boolean) watcher.bus("NameHasOwner", "s", name).arg();
        });
    }

    private static String run(ContainerServer server, String... command) {
        Program app = HOUSE.run(server, command);
        assertEquals(0, app.exitStatus(Command.PATIENCE), app.output() + app.errors());
        return app.output();
    }

    /** Learns while the work is done, then ends it as Ctrl-C does. @return what it printed */
    private String learn(ContainerServer server, Runnable work, int status, String... options) {
        List<String> command = new ArrayList<>(List.of("learn", Command.id(server)));
        command.addAll(List.of(options));
        Program learn = berth.start(command.toArray(String[]::new));
        Awaitility.await().atMost(Command.PATIENCE).until(() -> learn.errors().contains("Ctrl-C ends it") || !learn.isAlive());
        work.run();
        learn.terminate();
        assertEquals(status, learn.exitStatus(Command.PATIENCE), learn.output() + learn.errors());
        assertEquals("enforce", HOUSE.helper().property(server, "Mode"));
        return learn.output() + (status == 0 ? "" : learn.errors());
    }

    private static AccessRule[] rules(String lines) {
        return lines.lines().map(RuleText::parse).toArray(AccessRule[]::new);
    }

    private static long denied(ContainerServer server) {
        return (Long) HOUSE.helper().property(server, "MessagesDenied");
    }

    /** @return the rules learnt */
    private String checkLearning(String granularity, String... app) throws IOException {
        ContainerServer server = HOUSE.server();
        Path recording = directory.resolve("recording");
        List<String> outputs = new ArrayList<>();
        String learnt = learn(server, () -> outputs.add(run(server, app)), 0, "--no-diff", "--granularity=" + granularity, "--record=" + recording);
        assertEquals(0, denied(server));
        AccessRule[] rules = rules(learnt);
        HOUSE.helper().setAccess(server, rules);
        assertEquals(outputs.get(0).replace("level 7", "level 9"), run(server, app));
        assertEquals(0, denied(server), berth.output(0, "why", Command.id(server)));
        Path policy = Files.writeString(directory.resolve("policy"), learnt);
        assertEquals("0", berth.output(0, "replay", recording.toString(), "--policy", policy.toString()).replaceAll(".* messages, ([0-9]+) .*\n", "$1"));
        for (int i = 0; i < rules.length; i++) {
            List<String> less = new ArrayList<>(learnt.lines().toList());
            less.remove(i);
            Files.write(policy, less);
            berth.output(4, "replay", recording.toString(), "--policy", policy.toString(), "--format=rules");
        }
        return learnt;
    }

    @Test
    void gdbus_underWhatWasLearnt_isNeverRefused() throws IOException {
        service(THINGS, "/usr/bin/python3", script("things_service.py"), THINGS);
        String learnt = checkLearning("method", "gdbus", "call", "--session", "-d", THINGS, "-o", THINGS_PATH, "-m", "org.test.Things.Echo", "<'hi'>");
        assertTrue(learnt.contains("--rule=see+call:org.test.Things=org.test.Things.Echo@/org/test/things\n"), learnt);
        assertFalse(learnt.contains("*\n"), learnt);
    }

    @ParameterizedTest
    @ValueSource(strings = {"name", "interface", "method"})
    void notificationClient_underWhatWasLearnt_isNeverRefused(String granularity) throws IOException {
        service(NOTIFICATIONS, "/usr/bin/python3", script("notification_server.py"));
        String learnt = checkLearning(granularity, "/usr/bin/python3", script("notification_client.py"));
        assertEquals(granularity.equals("method"), learnt.contains("call:org.freedesktop.Notifications=org.freedesktop.Notifications.Notify@/"), learnt);
        assertEquals(granularity.equals("interface"), learnt.contains("org.freedesktop.Notifications.*\n"), learnt);
        assertEquals(granularity.equals("name"), learnt.equals("--rule=see+call+broadcast:org.freedesktop.Notifications\n"), learnt);
    }

    @Test
    void busctl_underWhatWasLearnt_isNeverRefused() throws IOException {
        service(THINGS, "/usr/bin/python3", script("things_service.py"), THINGS);
        checkLearning("interface", "busctl", "--user", "introspect", THINGS, THINGS_PATH);
    }

    @Test
    void appWithFileDescriptorsAndNameWatches_underWhatWasLearnt_isNeverRefused() throws IOException {
        service(THINGS, "/usr/bin/python3", script("things_service.py"), THINGS);
        String learnt = checkLearning("method", "/usr/bin/python3", script("gdbus_client.py"), THINGS);
        assertTrue(learnt.contains("send-fds"), learnt);
        assertTrue(learnt.contains("receive-fds"), learnt);
        assertTrue(learnt.contains("--see=org.test.Hidden\n"), learnt);
    }

    @Test
    void diff_againstThePresentRules_saysWhatToAddAndWhatNoLongerNeeds() {
        RawClient service = HOUSE.service("org.test.Used");
        ContainerServer server = HOUSE.server(rules("""
                --rule=see+call:org.test.Used=org.test.I.Kept@/
                --talk=org.test.Unused
                """));
        RawClient app = HOUSE.app(server);
        String diff = learn(server, () -> {
            app.send(Message.call("org.test.Used", "/", "org.test.I", "Kept").flags(Message.NO_REPLY_EXPECTED));
            app.send(Message.call(service.uniqueName(), "/obj/17/part", "org.test.I", "New").flags(Message.NO_REPLY_EXPECTED));
            app.own("org.test.Mine");
            service.awaitCall("New");
        }, 0);
        List<String> lines = diff.lines().toList();
        assertEquals(List.of(
                "  --rule=see+call:org.test.Used=org.test.I.Kept@/",
                "+ --rule=see+call:org.test.Used=org.test.I.New@/obj/*",
                "+ --rule=see+own:org.test.Mine",
                "- --talk=org.test.Unused"), lines.subList(0, 4));
        String add = lines.stream().filter(line -> line.startsWith("# to add what is missing: ")).findFirst().orElseThrow();
        berth.shell(List.of(add.substring("# to add what is missing: ".length())));
        app.send(Message.call("org.test.Used", "/obj/18", "org.test.I", "New").flags(Message.NO_REPLY_EXPECTED));
        service.awaitCall("New");
        assertEquals(4, HOUSE.helper().rules(server).size());
    }

    @Test
    void flatpakAndApparmor_sayTheSame_orThatTheyCannot() throws IOException {
        service(NOTIFICATIONS, "/usr/bin/python3", script("notification_server.py"));
        HOUSE.service("org.test.Watched");
        ContainerServer server = HOUSE.server();
        RawClient app = HOUSE.app(server);
        Path recording = directory.resolve("recording");
        learn(server, () -> {
            run(server, "/usr/bin/python3", script("notification_client.py"));
            app.own("org.test.Mine");
            app.bus("NameHasOwner", "s", "org.test.Watched");
        }, 0, "--record=" + recording);
        Program flatpak = berth.start("learn", Command.id(server), "--from=" + recording, "--format=flatpak", "--no-diff");
        assertEquals(0, flatpak.exitStatus(Command.PATIENCE), flatpak.errors());
        assertEquals("--own-name=org.test.Mine\n--talk-name=org.freedesktop.Notifications\n",
                flatpak.output().lines().sorted().map(line -> line + "\n").reduce("", String::concat));
        assertTrue(flatpak.errors().contains("org.test.Watched=see"), flatpak.errors());
        // an app that was connected before somebody looked
        Files.write(recording, Files.readAllLines(recording).stream().filter(line -> !line.contains("\"Hello\"")).toList());
        String apparmor = berth.output(0, "learn", Command.id(server), "--from=" + recording, "--format=apparmor", "--no-diff");
        assertTrue(apparmor.contains("dbus bind bus=session name=org.test.Mine,\n"), apparmor);
        assertTrue(apparmor.contains("interface=org.freedesktop.DBus member=\"{AddMatch,GetNameOwner,Hello,"), apparmor);
        assertTrue(apparmor.contains("dbus receive bus=session path=/org/freedesktop/Notifications interface=org.freedesktop.Notifications"
                + " member=NotificationClosed,\n"), apparmor);
        Path policy = Files.writeString(directory.resolve("policy"), apparmor);
        assertTrue(berth.output(0, "replay", recording.toString(), "--policy=" + policy).contains(" messages, 0 would"));
        Files.writeString(policy, apparmor.replace("dbus bind", "deny dbus bind"));
        List<Map<String, String>> different = Command.json(berth.output(4, "replay", recording.toString(), "--policy=" + policy, "--json"));
        assertEquals(List.of("denied own org.test.Mine"),
                different.stream().map(one -> one.get("verdict") + " " + one.get("operation") + " " + one.get("name")).toList());
    }

    @Test
    void whatNoRuleAllows_isSaid_andTheExitStatusTellsIt() {
        ContainerServer server = HOUSE.server();
        RawClient app = HOUSE.app(server);
        String output = learn(server, () -> app.answer(Message.call("org.freedesktop.systemd1", "/", "org.test.I", "Escape")), 4, "--no-diff");
        assertTrue(output.startsWith("berth: watching") && output.contains("is left out: hands out the host"), output);
        RawClient nameless = HOUSE.unconfined();
        String notes = learn(server, () -> {
            app.send(Message.call(nameless.uniqueName(), "/", "org.test.I", "Do").flags(Message.NO_REPLY_EXPECTED));
            nameless.awaitCall("Do");
        }, 4, "--no-diff");
        assertTrue(notes.contains("its peer has no name that lasts"), notes);
    }

    @Test
    void endOfTheServer_endsIt_withWhatWasSeen() {
        RawClient service = HOUSE.service("org.test.Used");
        ContainerServer server = HOUSE.server();
        RawClient app = HOUSE.app(server);
        Program learn = berth.start("learn", Command.id(server), "--no-diff");
        Awaitility.await().atMost(Command.PATIENCE).until(() -> learn.errors().contains("Ctrl-C ends it"));
        app.send(Message.call("org.test.Used", "/", "org.test.I", "Do").flags(Message.NO_REPLY_EXPECTED));
        service.awaitCall("Do");
        HOUSE.helper().remove(server);
        assertEquals(0, learn.exitStatus(Command.PATIENCE), learn.errors());
        assertEquals("--rule=see+call:org.test.Used=org.test.I.Do@/\n", learn.output());
    }

    @Test
    void killed_whileTheAppComplains_leavesItEnforcing() {
        ContainerServer server = HOUSE.server();
        Program learn = berth.start("learn", Command.id(server));
        Awaitility.await().atMost(Command.PATIENCE).until(() -> HOUSE.helper().property(server, "Mode").equals("complain"));
        learn.kill();
        Awaitility.await().atMost(Command.PATIENCE).until(() -> HOUSE.helper().property(server, "Mode").equals("enforce"));
    }

    @Test
    void replay_ofWhatIsNoRecording_saysWhere() throws IOException {
        Path recording = Files.writeString(directory.resolve("r"), "{\"event\":\"ready\"}\n\n{\"operation\":\"own\",\"name\":3}\n");
        Path policy = Files.writeString(directory.resolve("p"), "--talk=org.foo\n");
        Program replay = berth.start("replay", recording.toString(), "--policy=" + policy);
        assertEquals(1, replay.exitStatus(Command.PATIENCE));
        assertTrue(replay.errors().contains(recording + ":3: name: expected a string"), replay.errors());
        Files.writeString(recording, "{\"operation\":\"own\",\"name\":\"org.foo\",\"verdict\":\"allowed\"}\n");
        Files.writeString(policy, "# mine\n--talk=org.foo\n--fly=x\n");
        Program broken = berth.start("replay", recording.toString(), "--policy=" + policy);
        assertEquals(1, broken.exitStatus(Command.PATIENCE));
        assertTrue(broken.errors().contains(policy + ": line 3: access rule '--fly=x'"), broken.errors());
    }
}
