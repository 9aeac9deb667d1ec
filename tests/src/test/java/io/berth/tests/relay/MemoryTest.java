package io.berth.tests.relay;

import static io.berth.tests.house.Rules.call;
import static io.berth.tests.house.Rules.rule;
import static io.berth.tests.house.Rules.see;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.berth.api.AccessFlags;
import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an app can make long: messages, questions, texts, lists. How much in all is {@link ExhaustionTest}'s subject. */
class MemoryTest {
    private static final int CONNECTIONS = 60;
    private static final String NAME = "org.test.Service";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse().configured("ownedNames = 2500", "memoryBytes = 45000000");

    private RawClient other;
    private ContainerServer hostile;

    @BeforeEach
    void connect() {
        other = HOUSE.app(see("org.test.Base"));
        hostile = HOUSE.server(see(NAME), rule(AccessFlags.SEE | AccessFlags.OWN | AccessFlags.NAME_IS_SUBTREE, "org.test.Many"));
    }

    private void checkOthersWork() {
        other.sync();
        HOUSE.app(hostile).sync();
    }

    private static void signalBus(String name) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-" + name, Long.toString(HOUSE.bus().routerPid())).start().waitFor());
    }

    /** Until the daemon has taken all that it takes: it has nothing to do any more (proc(5), utime). */
    private static void awaitRest() {
        Path stat = Path.of("/proc/" + HOUSE.daemon().pid() + "/stat");
        String[] before = {""};
        Awaitility.await().pollInterval(Duration.ofMillis(300)).atMost(Duration.ofSeconds(30)).until(() -> {
            String now = String.join(" ", Arrays.asList(Files.readString(stat).split(" ")).subList(13, 15));
            boolean rests = now.equals(before[0]);
            before[0] = now;
            return rests;
        });
    }

    @Test
    void longQuestionsToTheHelper_doNotReachIt() {
        ContainerServer asking = HOUSE.server(call(BerthDaemon.NAME));
        RawClient client = HOUSE.app(asking);
        Message question = HelperApi.call("GetConnectionInstance").body("s", "x".repeat(1_000_000));
        for (int i = 0; i < 200; i++) {
            client.send(HelperApi.call("GetConnectionInstance").body("s", "x".repeat(1_000_000)).flags(Message.NO_REPLY_EXPECTED));
        }
        assertEquals("org.freedesktop.DBus.Error.AccessDenied", client.answer(question).errorName());
        client.call(HelperApi.call("GetConnectionInstance").body("s", client.uniqueName()));
        checkOthersWork();
    }

    @Test
    void refusalAboutALongText_isCut() {
        RawClient client = HOUSE.app(hostile);
        Message answer = client.answer(Message.call(NAME, "/" + "x".repeat(200_000), "org.test.I", "Do"));
        assertEquals("org.freedesktop.DBus.Error.AccessDenied", answer.errorName());
        assertEquals(1024, ((String) answer.arg()).length());
    }

    @Test
    void listOfNames_thatAnotherAppMakesLong_isAnError() {
        List<RawClient> owners = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            RawClient client = HOUSE.app(hostile);
            owners.add(client);
            for (int n = 0; n < 256; n++) {
                client.own("org.test.Many.c" + i + "." + "x".repeat(225) + n);
            }
        }
        DBusError error = assertThrows(DBusError.class, () -> other.bus("ListNames"));
        assertEquals("org.freedesktop.DBus.Error.LimitsExceeded", error.name());
        owners.forEach(RawClient::close);
        checkOthersWork();
    }

    /** More than all that the daemon keeps for all apps. */
    @Test
    void refusalsThatAreRead_howeverMany_endNothing() {
        RawClient client = HOUSE.app(hostile);
        String path = "/" + "x".repeat(5000);
        for (int round = 0; round < 100; round++) {
            for (int n = 0; n < 100; n++) {
                client.send(Message.call(NAME, path, "org.test.I", "Do"));
            }
            client.sync();
            client.drain();
        }
        checkOthersWork();
    }

    /** What connections have left is not counted against those that are there. */
    @Test
    void manyThatLeaveWithAllKindsOfThings_endNothingLater() {
        byte[] call = Message.call(RawClient.BUS, "/", RawClient.BUS, "AddMatch").body("s", "x".repeat(200_000)).serial(9).toBytes();
        String path = "/" + "x".repeat(5000);
        RawClient service = HOUSE.service(NAME);
        ContainerServer leaving = HOUSE.server(talk(NAME));
        for (int i = 0; i < 100; i++) {
            try (RawClient client = leaving.connect()) {
                for (int n = 0; n < 200; n++) {
                    client.send(Message.call("org.test.Hidden", path, "org.test.I", "Do"));
                }
                client.sendBytes(Arrays.copyOf(call, call.length - 5));
            }
        }
        byte[] half = Message.call(NAME, "/", "org.test.I", "Whole").flags(Message.NO_REPLY_EXPECTED).serial(9).toBytes();
        RawClient honest = HOUSE.app(leaving);
        honest.sendBytes(Arrays.copyOf(half, half.length - 5));
        checkOthersWork();
        honest.sendBytes(Arrays.copyOfRange(half, half.length - 5, half.length));
        assertEquals(honest.uniqueName(), service.awaitCall("Whole").sender());
    }

    /** The bus stands, so that no refusal finds its place before its client has gone. */
    @Test
    void clientsThatLeaveWhileRefusalsWait_areNotCountedAnyMore() throws Exception {
        String path = "/" + "x".repeat(5000);
        ContainerServer leaving = HOUSE.server(see(NAME));
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            clients.add(HOUSE.app(leaving));
        }
        RawClient honest = HOUSE.app(talk(NAME));
        byte[] half = Message.call(NAME, "/", "org.test.I", "Whole").flags(Message.NO_REPLY_EXPECTED).serial(9).toBytes();
        signalBus("STOP");
        try {
            for (RawClient client : clients) {
                for (int n = 0; n < 200; n++) {
                    client.send(Message.call(NAME, path, "org.test.I", "Do"));
                }
                client.close();
            }
            honest.sendBytes(Arrays.copyOf(half, half.length - 5));
            awaitRest();
        } finally {
            signalBus("CONT");
        }
        RawClient service = HOUSE.service(NAME);
        honest.sendBytes(Arrays.copyOfRange(half, half.length - 5, half.length));
        assertEquals(honest.uniqueName(), service.awaitCall("Whole").sender());
        checkOthersWork();
    }
}
