package io.berth.tests.lifetime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/** Hears how servers end. For one thread; its connection is the house's. */
final class Removals {
    private final TestHouse house;
    private final RawClient watcher;
    private final List<Message> came = new ArrayList<>();

    Removals(TestHouse house) {
        this.house = house;
        watcher = house.unconfined();
        watcher.match("type='signal',interface='" + BerthDaemon.NAME + "',member='ContainerServerRemoved'");
    }

    /** Waits for the end of this server and checks that it is told once, and last. @param reason null for any */
    void check(ContainerServer server, String reason) {
        Message removed = came.stream().filter(message -> isOf(message, server)).findFirst()
                .orElseGet(() -> watcher.await("removal of " + server.object(), message -> isOf(message, server)));
        came.remove(removed);
        assertEquals(List.of(server.object(), reason == null ? removed.args().get(1) : reason), removed.args());
        assertFalse(house.helper().servers().contains(server.object()), server.object() + " is still there");
        assertFalse(server.socket().startsWith(house.runtime()) && Files.exists(server.socket()), server.socket() + " is still there");
        checkNoneCame(server);
    }

    /** The server is there, and nothing that happened before this call has ended it. */
    void checkAlive(ContainerServer server) {
        assertEquals(server.address(), house.helper().property(server, "Address"));
        checkNoneCame(server);
    }

    private void checkNoneCame(ContainerServer server) {
        new HelperApi(watcher).servers(); // the signals of before come before this answer
        came.addAll(watcher.drain());
        assertEquals(List.of(), came.stream().filter(message -> isOf(message, server)).toList());
    }

    private static boolean isOf(Message message, ContainerServer server) {
        return message.is(Message.SIGNAL, "ContainerServerRemoved") && server.object().equals(message.arg());
    }
}
