package io.berth.tests.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.RuleText;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Descriptors;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code berth why}: what was refused, and commands that do allow it. */
class WhyTest {
    private static final String NAME = "org.test.Service";
    private static final String IFACE = "org.test.Iface";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private final Command berth = new Command(HOUSE);

    private List<Map<String, String>> why(ContainerServer server) {
        return Command.json(berth.output(0, "why", "--json", Command.id(server)));
    }

    private void follow(ContainerServer server) {
        List<String> commands = why(server).stream().map(denial -> denial.getOrDefault("command", "")).filter(c -> !c.isEmpty()).toList();
        berth.shell(commands);
    }

    @Test
    void eachRefusal_withItsCommandExecuted_passes() {
        RawClient service = HOUSE.service(NAME);
        ContainerServer server = HOUSE.server();
        RawClient app = HOUSE.app(server);
        app.match("type='signal',interface='" + IFACE + "'");
        Runnable tries = () -> {
            app.send(Message.call(NAME, "/by/name", IFACE, "ByName").flags(Message.NO_REPLY_EXPECTED));
            app.send(Message.call(service.uniqueName(), "/by/unique", IFACE, "ByUnique").flags(Message.NO_REPLY_EXPECTED));
            app.send(Message.call(NAME, "/", null, "Bare").flags(Message.NO_REPLY_EXPECTED));
            app.send(Message.signal(NAME, "/", IFACE, "Told"));
            app.sync();
            service.send(Message.signal(null, "/cast", IFACE, "Cast"));
            service.sync();
        };
        tries.run();
        assertEquals("org.freedesktop.DBus.Error.AccessDenied", refusal(app, "org.test.Mine"));
        assertEquals(List.of(), service.drainFromPeers());
        Awaitility.await().atMost(Command.PATIENCE).until(() -> why(server).size() >= 6);
        follow(server);
        tries.run();
        service.awaitCall("ByName");
        service.awaitCall("ByUnique");
        service.awaitCall("Bare");
        service.awaitSignal("Told");
        assertEquals("/cast", app.awaitSignal("Cast").path());
        app.own("org.test.Mine");
        List<String> rules = List.of(berth.output(0, "access", Command.id(server)).split("\n"));
        assertTrue(rules.stream().allMatch(rule -> RuleText.parse(rule).busName().matches("org\\.test\\.(Service|Mine)")), rules.toString());
    }

    private static String refusal(RawClient app, String name) {
        return app.answer(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "RequestName").body("su", name, 0)).errorName();
    }

    @Test
    void fileDescriptors_bothWays_passWithTheCommands() {
        RawClient service = HOUSE.service(NAME);
        ContainerServer server = HOUSE.server(RuleText.parse("--rule=call:" + NAME));
        RawClient app = HOUSE.app(server);
        int[] pipe = Descriptors.pipe();
        try {
            Message withFd = Message.call(NAME, "/", IFACE, "Take").body("h", 0).fds(pipe[1]);
            assertEquals("org.freedesktop.DBus.Error.AccessDenied", app.answer(withFd).errorName());
            assertEquals("org.freedesktop.DBus.Error.AccessDenied", replyWithFd(service, app, pipe[1]).errorName());
            follow(server);
            app.send(Message.call(NAME, "/", IFACE, "Take").flags(Message.NO_REPLY_EXPECTED).body("h", 0).fds(pipe[1]));
            Descriptors.close(service.awaitCall("Take").fds());
            Message reply = replyWithFd(service, app, pipe[1]);
            assertEquals(1, reply.fds().length);
            Descriptors.close(reply.fds());
        } finally {
            Descriptors.close(pipe);
        }
    }

    private static Message replyWithFd(RawClient service, RawClient app, int fd) {
        int serial = app.send(Message.call(NAME, "/", IFACE, "Give"));
        Message call = service.awaitCall("Give");
        service.send(Message.reply(call.sender(), call.serial()).body("h", 0).fds(fd));
        return app.await("an answer", message -> message.replySerial() == serial);
    }

    @Test
    void whatNoRuleCanAllow_hasNoCommand() {
        ContainerServer server = HOUSE.server(RuleText.parse("--talk=org.freedesktop.systemd1"));
        RawClient app = HOUSE.app(server);
        assertTrue(refusal(app, "io.berth.Helper1").endsWith("AccessDenied"));
        assertTrue(app.answer(Message.call("org.freedesktop.systemd1", "/", IFACE, "Do")).errorName().endsWith("AccessDenied"));
        assertTrue(app.answer(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "UpdateActivationEnvironment")
                .body("a{ss}", Map.of())).errorName().endsWith("AccessDenied"));
        List<Map<String, String>> denials = why(server);
        assertEquals(List.of("own io.berth.Helper1", "method_call org.freedesktop.systemd1", "method_call org.freedesktop.DBus"),
                denials.stream().map(denial -> denial.get("operation") + " " + denial.get("name")).toList());
        assertFalse(denials.stream().anyMatch(denial -> denial.containsKey("command")), denials.toString());
        String text = berth.output(0, "why", Command.id(server));
        assertEquals(3, text.lines().filter(line -> line.contains("nothing allows it")).count(), text);
    }

    @Test
    void repeatedRefusals_areOneEntryThatCounts_andOnlyTheLastAreKept() {
        HOUSE.service(NAME);
        ContainerServer server = HOUSE.server();
        RawClient app = HOUSE.app(server);
        assertTrue(berth.output(0, "why", Command.id(server)).startsWith("Nothing was refused to org.test.App"));
        for (RawClient one : List.of(app, HOUSE.app(server), app)) {
            one.answer(Message.call(NAME, "/", IFACE, "Often"));
        }
        assertEquals("3", why(server).get(0).get("count"));
        assertTrue(berth.output(0, "why", Command.id(server)).contains("denied, 3 times  method call to " + NAME + " " + IFACE + ".Often at /\n"));
        for (int i = 0; i < 100; i++) {
            app.answer(Message.call(NAME, "/p" + i, IFACE, "Many"));
        }
        List<Map<String, String>> denials = why(server);
        assertEquals(64, denials.size());
        assertEquals("/p36", denials.get(0).get("path"));
        assertEquals("/p99", denials.get(63).get("path"));
    }

    @Test
    void modeComplain_liveByTheCommand_letsPassAndTells() {
        RawClient service = HOUSE.service(NAME);
        ContainerServer server = HOUSE.server();
        RawClient app = HOUSE.app(server);
        assertTrue(app.answer(Message.call(NAME, "/", IFACE, "Do")).errorName().endsWith("ServiceUnknown"));
        assertEquals("", berth.output(0, "access", Command.id(server), "--mode=complain"));
        assertEquals("complain", HOUSE.helper().property(server, "Mode"));
        app.send(Message.call(NAME, "/", IFACE, "Do").flags(Message.NO_REPLY_EXPECTED));
        service.awaitCall("Do");
        assertEquals(List.of("denied", "allowed"), why(server).stream().map(denial -> denial.get("verdict")).toList());
        berth.output(0, "access", Command.id(server), "--mode=enforce");
        assertTrue(app.answer(Message.call(NAME, "/", IFACE, "Do")).errorName().endsWith("ServiceUnknown"));
        berth.output(2, "access", Command.id(server), "--mode=dream");
    }
}
