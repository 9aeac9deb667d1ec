package io.berth.tests.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Descriptors;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.ConnectionClosed;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.RawListener;
import io.berth.tests.raw.RawSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A connector that does not do what it should costs the client that it was asked for, and nobody else. */
class HostileConnectorTest {
    private static final int AUTHENTICATE_MS = 1500;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse().configured("authenticateMs = " + AUTHENTICATE_MS);

    private static TestConnector.Answer honest() {
        return TestConnector.to(HOUSE.bus().socket());
    }

    /** A server whose connector answers its first request so and the others as it should. */
    private static ContainerServer server(TestConnector.Answer first) {
        TestConnector connector = TestConnector.start(HOUSE, (self, number) -> (number == 0 ? first : honest()).give(self, number));
        return connector.serve(HOUSE.helper(), "org.test.App", HelperApi.arguments(List.of()));
    }

    private static void checkOnlyTheFirstClientEnds(TestConnector.Answer first, String logged) {
        RawClient neighbour = HOUSE.app(HOUSE.server());
        ContainerServer server = server(first);
        RawClient refused = HOUSE.keep(RawClient.open(server.socket()));
        refused.authenticate();
        try {
            refused.hello(); // the answer may come before the bus was asked whose connection it is; nothing else ever does
        } catch (ConnectionClosed | IllegalStateException closedAlready) {
            assertEquals("", refused.uniqueName() == null ? "" : refused.uniqueName());
        }
        refused.awaitClose();
        assertEquals(List.of(), HOUSE.helper().property(server, "Connections"));
        Awaitility.await().untilAsserted(() -> assertTrue(HOUSE.daemon().program().errors().contains(logged),
                () -> logged + " is not in " + HOUSE.daemon().program().errors()));
        neighbour.sync();
        HOUSE.app(server).sync();
        assertEquals("listening", HOUSE.helper().property(server, "State"));
    }

    @Test
    void answer_withoutFd_endsItsClient() {
        checkOnlyTheFirstClientEnds((connector, number) -> connector.send(),
                "the connector answered with 0 file descriptors, expected one");
    }

    @Test
    void answer_withSeveralFds_endsItsClient() {
        checkOnlyTheFirstClientEnds((connector, number) -> {
            try (RawSocket one = RawSocket.connect(HOUSE.bus().socket()); RawSocket two = RawSocket.connect(HOUSE.bus().socket())) {
                connector.send(one.fd(), two.fd());
            }
        }, "the connector answered with 2 file descriptors, expected one");
    }

    @Test
    void answer_withAPipe_endsItsClient() {
        checkOnlyTheFirstClientEnds((connector, number) -> {
            int[] pipe = Descriptors.pipe();
            connector.send(pipe[0]);
            Descriptors.close(pipe);
        }, "the connector's answer: the file descriptor is no socket, expected a connected unix stream socket");
    }

    @Test
    void answer_withAListener_endsItsClient() {
        Path path = HOUSE.runtime().resolve("listening");
        try (RawListener listener = new RawListener(path)) {
            checkOnlyTheFirstClientEnds((connector, number) -> connector.send(listener.fd()),
                    "the connector's answer: the file descriptor is a socket that is not connected");
        } finally {
            assertTrue(path.toFile().delete());
        }
    }

    @Test
    void answer_withABusOfItsOwn_endsItsClient() {
        checkOnlyTheFirstClientEnds((connector, number) -> {
            RawSocket[] pair = RawSocket.pair();
            connector.send(pair[0].fd());
            pair[0].close();
            HOUSE.keep(pair[1]);
        }, "the connector has connected to process " + ProcessHandle.current().pid() + " of user 0, expected process " + HOUSE.bus().pid());
    }

    @Test
    void answer_withAConnectionToAnotherBus_endsItsClient() {
        checkOnlyTheFirstClientEnds(TestConnector.to(HOUSE.systemBus().socket()),
                "the connector has connected to process " + HOUSE.systemBus().pid());
    }

    @Test
    void answer_withAConnectionOfSomebodyElse_endsItsClient() {
        Path path = HOUSE.runtime().resolve("thief");
        try (RawListener listener = new RawListener(path)) {
            checkOnlyTheFirstClientEnds((connector, number) -> {
                // another process connects to the bus and lets us have the socket
                Program other = HOUSE.run(HOUSE.bus().address(), "/usr/bin/python3", "-c", """
                        import socket, sys, time
                        bus = socket.socket(socket.AF_UNIX); bus.connect(sys.argv[1])
                        us = socket.socket(socket.AF_UNIX); us.connect(sys.argv[2])
                        socket.send_fds(us, [b'x'], [bus.fileno()])
                        time.sleep(60)
                        """, HOUSE.bus().socket().toString(), path.toString());
                try (RawSocket from = listener.accept(PATIENCE)) {
                    assertEquals(1, from.receive(new byte[1], 0, 1, PATIENCE), other::errors);
                    int stolen = from.takeFd();
                    connector.send(stolen);
                    Descriptors.close(stolen);
                }
            }, "process " + ProcessHandle.current().pid() + " connected it, but ");
        } finally {
            assertTrue(path.toFile().delete());
        }
    }

    @Test
    void noAnswer_inTime_endsItsClientAndThenComesTooLate() {
        RawClient neighbour = HOUSE.app(HOUSE.server());
        List<RawSocket> late = new ArrayList<>();
        TestConnector connector = TestConnector.start(HOUSE, (self, number) -> {
            if (number == 0) {
                late.add(HOUSE.keep(RawSocket.connect(HOUSE.bus().socket())));
            } else {
                if (number == 1) {
                    self.send(late.get(0).fd());
                }
                honest().give(self, number);
            }
        });
        ContainerServer server = connector.serve(HOUSE.helper(), "org.test.App", HelperApi.arguments(List.of()));
        RawClient refused = HOUSE.keep(RawClient.open(server.socket()));
        refused.authenticate();
        refused.awaitClose();
        Awaitility.await().until(() -> HOUSE.daemon().program().errors().contains("no answer of the connector's within " + AUTHENTICATE_MS + " ms"));
        neighbour.sync();
        RawClient next = HOUSE.app(server);
        assertEquals(server.object(), HOUSE.helper().instance(next.uniqueName()).get(0));
        assertEquals(2, connector.requests());
    }

    @Test
    void answers_outstanding_areBounded() {
        AtomicInteger seen = new AtomicInteger();
        TestConnector connector = TestConnector.start(HOUSE, (self, number) -> seen.incrementAndGet());
        ContainerServer server = connector.serve(HOUSE.helper(), "org.test.App", HelperApi.arguments(List.of()));
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            RawClient client = HOUSE.keep(RawClient.open(server.socket()));
            client.authenticate();
            clients.add(client);
        }
        clients.forEach(client -> client.awaitClose());
        assertEquals(16, seen.get());
        assertEquals("listening", HOUSE.helper().property(server, "State"));
    }

    @Test
    void client_leavingBeforeTheAnswer_losesNothing() {
        List<RawSocket> kept = new ArrayList<>();
        TestConnector connector = TestConnector.start(HOUSE, (self, number) -> {
            kept.add(HOUSE.keep(RawSocket.connect(HOUSE.bus().socket())));
            if (number == 2) {
                kept.forEach(socket -> self.send(socket.fd()));
            }
        });
        ContainerServer server = connector.serve(HOUSE.helper(), "org.test.App", HelperApi.arguments(List.of()));
        for (int i = 0; i < 2; i++) {
            try (RawClient leaving = RawClient.open(server.socket())) {
                leaving.authenticate();
                int asked = i + 1;
                Awaitility.await().until(() -> connector.requests() == asked);
            }
        }
        // clients that have left are noticed first
        RawClient staying = HOUSE.keep(RawClient.open(server.socket()));
        staying.authenticate();
        staying.hello();
        // the answer is passed on before it is known whose connection it is; the app is not heard until then
        Awaitility.await().untilAsserted(() -> assertEquals(List.of(staying.uniqueName()), HOUSE.helper().property(server, "Connections")));
    }

    @Test
    void answer_notAskedFor_endsTheServer() {
        RawClient watcher = HOUSE.unconfined();
        watcher.match("type='signal',interface='" + BerthDaemon.NAME + "'");
        TestConnector connector = TestConnector.start(HOUSE, honest());
        ContainerServer server = connector.serve(HOUSE.helper(), "org.test.App", HelperApi.arguments(List.of()));
        RawClient app = HOUSE.app(server);
        try (RawSocket socket = RawSocket.connect(HOUSE.bus().socket())) {
            connector.send(socket.fd());
        }
        app.awaitClose();
        Message removed = watcher.awaitSignal("ContainerServerRemoved");
        assertEquals(List.of(server.object(), "closed"), removed.args());
    }

    @Test
    void refusedAnswers_aThousand_leaveNoFd() {
        TestConnector connector = TestConnector.start(HOUSE, (self, number) -> {
            int[] pipe = Descriptors.pipe();
            self.send(pipe);
            Descriptors.close(pipe);
        });
        ContainerServer server = connector.serve(HOUSE.helper(), "org.test.App", HelperApi.arguments(List.of()));
        for (int i = 0; i < 1000; i++) {
            try (RawClient client = RawClient.open(server.socket())) {
                client.authenticate();
                client.awaitClose();
            }
        }
        // the house counts what is open
        Awaitility.await().until(() -> connector.requests() == 1000);
    }
}
