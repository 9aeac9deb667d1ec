package io.berth.tests.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code berth learn --format=apparmor} and {@code berth why} where an AppArmor policy decides. */
class LearnPolicyTest {
    private static final String NAME = "org.test.Service";
    private static final String IFACE = "org.test.Iface";
    private static final String DRIVER = "dbus send bus=session peer=(name=org.freedesktop.DBus),\n";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @TempDir
    private Path directory;
    private final Command berth = new Command(HOUSE);

    private static String script(String name) {
        return Path.of("src/test/resources/programs", name).toAbsolutePath().toString();
    }

    private static void service(String name, String script) {
        Program service = HOUSE.run(HOUSE.bus().address(), "/usr/bin/python3", script(script), name);
        RawClient watcher = HOUSE.unconfined();
        Awaitility.await(name).atMost(Command.PATIENCE).until(() -> {
            assertTrue(service.isAlive(), service.errors());
            return (Boolean) watcher.bus("NameHasOwner", "s", name).arg();
        });
    }

    private static Program run(ContainerServer server, List<String> command) {
        Program app = HOUSE.run(server, command.toArray(String[]::new));
        app.exitStatus(Command.PATIENCE);
        return app;
    }

    private String learn(ContainerServer server, Runnable work, String... options) {
        List<String> command = new ArrayList<>(List.of("learn", Command.id(server), "--format=apparmor"));
        command.addAll(List.of(options));
        Program learn = berth.start(command.toArray(String[]::new));
        Awaitility.await().atMost(Command.PATIENCE).until(() -> learn.errors().contains("Ctrl-C ends it") || !learn.isAlive());
        work.run();
        learn.terminate();
        assertEquals(0, learn.exitStatus(Command.PATIENCE), learn.output() + learn.errors());
        return learn.output();
    }

    private void setPolicy(ContainerServer server, String policy) throws IOException {
        Path file = Files.writeString(directory.resolve("policy"), policy);
        berth.output(0, "access", Command.id(server), "--policy=" + file);
        assertEquals(policy, HOUSE.helper().property(server, "Policy"));
    }

    private static long denied(ContainerServer server) {
        return (Long) HOUSE.helper().property(server, "MessagesDenied");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gdbus call --session -d org.test.Things -o /org/test/things -m org.test.Things.Big 10",
        "busctl --user get-property org.test.Things /org/test/things org.test.Things Level", "/usr/bin/python3 notification_client.py"})
    void app_underThePolicyLearnt_isNeverRefused_andUnderLessItIs(String line) throws IOException {
        service("org.test.Things", "things_service.py");
        service("org.freedesktop.Notifications", "notification_server.py");
        List<String> app = Arrays.stream(line.split(" ")).map(word -> word.endsWith(".py") ? script(word) : word).toList();
        ContainerServer server = HOUSE.server();
        List<String> outputs = new ArrayList<>();
        String learnt = learn(server, () -> outputs.add(run(server, app).output()), "--no-diff");
        setPolicy(server, learnt);
        Program again = run(server, app);
        assertEquals(outputs.get(0), again.output(), again.errors());
        assertEquals(0, again.exitStatus(Command.PATIENCE), again.errors());
        assertEquals(0, denied(server), berth.output(0, "why", Command.id(server)));
        for (String rule : learnt.lines().toList()) {
            long before = denied(server);
            setPolicy(server, learnt.replace(rule + "\n", ""));
            run(server, app);
            assertTrue(denied(server) > before, "not needed: " + rule);
        }
    }

    @Test
    void why_underAPolicy_saysTheRuleThatAllows() throws IOException {
        RawClient service = HOUSE.service(NAME);
        ContainerServer server = HOUSE.server();
        setPolicy(server, DRIVER + "deny dbus send bus=session member=Never,\n");
        RawClient app = HOUSE.app(server);
        app.match("type='signal',interface='" + IFACE + "'");
        assertTrue(app.answer(Message.call(NAME, "/", IFACE, "Do")).errorName().endsWith("AccessDenied"));
        assertTrue(app.answer(Message.call(NAME, "/", IFACE, "Never")).errorName().endsWith("AccessDenied"));
        assertTrue(app.answer(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "RequestName").body("su", "org.test.Mine", 0))
                .errorName().endsWith("AccessDenied"));
        service.send(Message.signal(null, "/", IFACE, "Cast"));
        service.sync();
        List<Map<String, String>> denials = Awaitility.await().atMost(Command.PATIENCE).until(
                () -> Command.json(berth.output(0, "why", "--json", Command.id(server))), all -> all.size() >= 3);
        List<String> commands = denials.stream().map(denial -> denial.getOrDefault("command", "")).filter(command -> !command.isEmpty()).toList();
        assertEquals(3, commands.size(), denials.toString());
        assertTrue(commands.stream().allMatch(command -> command.contains(" --add-policy-rule 'dbus ")), commands.toString());
        berth.shell(commands);
        app.send(Message.call(NAME, "/", IFACE, "Do").flags(Message.NO_REPLY_EXPECTED));
        service.awaitCall("Do");
        app.own("org.test.Mine");
        service.send(Message.signal(null, "/", IFACE, "Cast"));
        app.awaitSignal("Cast");
    }

    @Test
    void diff_againstAPolicy_isWhatItLacks() throws IOException {
        RawClient service = HOUSE.service(NAME);
        ContainerServer server = HOUSE.server();
        setPolicy(server, DRIVER);
        RawClient app = HOUSE.app(server);
        String diff = learn(server, () -> {
            app.send(Message.call(NAME, "/a", IFACE, "Do").flags(Message.NO_REPLY_EXPECTED));
            service.awaitCall("Do");
        });
        assertEquals("  " + DRIVER + "+ dbus send bus=session path=/a interface=" + IFACE + " member=Do peer=(name=" + NAME + "),\n", diff);
        assertEquals(DRIVER, berth.output(0, "access", Command.id(server)));
        assertFalse(berth.output(0, "why", Command.id(server)).contains("denied, "));
    }
}
