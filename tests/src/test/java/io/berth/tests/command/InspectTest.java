package io.berth.tests.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import io.berth.api.RuleText;
import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The commands that look at servers and change them. */
class InspectTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String TALK = "--talk=org.test.Foo.*";
    private static final String CALL = "--call=org.test.Foo=org.test.Iface.Do@/a/*";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static Program berth(String... arguments) {
        return HOUSE.run(HOUSE.bus().address(), BerthDaemon.command(arguments).toArray(String[]::new));
    }

    private static String output(int status, String... arguments) {
        Program program = berth(arguments);
        assertEquals(status, program.exitStatus(PATIENCE), program.output() + program.errors());
        return program.output();
    }

    private static String errors(int status, String... arguments) {
        Program program = berth(arguments);
        assertEquals(status, program.exitStatus(PATIENCE), program.output() + program.errors());
        assertEquals("", program.output());
        return program.errors();
    }

    private static String id(ContainerServer server) {
        return server.object().substring(server.object().lastIndexOf('/') + 1);
    }

    /** Each value of a JSON text by its path; fails when the text is not JSON. */
    private static List<String> json(String text) {
        List<String> values = new ArrayList<>();
        try (JsonParser parser = new JsonFactory().createParser(text)) {
            for (var token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token.isScalarValue()) {
                    values.add(parser.getParsingContext().pathAsPointer() + "=" + parser.getText());
                }
            }
        } catch (IOException notJson) {
            throw new AssertionError(text, notJson);
        }
        return values;
    }

    @Test
    void doctor_triesTheSessionBus() {
        assertTrue(doctor(HOUSE.bus().address()).startsWith("ok    session bus: unix:path="));
        String nowhere = "unix:path=" + HOUSE.runtime().resolve("nobody-listens");
        assertTrue(doctor(nowhere).startsWith("bad   session bus: cannot connect to " + nowhere));
    }

    private static String doctor(String bus) {
        Program program = HOUSE.run(bus, BerthDaemon.command("doctor").toArray(String[]::new));
        program.exitStatus(PATIENCE);
        return program.output();
    }

    @Test
    void list_tellsEveryServer() {
        assertEquals("No container servers.\n", output(0, "list"));
        assertEquals("[]\n", output(0, "list", "--json"));
        ContainerServer server = HOUSE.server(RuleText.parse(TALK));
        HOUSE.app(server);
        String[] lines = output(0, "list").split("\n");
        assertTrue(lines[0].matches("ID +APP +TYPE +BUS +STATE +CLIENTS .*"), lines[0]);
        assertTrue(lines[1].matches(id(server) + " +org.test.App +org.test.Sandbox +session +listening +1 .*"), lines[1]);
        List<String> values = json(output(0, "list", "--json"));
        assertTrue(values.containsAll(List.of("/0/id=" + id(server), "/0/app_id=org.test.App", "/0/allow/0=" + TALK,
                "/0/socket_path=" + server.socket(), "/0/state=listening")), values.toString());
    }

    @Test
    void show_findsAServerByIdPathOrApp() {
        ContainerServer server = HOUSE.helper().add(HelperApi.TYPE, "org.test.Shown", Map.of("Key", Variant.of("text\u001b[1m")),
                HelperApi.arguments(List.of(RuleText.parse(CALL))));
        String text = output(0, "show", id(server));
        assertTrue(text.startsWith("org.test.Shown - " + id(server) + "\n"), text);
        assertTrue(text.contains("    Access: " + CALL + "\n"), text);
        assertTrue(text.contains("  Metadata: Key = \"text\\u001B[1m\"\n"), text);
        assertEquals(text, output(0, "show", server.object()));
        assertEquals(text, output(0, "show", "org.test.Shown"));
        assertEquals(text, output(0, "show", "org.test.Sandbox/org.test.Shown"));
        assertTrue(json(output(0, "show", "--json", id(server))).contains("/metadata/Key=text\u001b[1m"));
        assertTrue(errors(1, "show", "org.test.Nobody").contains("server 'org.test.Nobody': there is none"));
    }

    @Test
    void server_withTheSameApp_mustBeNamedByIdOrBus() {
        HOUSE.server();
        ContainerServer system = HOUSE.helper().add("org.test.App", HelperApi.arguments(List.of(), "Bus", Variant.of("system")));
        assertTrue(errors(1, "show", "org.test.App").contains("is not unique; expected one of the identifiers: "));
        assertTrue(output(0, "show", "--bus=system", "org.test.App").contains(" - " + id(system) + "\n"));
    }

    @Test
    void access_forATime_addsARuleThatShowsTheTimeLeft() {
        ContainerServer server = HOUSE.server(RuleText.parse(CALL));
        output(0, "access", id(server), TALK, "--for", "1h 30min");
        String[] lines = output(0, "access", id(server)).split("\n");
        assertEquals(CALL, lines[0]);
        assertTrue(lines[1].matches("--talk=org[.]test[.]Foo[.][*] --for='1h (29|30)m'"), lines[1]);
        assertTrue(output(0, "show", id(server)).matches("(?s).*\n     Until: 2[0-9-]+ [0-9:]+  --talk=org[.]test[.]Foo[.][*]  [(]1h (29|30)m left[)]\n.*"));
        assertTrue(json(output(0, "show", "--json", id(server))).contains("/timed_access/0/rule=" + TALK));
        assertEquals(List.of("/0=" + CALL), json(output(0, "access", "--json", id(server))));
        output(0, "access", id(server), "--remove", TALK);
        assertEquals(CALL + "\n", output(0, "access", id(server)));
        assertTrue(errors(2, "access", id(server), "--for=soon", TALK).contains("--for: 'soon' is no time span"));
        assertTrue(errors(2, "access", id(server), "--set", "--for=10m", TALK).contains("does not go with --set"));
        assertTrue(errors(2, "access", id(server), "--for=10m").contains("--for needs at least one rule"));
    }

    @Test
    void monitor_tellsWhatWasAddedForATime_andThatItHasGone() {
        ContainerServer server = HOUSE.server();
        Program monitor = berth("monitor");
        Awaitility.await().atMost(PATIENCE).until(() -> !monitor.output().isEmpty());
        output(0, "access", id(server), TALK, "--for", "50ms");
        String record = "org[.]test[.]App [(]" + id(server) + "[)]  by :1[.][0-9]+ pid [0-9]+: --talk=org[.]test[.]Foo[.][*] until 20[0-9-]+T[0-9:]+Z";
        Awaitility.await().atMost(PATIENCE).until(() -> monitor.output().matches("(?s).*\n[0-9:.]+  access-added +" + record + "\n[0-9:.]+  access-expired +"
                + record + "\n.*"));
    }

    @Test
    void access_printsAndChangesTheRules_forTheNextMessage() {
        ContainerServer server = HOUSE.server(RuleText.parse(CALL));
        RawClient service = HOUSE.service("org.test.Foo");
        RawClient app = HOUSE.app(server);
        Message other = Message.call("org.test.Foo", "/b", "org.test.Iface", "Do").flags(Message.NO_REPLY_EXPECTED);
        assertEquals(CALL + "\n", output(0, "access", id(server)));
        output(0, "access", id(server), "--add", TALK);
        app.send(other);
        service.awaitCall("Do");
        assertEquals(List.of("/0=" + CALL, "/1=" + TALK), json(output(0, "access", "--json", id(server))));
        output(0, "access", id(server), "--remove", CALL, TALK);
        assertEquals("", output(0, "access", id(server)));
        output(0, "access", id(server), "--set", "--no-fds", TALK);
        assertEquals("--rule=talk:org.test.Foo.*\n", output(0, "access", id(server)));
        output(0, "access", id(server), "--set");
        assertEquals("", output(0, "access", id(server)));
    }

    @Test
    void remove_endsTheServer() {
        ContainerServer server = HOUSE.server();
        RawClient app = HOUSE.app(server);
        output(0, "remove", id(server));
        app.awaitClose();
        assertEquals(List.of(), HOUSE.helper().servers());
        ContainerServer drained = HOUSE.server();
        RawClient client = HOUSE.app(drained);
        output(0, "remove", "--drain", id(drained));
        assertEquals("draining", HOUSE.helper().property(drained, "State"));
        client.close();
        Awaitility.await().atMost(PATIENCE).until(() -> HOUSE.helper().servers().isEmpty());
    }

    @Test
    void identify_saysWhichApp() {
        RawClient app = HOUSE.app(HOUSE.server());
        assertTrue(output(0, "identify", app.uniqueName()).contains("App: org.test.App\n"));
        assertTrue(json(output(0, "identify", "--json", app.uniqueName())).containsAll(
                List.of("/confined=true", "/type=org.test.Sandbox", "/app_id=org.test.App")));
        RawClient host = HOUSE.unconfined();
        assertEquals(host.uniqueName() + " is not confined\n", output(4, "identify", host.uniqueName()));
        assertEquals(List.of("/confined=false"), json(output(4, "identify", "--json", host.uniqueName())));
        assertTrue(errors(1, "identify", ":1.99999").contains(":1.99999"));
    }

    @Test
    void monitor_tellsWhatHappens_andTheRuleItPrintsAllowsIt() {
        HOUSE.service("org.test.Foo");
        Program monitor = berth("monitor", "--json");
        assertTrue(monitor.firstLine(PATIENCE).contains("\"ready\""));
        ContainerServer server = HOUSE.server();
        RawClient app = HOUSE.app(server);
        Message call = Message.call("org.test.Foo", "/a", "org.test.Iface", "Do");
        try {
            app.call(call);
            throw new AssertionError("the call went through");
        } catch (DBusError refused) {
            assertNotNull(refused.getMessage());
        }
        String denied = Awaitility.await().atMost(PATIENCE).until(() -> monitor.output().lines()
                .filter(line -> line.contains("\"denied\"")).findFirst().orElse(""), line -> !line.isEmpty());
        List<String> values = json(denied);
        assertTrue(values.containsAll(List.of("/server=" + server.object(), "/app_id=org.test.App", "/name=org.test.Foo",
                "/member=Do", "/connection=" + app.uniqueName())), denied);
        String rule = values.stream().filter(value -> value.startsWith("/suggestion=")).findFirst().orElseThrow().substring("/suggestion=".length());
        output(0, "access", id(server), "--add", rule);
        app.send(Message.call("org.test.Foo", "/a", "org.test.Iface", "Do").flags(Message.NO_REPLY_EXPECTED));
        app.sync();
        HOUSE.helper().remove(server);
        Awaitility.await().atMost(PATIENCE).until(() -> monitor.output().contains("\"reason\":\"removed\""));
        assertEquals(1, monitor.output().lines().filter(line -> line.contains("\"denied\"")).count(), monitor.output());
        assertEquals(1, monitor.output().lines().filter(line -> line.contains("\"added\"")).count(), monitor.output());
    }

    @Test
    void monitor_signalsOfAnImpostor_areNotBelieved() {
        Program monitor = berth("monitor");
        monitor.firstLine(PATIENCE);
        RawClient impostor = HOUSE.unconfined();
        impostor.send(Message.signal(null, HelperApi.ROOT, BerthDaemon.NAME, "ContainerServerAdded")
                .body("oss", "/io/berth/Helper1/servers/666", "org.evil", "fake"));
        impostor.sync();
        HOUSE.server();
        Awaitility.await().atMost(PATIENCE).until(() -> monitor.output().contains("org.test.App"));
        assertEquals(-1, monitor.output().indexOf("fake"), monitor.output());
    }

    @Test
    void everyCommand_withoutHelper_exits3AndSaysWhatToDo() {
        String nowhere = HOUSE.systemBus().address();
        for (String[] command : new String[][] {{"list"}, {"show", "1"}, {"access", "1"}, {"remove", "1"}, {"identify", ":1.1"}, {"monitor"}}) {
            Program program = HOUSE.run(nowhere, BerthDaemon.command(command).toArray(String[]::new));
            assertEquals(3, program.exitStatus(PATIENCE), program.output() + program.errors());
            assertTrue(program.errors().contains("`berth daemon` starts one"), program.errors());
        }
        Program noBus = HOUSE.run("unix:path=/nonexistent", BerthDaemon.command("list").toArray(String[]::new));
        assertEquals(3, noBus.exitStatus(PATIENCE));
        assertTrue(noBus.errors().contains("/nonexistent"), noBus.errors());
    }
}
