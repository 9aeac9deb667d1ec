package io.berth.tests.relay;

import static io.berth.api.AccessFlags.BROADCAST;
import static io.berth.tests.house.Rules.call;
import static io.berth.tests.house.Rules.rule;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An allowed name goes from one service to another while both talk: exactly the owner's broadcasts arrive, all of them. */
class HandOverTest {
    private static final String NAME = "org.test.Handed";
    private static final int REPLACE = 1 | 2;
    private static final int HAND_OVERS = 20;
    private static final int BETWEEN = 200;

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    /** Streams numbered broadcasts and takes the name every so often, all without waiting. */
    private static void stream(RawClient service) {
        int number = 0;
        for (int round = 0; round < HAND_OVERS; round++) {
            Message[] burst = new Message[BETWEEN + 1];
            for (int i = 0; i < BETWEEN; i++) {
                burst[i] = Message.signal(null, "/o", "org.test.I", "Numbered").body("u", number++);
            }
            burst[BETWEEN] = Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "RequestName").body("su", NAME, REPLACE);
            service.sendTogether(burst);
        }
        service.send(Message.signal(null, "/o", "org.test.I", "Done"));
    }

    /** Everything until both services are done. */
    private static List<Message> listen(RawClient listener, List<String> services) {
        List<Message> heard = new ArrayList<>();
        List<String> left = new ArrayList<>(services);
        while (!left.isEmpty()) {
            Message message = listener.next();
            if (message.is(Message.SIGNAL, "Done")) {
                left.remove(message.sender());
            } else if (message.type() == Message.SIGNAL) {
                heard.add(message);
            }
        }
        return heard;
    }

    /** What the owners said while they owned the name, as somebody who hears all of both knows. */
    private static List<String> saidAsOwner(List<Message> heard) {
        List<String> said = new ArrayList<>();
        String owner = "";
        for (Message message : heard) {
            if (message.is(Message.SIGNAL, "NameOwnerChanged") && NAME.equals(message.arg())) {
                owner = (String) message.args().get(2);
            } else if (message.is(Message.SIGNAL, "Numbered") && owner.equals(message.sender())) {
                said.add(message.sender() + " " + message.arg());
            }
        }
        return said;
    }

    @Test
    void name_handedOverWhileBothStream_noneLostAndNoneLeaked() {
        RawClient first = HOUSE.unconfined();
        RawClient second = HOUSE.unconfined();
        RawClient observer = HOUSE.unconfined();
        RawClient app = HOUSE.app(rule(BROADCAST, NAME));
        observer.match("type='signal'");
        app.match("type='signal',interface='org.test.I',sender='" + NAME + "'");
        app.match("type='signal',interface='org.test.I'");
        List<String> services = List.of(first.uniqueName(), second.uniqueName());

        CompletableFuture<Void> streams = CompletableFuture.allOf(CompletableFuture.runAsync(() -> stream(first)),
                CompletableFuture.runAsync(() -> stream(second)));
        CompletableFuture<List<Message>> observed = CompletableFuture.supplyAsync(() -> listen(observer, services));
        streams.join();
        List<Message> truth = observed.join();
        first.sync();
        second.sync();

        List<String> expected = saidAsOwner(truth);
        RawClient marker = HOUSE.unconfined();
        marker.send(Message.signal(app.uniqueName(), "/", "org.test.Barrier", "End"));
        app.awaitSignal("End");
        List<String> heard = app.drain().stream().filter(message -> message.is(Message.SIGNAL, "Numbered"))
                .map(message -> message.sender() + " " + message.arg()).toList();
        long changes = truth.stream().filter(message -> message.is(Message.SIGNAL, "NameOwnerChanged") && NAME.equals(message.arg())).count();
        assertTrue(changes >= 10, "only " + changes + " hand-overs");
        assertTrue(expected.size() > BETWEEN, "the owners said little: " + expected.size());
        assertEquals(expected, heard);
    }

    @Test
    void name_givenBackAndTakenAgain_broadcastsFollowIt() {
        RawClient first = HOUSE.unconfined();
        RawClient second = HOUSE.unconfined();
        RawClient app = HOUSE.app(rule(BROADCAST, NAME));
        app.match("type='signal',sender='" + NAME + "'");
        for (int round = 0; round < HAND_OVERS; round++) {
            RawClient owner = round % 2 == 0 ? first : second;
            RawClient stranger = round % 2 == 0 ? second : first;
            stranger.send(Message.signal(null, "/o", "org.test.I", "Numbered").body("u", 1000 + round));
            owner.own(NAME);
            owner.send(Message.signal(null, "/o", "org.test.I", "Numbered").body("u", round));
            owner.bus("ReleaseName", "s", NAME);
            owner.send(Message.signal(null, "/o", "org.test.I", "Numbered").body("u", 2000 + round));
            owner.sync();
            assertEquals((long) round, app.awaitSignal("Numbered").arg());
        }
        RawClient marker = HOUSE.unconfined();
        marker.send(Message.signal(app.uniqueName(), "/", "org.test.Barrier", "End"));
        app.awaitSignal("End");
        assertEquals(List.of(), app.drainFromPeers());
    }

    @Test
    void owner_changesWhileTheAppDoesNotRead_oldOwnerIsOutOfReach() {
        RawClient old = HOUSE.unconfined();
        RawClient next = HOUSE.unconfined();
        old.bus("RequestName", "su", NAME, REPLACE);
        ContainerServer server = HOUSE.server(talk(NAME));
        RawClient app = HOUSE.app(server);
        RawClient peer = HOUSE.app(server);
        app.match("type='signal',interface='org.test.I'");
        byte[] bulk = new byte[100_000];
        for (int i = 0; i < 100; i++) {
            old.send(Message.signal(null, "/o", "org.test.I", "Bulk").body("ay", bulk));
        }
        old.sync();
        next.bus("RequestName", "su", NAME, REPLACE);
        Awaitility.await().until(() -> {
            app.send(Message.call(old.uniqueName(), "/", "org.test.I", "Do").flags(Message.NO_REPLY_EXPECTED));
            app.send(Message.signal(peer.uniqueName(), "/", "org.test.Barrier", "Sent"));
            peer.awaitSignal("Sent");
            old.sync();
            return old.drain().stream().noneMatch(message -> message.is(Message.CALL, "Do"));
        });
        for (int i = 0; i < 20; i++) {
            app.send(Message.call(old.uniqueName(), "/", "org.test.I", "Again").flags(Message.NO_REPLY_EXPECTED));
            app.send(Message.call(NAME, "/", "org.test.I", "New").flags(Message.NO_REPLY_EXPECTED));
        }
        for (int i = 0; i < 20; i++) {
            next.awaitCall("New");
        }
        old.sync();
        assertTrue(old.drain().stream().noneMatch(message -> message.is(Message.CALL, "Again")));
    }

    @Test
    void aliasOfNameHandedOver_callsGoWhereTheRuleSays() {
        RawClient old = HOUSE.service("org.test.Alias");
        RawClient next = HOUSE.unconfined();
        old.bus("RequestName", "su", NAME, REPLACE);
        RawClient app = HOUSE.app(call(NAME));
        app.send(Message.call("org.test.Alias", "/", "org.test.I", "Do"));
        assertEquals(old.uniqueName(), old.awaitCall("Do").destination());
        next.bus("RequestName", "su", NAME, REPLACE);
        Awaitility.await().until(() -> {
            int serial = app.send(Message.call("org.test.Alias", "/", "org.test.I", "After"));
            app.sync();
            return app.drain().stream().anyMatch(message -> message.type() == Message.ERROR && message.replySerial() == serial);
        });
        app.send(Message.call(NAME, "/", "org.test.I", "New"));
        assertEquals(app.uniqueName(), next.awaitCall("New").sender());
    }
}
