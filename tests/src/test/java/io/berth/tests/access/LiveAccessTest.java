package io.berth.tests.access;

import static io.berth.api.AccessFlags.BROADCAST;
import static io.berth.tests.house.Rules.call;
import static io.berth.tests.house.Rules.own;
import static io.berth.tests.house.Rules.rule;
import static io.berth.tests.house.Rules.see;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import io.berth.tests.house.Barrier;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Rules changed while the app is connected: in force for the next message in either direction, and completely. */
class LiveAccessTest {
    private static final String NAME = "org.test.Service";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private RawClient service;
    private ContainerServer server;
    private RawClient app;
    private Barrier barrier;
    private byte[] endless;

    @BeforeEach
    void connect() {
        service = HOUSE.service(NAME);
        server = HOUSE.server();
        app = HOUSE.app(server);
        barrier = new Barrier(app, HOUSE.app(server), HOUSE.unconfined());
    }

    private int callsThrough() {
        app.send(Message.call(NAME, "/", "org.test.I", "Do"));
        app.send(Message.call(service.uniqueName(), "/", "org.test.I", "Do").flags(Message.NO_REPLY_EXPECTED));
        return barrier.sentTo(service).size();
    }

    private int broadcastsThrough() {
        service.send(Message.signal(null, "/", "org.test.I", "Changed"));
        return (int) barrier.received(service).stream().filter(message -> message.is(Message.SIGNAL, "Changed")).count();
    }

    @Test
    void setContainerAccess_backAndForth_nextMessageIsJudgedAnew() {
        app.match("type='signal'");
        for (int round = 0; round < 20; round++) {
            assertEquals(0, callsThrough() + broadcastsThrough());
            HOUSE.helper().setAccess(server, call(NAME));
            assertEquals(2, callsThrough());
            assertEquals(0, broadcastsThrough());
            HOUSE.helper().setAccess(server, rule(BROADCAST, NAME));
            assertEquals(0, callsThrough());
            assertEquals(1, broadcastsThrough());
            HOUSE.helper().setAccess(server);
        }
    }

    @Test
    void addAndRemoveAccess_oneRule_othersStay() {
        HOUSE.helper().addAccess(server, call(NAME), see("org.test.Other"));
        assertEquals(2, callsThrough());
        assertEquals(List.of(call(NAME), see("org.test.Other")), HOUSE.helper().rules(server));
        HOUSE.helper().removeAccess(server, call(NAME));
        assertEquals(0, callsThrough());
        assertEquals(List.of(see("org.test.Other")), HOUSE.helper().rules(server));
    }

    @Test
    void names_appearingAndVanishing_areToldAsOwnerChanges() {
        app.match("type='signal',member='NameOwnerChanged'");
        HOUSE.helper().setAccess(server, see(NAME));
        Message appeared = app.await("name to appear", message -> message.is(Message.SIGNAL, "NameOwnerChanged") && NAME.equals(message.arg()));
        assertEquals(List.of(NAME, "", service.uniqueName()), appeared.args());
        assertEquals("org.freedesktop.DBus", appeared.sender());
        HOUSE.helper().setAccess(server);
        Message vanished = app.await("name to vanish", message -> message.is(Message.SIGNAL, "NameOwnerChanged") && NAME.equals(message.arg()));
        assertEquals(List.of(NAME, service.uniqueName(), ""), vanished.args());
    }

    @Test
    void names_changedWithoutMatch_areNotTold() {
        app.match("type='signal',member='NameOwnerChanged',arg0='org.test.Another'");
        HOUSE.helper().setAccess(server, see(NAME));
        HOUSE.helper().setAccess(server);
        assertEquals(List.of(), barrier.received(service));
        assertFalse(app.drain().stream().anyMatch(message -> message.is(Message.SIGNAL, "NameOwnerChanged")));
    }

    @Test
    void ownedName_noLongerAllowed_isReleased() {
        HOUSE.helper().setAccess(server, own("org.test.Mine"), own("org.test.Kept"));
        app.own("org.test.Mine");
        app.own("org.test.Kept");
        HOUSE.helper().setAccess(server, own("org.test.Kept"));
        Awaitility.await().until(() -> !(Boolean) service.bus("NameHasOwner", "s", "org.test.Mine").arg());
        assertEquals(app.uniqueName(), service.bus("GetNameOwner", "s", "org.test.Kept").arg());
        assertEquals("org.freedesktop.DBus.Error.AccessDenied", app.answer(Message.call(RawClient.BUS, RawClient.BUS_PATH,
                RawClient.BUS, "RequestName").body("su", "org.test.Mine", 4)).errorName());
    }

    @Test
    void queuedName_noLongerAllowed_leavesTheQueue() {
        HOUSE.helper().setAccess(server, own(NAME));
        assertEquals(2L, app.bus("RequestName", "su", NAME, 0).arg());
        HOUSE.helper().setAccess(server);
        Awaitility.await().until(() -> ((List<?>) service.bus("ListQueuedOwners", "s", NAME).arg()).size() == 1);
        service.bus("ReleaseName", "s", NAME);
        assertFalse((Boolean) service.bus("NameHasOwner", "s", NAME).arg());
    }

    @Test
    void replyToCallMadeBefore_afterRevocation_stillArrives() {
        HOUSE.helper().setAccess(server, call(NAME));
        int serial = app.send(Message.call(NAME, "/", "org.test.I", "Slow"));
        Message arrived = service.awaitCall("Slow");
        HOUSE.helper().setAccess(server);
        service.send(Message.reply(arrived.sender(), arrived.serial()).body("s", "late"));
        assertEquals("late", app.await("reply", message -> message.replySerial() == serial).arg());
        assertEquals(0, callsThrough());
    }

    @Test
    void callFromOutside_answeredAfterRevocation_stillArrives() {
        int serial = service.send(Message.call(app.uniqueName(), "/", "org.test.I", "Ask"));
        Message arrived = app.awaitCall("Ask");
        HOUSE.helper().setAccess(server, talk(NAME));
        HOUSE.helper().setAccess(server);
        app.send(Message.reply(arrived.sender(), arrived.serial()).body("s", "answer"));
        assertEquals("answer", service.await("reply", message -> message.replySerial() == serial).arg());
    }

    @Test
    void connectionsAndServers_changeOfOne_leavesOthersAlone() {
        ContainerServer other = HOUSE.server(talk(NAME));
        RawClient otherApp = HOUSE.app(other);
        HOUSE.helper().setAccess(server, talk(NAME));
        HOUSE.helper().setAccess(server);
        otherApp.send(Message.call(NAME, "/", "org.test.I", "Other"));
        assertEquals(otherApp.uniqueName(), service.awaitCall("Other").sender());
    }

    /** A call and the beginning of another one, which the daemon is inside of when the first has arrived. */
    private void stayInsideAMessage() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(Message.call(NAME, "/", "org.test.I", "Before").flags(Message.NO_REPLY_EXPECTED).serial(900).toBytes());
        endless = Message.call(NAME, "/", "org.test.I", "Endless").flags(Message.NO_REPLY_EXPECTED).serial(901).body("ay", new byte[1000]).toBytes();
        bytes.write(endless, 0, endless.length - 500);
        app.sendBytes(bytes.toByteArray());
        service.awaitCall("Before");
    }

    @Test
    void ownedName_revokedInsideAMessageThatNeverEnds_isReleasedByTheEndOfTheConnection() {
        HOUSE.helper().setAccess(server, call(NAME), own("org.test.Mine"));
        app.own("org.test.Mine");
        stayInsideAMessage();
        HOUSE.helper().setAccess(server, call(NAME));
        app.awaitClose();
        Awaitility.await().until(() -> !(Boolean) service.bus("NameHasOwner", "s", "org.test.Mine").arg());
    }

    @Test
    void ownedName_revokedInsideAMessageThatEnds_isReleasedThen() {
        HOUSE.helper().setAccess(server, call(NAME), own("org.test.Mine"));
        app.own("org.test.Mine");
        stayInsideAMessage();
        HOUSE.helper().setAccess(server, call(NAME));
        app.sendBytes(Arrays.copyOfRange(endless, endless.length - 500, endless.length));
        assertEquals(1000, ((byte[]) service.awaitCall("Endless").arg()).length);
        Awaitility.await().until(() -> !(Boolean) service.bus("NameHasOwner", "s", "org.test.Mine").arg());
        app.sync();
    }

    @Test
    void ownedNames_manyRevokedInsideAMessage_endTheConnectionAtOnce() {
        AccessRule tree = rule(AccessFlags.OWN | AccessFlags.NAME_IS_SUBTREE, "org.test.Many");
        HOUSE.helper().setAccess(server, call(NAME), tree);
        for (int i = 0; i < 70; i++) {
            app.own("org.test.Many.n" + i);
        }
        stayInsideAMessage();
        HOUSE.helper().setAccess(server, call(NAME));
        assertThrows(RuntimeException.class, () -> {
            app.sendBytes(Arrays.copyOfRange(endless, endless.length - 500, endless.length));
            app.sync();
        });
    }

    @Test
    void broadcasts_nameHandedOverWhileItWasNotAllowed_followTheNewOwner() {
        RawClient next = HOUSE.unconfined();
        service.bus("ReleaseName", "s", NAME);
        service.bus("RequestName", "su", NAME, 1);
        app.match("type='signal',interface='org.test.I'");
        for (RawClient owner : List.of(next, service)) {
            HOUSE.helper().setAccess(server, rule(BROADCAST, NAME));
            HOUSE.helper().setAccess(server);
            owner.bus("RequestName", "su", NAME, 1 | 2);
            HOUSE.helper().setAccess(server, rule(BROADCAST, NAME));
            app.sync();
            for (RawClient each : List.of(service, next)) {
                each.send(Message.signal(null, "/", "org.test.I", "Changed"));
                each.sync();
            }
            assertEquals(owner.uniqueName(), app.awaitSignal("Changed").sender());
            assertEquals(List.of(), barrier.received(owner == next ? service : next));
        }
    }

    @Test
    void callsOfOurOwn_onTheConnectionOfTheApp_areNeverAnsweredToIt() {
        HOUSE.helper().setAccess(server, rule(BROADCAST, NAME), rule(BROADCAST | AccessFlags.NAME_IS_SUBTREE, "org.test"), own("org.test.Mine"));
        app.match("type='signal'");
        app.own("org.test.Mine");
        HOUSE.helper().setAccess(server, rule(BROADCAST, "org.test.Other"));
        app.sync();
        assertEquals(List.of(), app.drain().stream().filter(message -> message.replySerial() != 0).toList());
    }

    @Test
    void setContainerAccess_onAnUnrestrictedServer_restrictsIt() {
        ContainerServer free = HOUSE.helper().add("org.test.Free", HelperApi.unrestricted());
        RawClient freeApp = HOUSE.app(free);
        assertEquals(service.uniqueName(), freeApp.bus("GetNameOwner", "s", NAME).arg());
        HOUSE.helper().setAccess(free, see("org.test.Other"));
        assertEquals("org.freedesktop.DBus.Error.ServiceUnknown", freeApp.answer(Message.call(NAME, "/", "org.test.I", "Do")).errorName());
        assertEquals(false, freeApp.bus("NameHasOwner", "s", NAME).arg());
    }
}
