package io.berth.tests.life;

import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.BusObserver;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Descriptors;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What ends a container server: said with its reason, clients disconnected, socket gone. The house looks for what is left. */
class LifetimeTest {
    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private RawClient watcher;

    @BeforeEach
    void watch() {
        watcher = HOUSE.unconfined();
        watcher.match("type='signal',interface='" + BerthDaemon.NAME + "'");
    }

    private void checkEnded(ContainerServer server, String reason) {
        Message removed = watcher.await("removal of " + server.object(),
                message -> message.is(Message.SIGNAL, "ContainerServerRemoved") && server.object().equals(message.arg()));
        assertEquals(List.of(server.object(), reason), removed.args());
        assertFalse(HOUSE.helper().servers().contains(server.object()));
        assertFalse(Files.exists(server.socket()));
        assertThrows(IllegalStateException.class, server::connect);
    }

    @Test
    void server_added_isAnnouncedAndListed() {
        ContainerServer server = HOUSE.server(talk("org.test.Service"));
        assertEquals(List.of(server.object(), HelperApi.TYPE, "org.test.App"), watcher.awaitSignal("ContainerServerAdded").args());
        assertTrue(HOUSE.helper().servers().contains(server.object()));
        assertEquals("listening", HOUSE.helper().property(server, "State"));
        RawClient app = HOUSE.app(server);
        assertEquals(List.of(app.uniqueName()), HOUSE.helper().property(server, "Connections"));
    }

    @Test
    void removeContainerServer_withClients_disconnectsThem() {
        ContainerServer server = HOUSE.server();
        RawClient app = HOUSE.app(server);
        RawClient unnamed = HOUSE.keep(RawClient.open(server.socket()));
        HOUSE.helper().remove(server);
        app.awaitClose();
        unnamed.awaitClose();
        checkEnded(server, "removed");
        assertEquals("org.freedesktop.DBus.Error.UnknownObject", assertThrows(DBusError.class, () -> HOUSE.helper().property(server, "State")).name());
        assertThrows(DBusError.class, () -> HOUSE.helper().remove(server));
    }

    @Test
    void removeOnTheServerObject_works() {
        ContainerServer server = HOUSE.server();
        HOUSE.helper().connection().call(BerthDaemon.NAME, server.object(), HelperApi.SERVER, "Remove");
        checkEnded(server, "removed");
    }

    @Test
    void stopListening_withClient_drainsAndEndsWithIt() {
        ContainerServer server = HOUSE.server();
        RawClient app = server.connect();
        HOUSE.helper().stopListening(server);
        assertEquals("draining", HOUSE.helper().property(server, "State"));
        assertThrows(IllegalStateException.class, server::connect);
        app.sync();
        app.close();
        checkEnded(server, "removed");
    }

    @Test
    void stopListening_withoutClient_endsAtOnce() {
        ContainerServer server = HOUSE.server();
        HOUSE.helper().stopListening(server);
        checkEnded(server, "removed");
    }

    @Test
    void closeNotification_otherEndClosed_endsTheServer() {
        int[] pipe = Descriptors.pipe();
        ContainerServer server = HOUSE.helper().add("org.test.App", Map.of("CloseNotification", new Variant("h", 0)), pipe[0]);
        RawClient app = HOUSE.app(server);
        app.sync();
        Descriptors.close(pipe[1]);
        app.awaitClose();
        Descriptors.close(pipe[0]);
        checkEnded(server, "closed");
    }

    @Test
    void closeNotification_readable_endsTheServer() {
        int[] pipe = Descriptors.pipe();
        ContainerServer server = HOUSE.helper().add("org.test.App", Map.of("CloseNotification", new Variant("h", 0)), pipe[0]);
        Descriptors.write(pipe[1], 1);
        checkEnded(server, "closed");
        Descriptors.close(pipe);
    }

    @Test
    void closeNotification_closedBeforehand_endsTheServerAtOnce() {
        int[] pipe = Descriptors.pipe();
        Descriptors.close(pipe[1]);
        ContainerServer server = HOUSE.helper().add("org.test.App", Map.of("CloseNotification", new Variant("h", 0)), pipe[0]);
        Descriptors.close(pipe[0]);
        checkEnded(server, "closed");
    }

    @Test
    void creatorGone_mustNotOutlive_endsTheServerWithItsClients() {
        int[] pipe = Descriptors.pipe();
        ContainerServer server;
        RawClient app;
        try (RawClient creator = HOUSE.bus().connect()) {
            server = new HelperApi(creator).add("org.test.App", Map.of("OutliveCreator", Variant.of(false),
                    "CloseNotification", new Variant("h", 0)), pipe[0]);
            app = HOUSE.app(server);
        }
        app.awaitClose();
        checkEnded(server, "creator-gone");
        Descriptors.close(pipe);
    }

    @Test
    void creatorGone_noOtherEndAndNoClient_endsTheServer() {
        ContainerServer server;
        try (RawClient creator = HOUSE.bus().connect()) {
            server = new HelperApi(creator).add("org.test.App", Map.of());
        }
        checkEnded(server, "creator-gone");
    }

    @Test
    void creatorGone_noOtherEndButClient_lastsUntilTheClientLeaves() {
        ContainerServer server;
        RawClient app;
        try (RawClient creator = HOUSE.bus().connect()) {
            server = new HelperApi(creator).add("org.test.App", Map.of());
            app = server.connect();
        }
        app.sync();
        HOUSE.unconfined().sync();
        app.sync();
        assertTrue(HOUSE.helper().servers().contains(server.object()));
        app.close();
        watcher.await("removal", message -> message.is(Message.SIGNAL, "ContainerServerRemoved") && server.object().equals(message.arg()));
    }

    @Test
    void creatorGone_closeNotificationSet_serverStays() {
        int[] pipe = Descriptors.pipe();
        ContainerServer server;
        try (RawClient creator = HOUSE.bus().connect()) {
            server = new HelperApi(creator).add("org.test.App", Map.of("CloseNotification", new Variant("h", 0)), pipe[0]);
        }
        HOUSE.app(server).sync();
        Descriptors.close(pipe);
        checkEnded(server, "closed");
    }

    @Test
    void creatorGone_whileItsServerIsMade_leavesNothing() {
        for (int i = 0; i < 50; i++) {
            try (RawClient creator = HOUSE.bus().connect()) {
                creator.send(HelperApi.call("AddContainerServer").body("ssa{sv}a{sv}", HelperApi.TYPE, "org.test.Gone", Map.of(), Map.of()));
            }
        }
        Awaitility.await().until(() -> HOUSE.helper().servers().isEmpty());
    }

    @Test
    void startTimeout_withoutClient_endsTheServer() {
        ContainerServer server = HOUSE.helper().add("org.test.App", Map.of("StartTimeout", new Variant("t", 300_000L)));
        checkEnded(server, "never-started");
    }

    @Test
    void startTimeout_withClientInTime_hasNoEffect() {
        ContainerServer server = HOUSE.helper().add("org.test.App", Map.of("StartTimeout", new Variant("t", 300_000L)));
        RawClient app = HOUSE.app(server);
        ContainerServer later = HOUSE.helper().add("org.test.App", Map.of("StartTimeout", new Variant("t", 600_000L)));
        checkEnded(later, "never-started");
        app.sync();
    }

    @Test
    void manyServers_addedAndRemoved_leaveNothing() {
        for (int i = 0; i < 100; i++) {
            ContainerServer server = HOUSE.server(talk("org.test.Service"));
            try (RawClient app = server.connect()) {
                app.sync();
                HOUSE.helper().remove(server);
                app.awaitClose();
            }
        }
    }

    @Test
    void creatorGone_serversOfOtherCreators_stay() {
        ContainerServer mine = HOUSE.server();
        RawClient leaving = HOUSE.bus().connect();
        ContainerServer theirs = new HelperApi(leaving).add("org.test.App", HelperApi.staying());
        leaving.close();
        checkEnded(theirs, "creator-gone");
        assertTrue(HOUSE.helper().servers().contains(mine.object()));
        HOUSE.app(mine).sync();
    }

    @Test
    void stopListening_withClient_removesTheSocketAtOnce() {
        ContainerServer server = HOUSE.server();
        RawClient app = HOUSE.app(server);
        HOUSE.helper().stopListening(server);
        assertFalse(Files.exists(server.socket()));
        app.sync();
    }

    @Test
    void creatorGone_asSomebodyElseSays_isNotBelieved() {
        ContainerServer server = HOUSE.server();
        RawClient liar = HOUSE.unconfined();
        String creator = HOUSE.helper().connection().uniqueName();
        for (String destination : new String[] {BerthDaemon.NAME, null}) {
            liar.send(Message.signal(destination, RawClient.BUS_PATH, RawClient.BUS, "NameOwnerChanged").body("sss", creator, creator, ""));
        }
        // the daemon takes its mail in order
        assertTrue(new HelperApi(liar).servers().contains(server.object()));
        HOUSE.app(server).sync();
        assertTrue(HOUSE.helper().servers().contains(server.object()));
    }

    @Test
    void closeNotification_lastClientLeaves_serverStaysUntilItCloses() {
        int[] pipe = Descriptors.pipe();
        ContainerServer server = HOUSE.helper().add("org.test.App", Map.of("CloseNotification", new Variant("h", 0)), pipe[0]);
        server.connect().close();
        Awaitility.await().until(() -> ((List<?>) HOUSE.helper().property(server, "Connections")).isEmpty());
        HOUSE.app(server).sync();
        Descriptors.close(pipe);
        checkEnded(server, "closed");
    }

    @Test
    void server_refusedOrRemoved_leavesNoWatchOfItsCreator() {
        BusObserver observer = HOUSE.keep(new BusObserver(HOUSE.bus()));
        String daemon = (String) watcher.bus("GetNameOwner", "s", BerthDaemon.NAME).arg();
        RawClient launcher = HOUSE.unconfined();
        int[] pipe = Descriptors.pipe();
        for (int i = 0; i < 3; i++) {
            assertThrows(DBusError.class, () -> new HelperApi(launcher).add("org.test.App", Map.of("Socket", new Variant("h", 0)), pipe[0]));
        }
        Descriptors.close(pipe);
        HOUSE.helper().remove(new HelperApi(launcher).add("org.test.App"));
        Awaitility.await().untilAsserted(() -> {
            List<Message> said = observer.sentBy(daemon);
            List<Long> watches = List.of("AddMatch", "RemoveMatch").stream().map(member -> said.stream()
                    .filter(message -> message.is(Message.CALL, member) && ((String) message.arg()).contains(launcher.uniqueName())).count()).toList();
            assertEquals(List.of(4L, 4L), watches);
        });
    }
}
