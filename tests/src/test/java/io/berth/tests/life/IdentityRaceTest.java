package io.berth.tests.life;

import static io.berth.tests.house.Rules.call;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.ConnectionClosed;
import io.berth.tests.raw.Encoder;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The moment at which a service first hears of a connection is not too early to ask whose it is. */
class IdentityRaceTest {
    private static final String NAME = "org.test.Curious";
    private static final int CLIENTS = 10_000;
    private static final int NAMES_WATCHED = 2000;
    private static final int AT_ONCE = 16;

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static byte[] pipelined() {
        return new Encoder(ByteOrder.LITTLE_ENDIAN)
                .bytes("\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n".getBytes(StandardCharsets.ISO_8859_1))
                .bytes(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "Hello").serial(1).toBytes())
                .bytes(Message.call(NAME, "/", "org.test.I", "First").serial(2).toBytes()).toBytes();
    }

    /** Asks about each sender of a first call the moment it comes, and answers the call when the answer is there. */
    private static Map<String, Integer> serve(RawClient service, String expected) {
        Map<String, Integer> answers = new HashMap<>();
        Map<Integer, Message> asked = new HashMap<>();
        int answered = 0;
        while (answered < CLIENTS) {
            Message message = service.next();
            if (message.is(Message.CALL, "First")) {
                asked.put(service.send(HelperApi.call("GetConnectionInstance").body("s", message.sender())), message);
            } else if (asked.containsKey(message.replySerial())) {
                Message call = asked.remove(message.replySerial());
                String answer = message.type() == Message.ERROR ? message.errorName() : String.valueOf(message.arg());
                answers.merge(answer.equals(expected) ? "right" : answer, 1, Integer::sum);
                service.send(Message.reply(call.sender(), call.serial()));
                answered++;
            }
        }
        return answers;
    }

    @Test
    void serviceAsking_atTheFirstMessage_isNeverTooEarly() throws Exception {
        RawClient service = HOUSE.service(NAME);
        ContainerServer server = HOUSE.server(call(NAME));
        CompletableFuture<Map<String, Integer>> asking = CompletableFuture.supplyAsync(() -> serve(service, server.object()));
        byte[] bytes = pipelined();
        for (int i = 0; i < CLIENTS && !asking.isCompletedExceptionally(); i += AT_ONCE) {
            List<RawClient> clients = new ArrayList<>();
            for (int j = 0; j < AT_ONCE; j++) {
                RawClient client = RawClient.open(server.socket());
                clients.add(client);
                client.sendBytes(bytes);
            }
            for (RawClient client : clients) {
                try (client) {
                    client.readLine();
                    client.readLine();
                    client.readLine();
                    client.await("reply", message -> message.replySerial() == 2);
                } catch (ConnectionClosed early) {
                    throw new AssertionError("client " + i, early);
                }
            }
        }
        assertEquals(Map.of("right", CLIENTS), asking.get());
    }

    /** Asks about each new connection the moment the bus tells of it. */
    private static void watch(RawClient watcher, BlockingQueue<Message> answers) {
        int asked = 0;
        for (int answered = 0; answered < NAMES_WATCHED; ) {
            Message message = watcher.next();
            if (message.is(Message.SIGNAL, "NameOwnerChanged") && message.args().get(1).equals("")) {
                asked = watcher.send(HelperApi.call("GetConnectionInstance").body("s", message.arg()));
            } else if (message.replySerial() == asked) {
                answers.add(message);
                answered++;
            }
        }
    }

    @Test
    void watcherAsking_whenTheBusTellsOfTheName_isNeverTooEarly() throws Exception {
        ContainerServer server = HOUSE.server();
        RawClient watcher = HOUSE.unconfined();
        watcher.match("type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'");
        watcher.drain();
        BlockingQueue<Message> answers = new LinkedBlockingQueue<>();
        CompletableFuture<Void> watching = CompletableFuture.runAsync(() -> watch(watcher, answers));
        for (int i = 0; i < NAMES_WATCHED; i++) {
            try (RawClient client = server.connect()) {
                Message answer = answers.poll(10, TimeUnit.SECONDS);
                assertEquals(server.object(), answer.arg(), () -> "client " + client + ": " + answer);
            }
        }
        watching.get();
    }
}
