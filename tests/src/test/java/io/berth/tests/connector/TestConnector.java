package io.berth.tests.connector;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.RawSocket;
import io.berth.tests.raw.Variant;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;

/**
 * The other side of a server's Connector, in this process: answers each request on a thread of its own, in the way that the
 * test says. Owns our end and the thread; the helper's end only until the server is made. The house closes it, and the server is
 * gone then.
 */
final class TestConnector implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration LOOK = Duration.ofMillis(20);

    /** What to do about a request. */
    interface Answer {
        /** @param number of the request, from 0 */
        void give(TestConnector connector, int number);
    }

    private final TestHouse house;
    private final RawSocket helper;
    private final RawSocket helpersEnd;
    private final Answer answer;
    private final Thread thread;
    private volatile int requests;
    private volatile boolean closed;
    private String server;

    private TestConnector(TestHouse house, Answer answer) {
        this.house = house;
        RawSocket[] pair = RawSocket.pair();
        this.helper = pair[0];
        this.helpersEnd = pair[1];
        this.answer = answer;
        this.thread = new Thread(this::answerAll, "connector");
    }

    static TestConnector start(TestHouse house, Answer answer) {
        TestConnector connector = new TestConnector(house, answer);
        connector.thread.start();
        return house.keep(connector);
    }

    /** Does what it should. */
    static Answer to(Path bus) {
        return (connector, number) -> {
            try (RawSocket socket = RawSocket.connect(bus)) {
                connector.send(socket.fd());
            }
        };
    }

    /** Makes a server that connects through this. */
    ContainerServer serve(HelperApi api, String appId, Map<String, Variant> arguments) {
        arguments.put("Connector", new Variant("h", 0));
        try {
            ContainerServer made = api.add(appId, arguments, helpersEnd.fd());
            server = made.object();
            return made;
        } finally {
            helpersEnd.close();
        }
    }

    private void answerAll() {
        byte[] one = new byte[1];
        while (!closed) {
            int count = helper.receive(one, 0, 1, LOOK);
            if (count == RawSocket.END) {
                return;
            }
            if (count == 1) {
                answer.give(this, requests);
                requests++;
            }
        }
    }

    /** One byte with these file descriptors, which are borrowed. */
    void send(int... fds) {
        helper.send(new byte[1], PATIENCE, fds);
    }

    /** How many requests have been answered in the test's way. */
    int requests() {
        return requests;
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join(PATIENCE.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        helper.close();
        helpersEnd.close();
        if (server != null) {
            Awaitility.await("the end of " + server).until(() -> !house.helper().servers().contains(server));
        }
    }
}
