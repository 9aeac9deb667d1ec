package io.berth.tests.relay;

import static io.berth.tests.house.Rules.see;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.TestHouse;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who has much under way is slowed and not cut off, while it moves. */
class CongestionTest {
    private static final String NAME = "org.test.Service";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

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

    /**
     * Each sends a message of a mebibyte while the bus stands; all must come.
     *
     * @param meanwhile happens when no more of them is read
     */
    private static void checkLongMessagesCome(List<RawClient> clients, RawClient service, Runnable meanwhile) throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        List<Future<?>> sent = new ArrayList<>();
        signalBus("STOP");
        try {
            for (RawClient client : clients) {
                sent.add(threads.submit(() -> client.socket().send(Message.call(NAME, "/", "org.test.I", "Long").serial(99)
                        .flags(Message.NO_REPLY_EXPECTED).body("ay", new byte[1 << 20]).toBytes(), Duration.ofSeconds(60))));
            }
            awaitRest();
            meanwhile.run();
            awaitRest();
        } finally {
            signalBus("CONT");
        }
        for (Future<?> one : sent) {
            one.get(60, TimeUnit.SECONDS);
        }
        threads.shutdown();
        for (int i = 0; i < clients.size(); i++) {
            Message come = service.await("call Long", Duration.ofSeconds(60), message -> message.is(Message.CALL, "Long"));
            assertEquals(1 << 20, ((byte[]) come.arg()).length);
        }
        for (RawClient client : clients) {
            client.sync();
        }
    }

    @Test
    void manyAppsWithLongMessages_whileTheBusStands_areSlowedAndNotCutOff() throws Exception {
        RawClient service = HOUSE.service(NAME);
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            clients.add(HOUSE.app(talk(NAME)));
        }
        checkLongMessagesCome(clients, service, () -> { });
    }

    /** The three have nearly as much as the honest one had before they came; but what they have does not move. */
    @Test
    void honestApp_besideThreeThatKeepWhatTheyCan_isNotCutOff() throws Exception {
        RawClient service = HOUSE.service(NAME);
        List<RawClient> hostile = new ArrayList<>();
        for (int app = 0; app < 3; app++) {
            ContainerServer server = HOUSE.server(see(NAME));
            for (int i = 0; i < 10; i++) {
                hostile.add(HOUSE.app(server));
            }
        }
        ContainerServer honest = HOUSE.server(talk(NAME));
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            clients.add(HOUSE.app(honest));
        }
        byte[] whole = Message.call(NAME, "/" + "x".repeat(240_000), "org.test.I", "Do").serial(9).toBytes();
        checkLongMessagesCome(clients, service, () -> {
            for (RawClient client : hostile) {
                try {
                    client.socket().send(Arrays.copyOf(whole, whole.length - 5), Duration.ofMillis(100));
                } catch (IllegalStateException hasGotItsShare) {
                    // not read any more
                }
            }
        });
    }

    /** Its connections are not read any more; a new one gets its name all the same. */
    @Test
    void newConnection_ofAnAppThatHasAllItMay_getsItsName() {
        ContainerServer server = HOUSE.server(see(NAME));
        byte[] whole = Message.call(NAME, "/" + "x".repeat(240_000), "org.test.I", "Do").serial(9).toBytes();
        for (int i = 0; i < 20; i++) {
            RawClient client = HOUSE.app(server);
            try {
                client.socket().send(Arrays.copyOf(whole, whole.length - 5), Duration.ofMillis(100));
            } catch (IllegalStateException hasGotItsShare) {
                // not read any more
            }
        }
    }
}
