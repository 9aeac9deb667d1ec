package io.berth.control;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.berth.server.Creator;
import io.berth.server.LifetimeSpec;
import io.berth.server.Mode;
import io.berth.server.ServerSpec;
import io.berth.transport.MessageBus;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.freedesktop.dbus.messages.DBusSignal;
import org.freedesktop.dbus.messages.MethodCall;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CreatorWatcherTest {
    private final AtomicInteger departures = new AtomicInteger();
    private HelperUnderTest helper;
    private MessageBus bus;
    private Outbox outbox;
    private CreatorWatcher watcher;

    @BeforeEach
    void start() throws Exception {
        helper = new HelperUnderTest();
        bus = MessageBus.connect(helper.bus().locations());
        outbox = new Outbox("outbox", log -> log);
        watcher = new CreatorWatcher(bus, outbox, helper.registry());
        bus.start("reader", 1000, 1000, new MessageBus.Listener() {
            @Override
            public void onMethodCall(MethodCall call) {
                throw new IllegalStateException("nobody calls");
            }

            @Override
            public void onSignal(DBusSignal signal) {
                watcher.onSignal(signal);
                if (signal.getName().equals("NameOwnerChanged")) {
                    departures.incrementAndGet();
                }
            }

            @Override
            public void onUnread(MethodCall call, String reason) {
                throw new IllegalStateException("nobody calls");
            }

            @Override
            public void onClosed(IOException reason) {
                outbox.close();
            }
        });
    }

    @AfterEach
    void stop() throws Exception {
        bus.close();
        helper.close();
    }

    private static ServerSpec spec(Creator creator) {
        return new ServerSpec("org.example.Sandbox", "app", Map.of(), creator, "session", List.of(), Optional.empty(), false, false, Mode.ENFORCE,
                OptionalInt.empty(), OptionalInt.empty(),
                new LifetimeSpec(OptionalInt.empty(), OptionalInt.empty(), Optional.empty(), List.of(), List.of(), 0));
    }

    @Test
    void creator_thatLeftBeforeItsServerWasMade_isNotForgotten() throws Exception {
        TestClient client = helper.connect();
        Creator creator = watcher.watch(client.name()).get();
        client.close();
        await().until(() -> departures.get() == 1);
        helper.registry().add(spec(creator)).get();
        assertEquals(1, helper.registry().list().get().size(), "the registry could not know");
        watcher.onServerMade(creator.uniqueName());
        await().until(() -> helper.registry().list().get().isEmpty());
    }

    @Test
    void creator_withoutServersAnyMore_isNotWatched() throws Exception {
        TestClient client = helper.connect();
        watcher.watch(client.name()).get();
        watcher.watch(client.name()).get();
        watcher.unwatch(client.name());
        watcher.unwatch(client.name());
        outbox.flush(10_000);
        bus.callDriver("GetId", null);
        client.close();
        TestClient other = helper.connect();
        watcher.watch(other.name()).get();
        other.close();
        await().until(() -> departures.get() > 0);
        assertEquals(1, departures.get());
    }

    @Test
    void caller_thatHasLeft_cannotBeWatched() {
        ExecutionException failure = assertThrows(ExecutionException.class, () -> watcher.watch(":1.9999").get());
        assertEquals(ControlException.FAILED, ControlException.of(failure.getCause()).errorName());
    }
}
