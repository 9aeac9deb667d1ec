package io.berth.tests.relay;

import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Descriptors;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.ConnectionClosed;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * No single message ends more than the connection that it came on, and on the helper's own connections it ends nothing: whatever
 * anybody says to them on the session bus or the system bus, the worst is that it is not read.
 */
class OneMessageTest {
    private static final String NAME = "org.test.Service";
    private static final AccessRule EVERYBODY = new AccessRule(AccessFlags.TALK | AccessFlags.FDS | AccessFlags.PATH_IS_SUBTREE, "", "/", "");

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private RawClient app;
    private RawClient systemApp;

    @BeforeEach
    void connect() {
        app = HOUSE.app(EVERYBODY);
        systemApp = HOUSE.app(HOUSE.helper().add("org.test.App", HelperApi.arguments(List.of(EVERYBODY), "Bus", Variant.of("system"))));
    }

    private void checkAllThere() {
        app.sync();
        systemApp.sync();
        assertEquals(2, HOUSE.helper().servers().size());
        String name = app.uniqueName();
        assertEquals(name, HOUSE.helper().instance(name).isEmpty() ? "" : name);
    }

    private static List<PrivateBus> buses() {
        return List.of(HOUSE.bus(), HOUSE.systemBus());
    }

    /** Names of the connections of the helper's process: its own, and those that it makes for apps. */
    private static List<String> helpers(PrivateBus bus) {
        try (RawClient asks = bus.connect()) {
            List<String> names = ((List<?>) asks.bus("ListNames").arg()).stream().map(String.class::cast).filter(name -> name.startsWith(":"))
                    .filter(name -> (Long) asks.bus("GetConnectionUnixProcessID", "s", name).arg() == HOUSE.daemon().pid()).toList();
            assertFalse(names.isEmpty());
            return names;
        }
    }

    /** From connections of their own, since the bus may end one for it; to each of the helper's, and to everybody. */
    private void sayToTheHelper(Message... messages) {
        for (PrivateBus bus : buses()) {
            List<String> targets = new ArrayList<>(helpers(bus));
            targets.add(null);
            for (String target : targets) {
                for (Message message : messages) {
                    if (target == null && message.type() == Message.CALL) {
                        continue;
                    }
                    try (RawClient outside = bus.connect()) {
                        if (target != null) {
                            message.field(Message.DESTINATION, new Variant("s", target));
                        } else {
                            message.without(Message.DESTINATION);
                        }
                        outside.send(message.serial(0));
                        outside.sync();
                    } catch (ConnectionClosed | IllegalStateException cutOff) {
                        continue;
                    }
                }
            }
        }
        checkAllThere();
    }

    private static Message call() {
        return Message.call(null, HelperApi.ROOT, "io.berth.Helper1", "GetConnectionInstance");
    }

    private static Message signal() {
        return Message.signal(null, "/", "org.test.I", "Said");
    }

    /** A variant in a variant, so many times. */
    private static Variant nested(int depth) {
        return depth == 0 ? new Variant("y", 1) : new Variant("v", nested(depth - 1));
    }

    /** The same as bytes, however many. */
    private static byte[] variants(int depth) {
        byte[] bytes = new byte[3 * depth + 1];
        for (int i = 0; i < depth; i++) {
            bytes[3 * i] = 1;
            bytes[3 * i + 1] = (byte) (i == depth - 1 ? 'y' : 'v');
        }
        return bytes;
    }

    private static List<Variant> valuesOfEveryKind() {
        return List.of(new Variant("a{sv}", Map.of("k", nested(3))), new Variant("(ss)", List.of("a", "b")), new Variant("v", Variant.of("x")),
                new Variant("aas", List.of(List.of("a"), List.of())), new Variant("a(yx)", List.of(List.of(1, 2L))),
                new Variant("a{s(ay)}", Map.of()), nested(55), new Variant("(y(y(y(ad))))", List.of(1, List.of(2, List.of(3, List.of(List.of(1.5)))))));
    }

    @Test
    void unknownHeaderField_ofAnyType_endsNothing() {
        for (Variant value : valuesOfEveryKind()) {
            sayToTheHelper(signal().field(10, value), call().field(77, value).body("s", ":1.1"));
        }
    }

    @Test
    void header_of20MiB_endsNothing() {
        String path = "/" + "x".repeat(20 << 20);
        sayToTheHelper(Message.signal(null, path, "org.test.I", "Said"), Message.call(null, path, "org.test.I", "Ask"),
                signal().field(99, Variant.of(path)));
    }

    @Test
    void body_of100MiB_endsNothing() {
        sayToTheHelper(call().body("ayay", new byte[50 << 20], new byte[50 << 20]));
    }

    @Test
    void callsWithManyAndDeepValues_endNothing() {
        List<Variant> many = Collections.nCopies(200_000, new Variant("y", 1));
        Map<String, Variant> metadata = Map.of("m", new Variant("av", many));
        Message add = Message.call(null, HelperApi.ROOT, "io.berth.Helper1", "AddContainerServer");
        sayToTheHelper(call().body("av", many), call().body("v", nested(60)), call().rawBody("v", variants(300_000)),
                add.body("ssa{sv}a{sv}", "t", "org.a", metadata, metadata),
                Message.call(null, HelperApi.ROOT, "io.berth.Helper1", "AddContainerServer").body("ssa{sv}a{sv}", "t", "org.a", Map.of(),
                        Map.of("x", nested(55))));
    }

    @Test
    void bodiesThatAreNoValues_endNothing() {
        byte[] declared = {-1, -1, -1, 3, 0, 0, 0, 0};
        sayToTheHelper(call().rawBody("s", new byte[] {9, 0, 0, 0, 'x', 0}), call().rawBody("as", declared), call().rawBody("a{sv}", declared),
                call().rawBody("s", new byte[0]), call().rawBody("(", new byte[8]), call().rawBody("a", new byte[8]),
                call().rawBody("a{vs}", new byte[8]), call().rawBody("()", new byte[8]), call().rawBody("sss", new byte[12]),
                call().body("u", 7), call().body("as", List.of("a")), call().rawBody("v", new byte[] {1, '(', 0, 0}));
    }

    @Test
    void whatIsNewOrOtherwise_endsNothing() {
        sayToTheHelper(Message.ofType(9).field(Message.PATH, new Variant("o", "/")), call().flags(0xf8).body("s", ":1.1"),
                call().bigEndian().body("s", ":1.1"), signal().bigEndian().field(10, new Variant("a{sv}", Map.of("k", nested(1)))));
        RawClient outside = HOUSE.unconfined();
        assertEquals(Message.RETURN, outside.answer(call().field(Message.DESTINATION, new Variant("s", BerthDaemon.NAME)).bigEndian()
                .flags(0xf8).body("s", app.uniqueName())).type());
    }

    @Test
    void forgedAnswersAndNews_areNotTaken() {
        for (int serial = 1; serial <= 12; serial++) {
            sayToTheHelper(Message.reply(null, serial).body("v", nested(2)), Message.error(null, serial, "org.test.E").body("u", 1));
        }
        for (int serial : new int[] {0xffff0000, 0xffff0001, 0xffff0002, 0xffff0003, 0xffffffff}) {
            sayToTheHelper(Message.reply(null, serial).field(Message.SENDER, Variant.of(RawClient.BUS)).body("u", 1));
        }
        sayToTheHelper(Message.signal(null, RawClient.BUS_PATH, RawClient.BUS, "NameOwnerChanged").body("u", 1),
                Message.signal(null, RawClient.BUS_PATH, RawClient.BUS, "NameOwnerChanged").field(Message.SENDER, Variant.of(RawClient.BUS))
                        .body("sss", app.uniqueName(), app.uniqueName(), ""));
    }

    @Test
    void manyLongCalls_atOnce_areAnsweredOrRefused() {
        try (RawClient outside = HOUSE.bus().connect()) {
            Map<String, Variant> many = Map.of("m", new Variant("av", Collections.nCopies(15_000, Variant.of("x"))));
            List<Integer> asked = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                asked.add(outside.send(HelperApi.call("AddContainerServer").body("ssa{sv}a{sv}", "org.test", "a.b", many,
                        Map.of("Policy", Variant.of("# " + "x".repeat(500_000))))));
            }
            for (int serial : asked) {
                Message answer = outside.await("an answer", message -> message.replySerial() == serial);
                assertEquals(Message.ERROR, answer.type());
            }
        }
        checkAllThere();
    }

    private static void limitFds(long pid, String limits) {
        try {
            assertEquals(0, new ProcessBuilder("prlimit", "--pid", Long.toString(pid), "--nofile=" + limits).inheritIO().start().waitFor());
        } catch (IOException | InterruptedException failure) {
            throw new IllegalStateException(failure);
        }
    }

    /** A limit below what is open already lets nothing more be opened. */
    private static void withoutFds(Runnable step) throws IOException {
        long pid = HOUSE.daemon().pid();
        String line = Files.readAllLines(Path.of("/proc/" + pid + "/limits")).stream().filter(each -> each.startsWith("Max open files"))
                .findFirst().orElseThrow();
        String hard = line.split(" +")[4];
        limitFds(pid, "3:" + hard);
        try {
            step.run();
        } finally {
            limitFds(pid, hard + ":" + hard);
        }
    }

    private static int openFds() {
        try (Stream<Path> fds = Files.list(Path.of("/proc/" + HOUSE.daemon().pid() + "/fd"))) {
            return (int) fds.count();
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }

    @Test
    void fdsThatTheHelperCannotTakeIn_costTheirMessageOnly() throws IOException {
        int[] pipe = Descriptors.pipe();
        RawClient outside = HOUSE.unconfined();
        RawClient systemOutside = HOUSE.keep(HOUSE.systemBus().connect());
        List<String> own = ownConnections(outside, HOUSE.bus(), app.uniqueName());
        List<String> systemOwn = ownConnections(systemOutside, HOUSE.systemBus(), systemApp.uniqueName());
        // without fds no class can be loaded either: those that this takes are
        own.forEach(name -> outside.send(Message.signal(name, "/", "org.test.I", "Fds").body("h", 0).fds(pipe[0], pipe[1])));
        assertEquals("org.freedesktop.DBus.Error.LimitsExceeded",
                outside.answer(HelperApi.call("Introspect").body("ay", new byte[2 << 20])).errorName());
        int before = openFds();
        int[] lost = {0};
        withoutFds(() -> {
            own.forEach(name -> outside.send(Message.signal(name, "/", "org.test.I", "Fds").body("h", 0).fds(pipe[0], pipe[1], pipe[0])));
            systemOwn.forEach(name -> systemOutside.send(Message.signal(name, "/", "org.test.I", "Fds").body("h", 0).fds(pipe[0])));
            lost[0] = outside.send(HelperApi.call("AddContainerServer").fds(pipe[0])
                    .body("ssa{sv}a{sv}", "org.test", "a.b", Map.of(), Map.of("CloseNotification", new Variant("h", 0))));
            assertEquals("org.freedesktop.DBus.Error.LimitsExceeded", outside.await("an answer", message -> message.replySerial() == lost[0]).errorName());
            outside.sync();
            systemOutside.sync();
            app.sync();
            systemApp.sync();
        });
        assertEquals(before, openFds());
        // those of the messages before are gone: this one's own are taken, and when its pipe is closed its server ends
        int[] other = Descriptors.pipe();
        ContainerServer server = HOUSE.helper().add("org.test.Fd", Map.of("CloseNotification", new Variant("h", 0)), other[0]);
        Descriptors.close(pipe);
        HOUSE.app(server).sync();
        Descriptors.close(other);
        Awaitility.await().until(() -> !HOUSE.helper().servers().contains(server.object()));
        checkAllThere();
    }

    /** Those of the helper's that are no app's. */
    private static List<String> ownConnections(RawClient asks, PrivateBus bus, String appName) {
        List<String> names = new ArrayList<>(helpers(bus));
        names.remove(appName);
        assertTrue(names.size() >= 1, names.toString());
        return names;
    }

    // through the relay

    @Test
    void foreignBroadcast_howeverItsHeader_doesNotEndAnApp() {
        String longest = "/" + "x".repeat(300_000);
        for (RawClient each : List.of(app, systemApp)) {
            each.match("type='signal',interface='org.test.I'");
            each.match("path_namespace='/'");
            PrivateBus bus = each == app ? HOUSE.bus() : HOUSE.systemBus();
            for (Variant value : valuesOfEveryKind()) {
                say(bus, signal().field(10, value).body("s", "unknown field"));
                say(bus, signal().bigEndian().field(200, value).body("s", "unknown field"));
                say(bus, Message.signal(null, longest, "org.test.I", "Long").body("s", "not read"));
                say(bus, Message.call(each.uniqueName(), longest, "org.test.I", "Long").body("s", "not read"));
                say(bus, Message.reply(each.uniqueName(), 5).field(99, Variant.of(longest)).body("s", "not read"));
                say(bus, signal().body("s", "after " + value));
                each.await("what was said after that", message -> message.is(Message.SIGNAL, "Said") && message.arg().equals("after " + value));
            }
            each.sync();
            List<Message> heard = each.drain();
            assertTrue(heard.stream().noneMatch(message -> "Long".equals(message.member())));
            assertTrue(heard.stream().anyMatch(message -> message.is(Message.SIGNAL, "Said") && message.arg().equals("unknown field")));
        }
        checkAllThere();
    }

    /** On a connection of its own, which the bus may end for it. */
    private static void say(PrivateBus bus, Message message) {
        try (RawClient outside = bus.connect()) {
            outside.send(message);
            outside.sync();
        } catch (ConnectionClosed | IllegalStateException cutOff) {
            return;
        }
    }

    /** Fds of what is skipped are nobody's: those that come later still belong to their own messages. */
    @Test
    void messageThatIsSkippedWithFds_leavesTheOthersTheirs() {
        int before = openFds();
        String longest = "/" + "x".repeat(300_000);
        RawClient outside = HOUSE.unconfined();
        for (int round = 0; round < 20; round++) {
            int[] wrong = Descriptors.pipe();
            int[] right = Descriptors.pipe();
            Descriptors.write(wrong[1], 'w');
            Descriptors.write(right[1], 'r');
            outside.send(Message.signal(app.uniqueName(), longest, "org.test.I", "Long").fds(wrong[0], wrong[0], wrong[0]).body("h", 0));
            outside.send(Message.signal(app.uniqueName(), "/", "org.test.I", "Short").fds(right[0]).body("h", 0));
            outside.send(Message.signal(app.uniqueName(), longest, "org.test.I", "Long"));
            outside.send(Message.signal(app.uniqueName(), "/", "org.test.I", "Short").body("s", "none"));
            Message first = app.awaitSignal("Short");
            assertEquals(1, first.fds().length);
            assertEquals('r', Descriptors.read(first.fds()[0]));
            Descriptors.close(first.fds());
            assertEquals(0, app.awaitSignal("Short").fds().length);
            Descriptors.close(wrong);
            Descriptors.close(right);
        }
        app.sync();
        assertEquals(before, openFds());
    }

    @Test
    void app_sayingWhatOnlyTheBusMay_isNotHeardSayingIt() {
        RawClient service = HOUSE.service(NAME);
        service.match("type='signal',interface='org.test.I'");
        ContainerServer server = HOUSE.server(EVERYBODY);
        RawClient liar = HOUSE.app(server);
        Map<Integer, Variant> lies = new LinkedHashMap<>();
        lies.put(10, new Variant("o", "/io/berth/Helper1/Server1"));
        lies.put(11, new Variant("a{sv}", Map.of("k", nested(2))));
        lies.put(200, new Variant("u", 7));
        lies.put(Message.SENDER, Variant.of(RawClient.BUS));
        for (Map.Entry<Integer, Variant> lie : lies.entrySet()) {
            for (boolean big : new boolean[] {false, true}) {
                check(service, "Call", liar, spoken(Message.call(NAME, "/o", "org.test.I", "Call"), lie, big));
                check(service, "Call", liar, spoken(Message.call(service.uniqueName(), "/o", "org.test.I", "Call"), lie, big));
                check(service, "Unicast", liar, spoken(Message.signal(NAME, "/o", "org.test.I", "Unicast"), lie, big));
                check(service, "Broadcast", liar, spoken(Message.signal(null, "/o", "org.test.I", "Broadcast"), lie, big));
                int asked = service.send(Message.call(liar.uniqueName(), "/", "org.test.I", "Ask"));
                liar.awaitCall("Ask");
                liar.send(spoken(Message.reply(service.uniqueName(), asked), lie, big));
                checkPlain(service.await("reply", message -> message.replySerial() == asked), liar);
                int again = service.send(Message.call(liar.uniqueName(), "/", "org.test.I", "Ask"));
                liar.awaitCall("Ask");
                liar.send(spoken(Message.error(service.uniqueName(), again, "org.test.E"), lie, big));
                checkPlain(service.await("error", message -> message.replySerial() == again), liar);
                assertEquals(Message.RETURN, liar.answer(spoken(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "GetId"), lie, big)
                        .body("")).type());
            }
        }
    }

    private static Message spoken(Message message, Map.Entry<Integer, Variant> lie, boolean big) {
        message.field(lie.getKey(), lie.getValue()).body("say", "text", new byte[] {1, 2, 3});
        return big ? message.bigEndian() : message;
    }

    private static void check(RawClient service, String member, RawClient liar, Message message) {
        int[] pipe = Descriptors.pipe();
        Descriptors.write(pipe[1], 'f');
        liar.send(message.fds(pipe[0]));
        Descriptors.close(pipe);
        Message heard = service.await(member, each -> member.equals(each.member()));
        assertEquals('f', Descriptors.read(heard.fds()[0]));
        Descriptors.close(heard.fds());
        checkPlain(heard, liar);
    }

    private static void checkPlain(Message heard, RawClient liar) {
        assertEquals(liar.uniqueName(), heard.sender());
        assertTrue(heard.fields().stream().allMatch(code -> code <= Message.UNIX_FDS), heard.toString());
        assertEquals("text", heard.arg());
        assertArrayEquals(new byte[] {1, 2, 3}, (byte[]) heard.args().get(1));
    }

    @Test
    void questionToTheHelper_withFds_isRefused() {
        int[] pipe = Descriptors.pipe();
        Message question = HelperApi.call("GetConnectionInstance").body("s", app.uniqueName());
        assertEquals(Message.RETURN, app.answer(question).type());
        assertEquals("org.freedesktop.DBus.Error.AccessDenied", app.answer(question.serial(0).fds(pipe[0])).errorName());
        Descriptors.close(pipe);
    }
}
