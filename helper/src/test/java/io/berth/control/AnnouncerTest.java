package io.berth.control;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AuditRecord;
import io.berth.server.Creator;
import io.berth.server.Mode;
import io.berth.server.ServerInfo;
import io.berth.server.ServerState;
import io.berth.transport.MessageBus;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.messages.DBusSignal;
import org.freedesktop.dbus.types.UInt64;
import org.freedesktop.dbus.types.Variant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AnnouncerTest {
    private static final int STORM = 100_000;

    private final CountDownLatch busIsSlow = new CountDownLatch(1);
    private HelperUnderTest helper;
    private TestClient listener;
    private MessageBus bus;
    private Outbox outbox;
    private Announcer announcer;

    /** An announcer of its own, whose outbox waits until the test lets it go on. */
    @BeforeEach
    void start() throws Exception {
        helper = new HelperUnderTest();
        listener = helper.connect();
        bus = MessageBus.connect(helper.bus().locations());
        listener.bus().callDriver("AddMatch", "s", "type='signal',sender='" + bus.uniqueName() + "'");
        outbox = new Outbox("outbox", log -> log);
        announcer = new Announcer(bus, outbox, new CreatorWatcher(bus, outbox, helper.registry()));
        outbox.add(() -> {
            try {
                busIsSlow.await();
            } catch (InterruptedException interrupted) {
                throw new IllegalStateException(interrupted);
            }
        });
    }

    @AfterEach
    void stop() throws Exception {
        outbox.close();
        bus.close();
        listener.close();
        helper.close();
    }

    private static AuditRecord audit(String member) {
        return new AuditRecord("denied", "method_call", "session", "outgoing", AuditRecord.Peer.of("org.foo"), "/", "org.foo", member, false, ":1.5", 7, "", "", "", 0);
    }

    private static ServerInfo server(String id, Mode mode, String... connections) {
        return new ServerInfo(id, "org.example.Sandbox", "app", Map.of(), new Creator(":1.1", Map.of()), "session", "/x", "unix:path=/x",
                ServerState.LISTENING, List.of(), List.of(), List.of(), "", false, mode, List.of(connections), List.of(), List.of(), 0, 0, 0);
    }

    @Test
    void auditStorm_onASlowBus_isBoundedAndCounted() throws Exception {
        for (int i = 0; i < STORM; i++) {
            announcer.onAudit("1", audit("M" + i));
        }
        busIsSlow.countDown();
        outbox.flush(10_000);
        announcer.onAudit("1", audit("Last"));
        await().until(() -> last().map(last -> "Last".equals(((Variant<?>) last.get("Member")).getValue())).orElse(false));
        int told = listener.signals("Audit").size() - 1;
        int most = Announcer.WAITING_BYTES / 2 / audit("M1").bytes() + 10;
        assertTrue(told > 100 && told <= most, told + " of " + most);
        Map<?, ?> last = last().orElseThrow();
        assertEquals("Last", ((Variant<?>) last.get("Member")).getValue());
        assertEquals(new UInt64((long) STORM - told), ((Variant<?>) last.get("Suppressed")).getValue());
    }

    /** The record that came last. */
    private Optional<Map<?, ?>> last() throws DBusException {
        List<DBusSignal> signals = listener.signals("Audit");
        return signals.isEmpty() ? Optional.empty() : Optional.of((Map<?, ?>) signals.get(signals.size() - 1).getParameters()[0]);
    }

    @Test
    void recordsOfOthers_besideAStorm_findRoom() throws Exception {
        for (int i = 0; i < STORM; i++) {
            announcer.onAudit("1", audit("M" + i));
            announcer.onObserved("2", audit("M" + i));
        }
        announcer.onAudit("3", audit("First"));
        assertTrue(announcer.onObserved("4", audit("First")));
        busIsSlow.countDown();
        await().until(() -> listener.signals("Audit").stream().anyMatch(signal -> signal.getPath().endsWith("/3")));
        await().until(() -> listener.signals("Observed").stream().anyMatch(signal -> signal.getPath().endsWith("/4")));
    }

    @Test
    void changesInARow_onASlowBus_becomeOneSignal() throws Exception {
        ServerInfo first = server("1", Mode.ENFORCE);
        ServerInfo before = first;
        for (int i = 0; i < STORM; i++) {
            ServerInfo now = server("1", Mode.ENFORCE, ":1." + i);
            announcer.onServerChanged(before, now);
            before = now;
        }
        ServerInfo other = server("2", Mode.ENFORCE, ":1.9");
        announcer.onServerChanged(other, server("2", Mode.COMPLAIN, ":1.9"));
        announcer.onServerChanged(server("2", Mode.COMPLAIN, ":1.9"), other);
        announcer.onServerChanged(first, server("3", Mode.COMPLAIN));
        busIsSlow.countDown();
        await().until(() -> listener.signals("PropertiesChanged").size() == 2);
        DBusSignal one = listener.signals("PropertiesChanged").get(0);
        assertEquals("/io/berth/Helper1/servers/1", one.getPath());
        assertEquals("{Connections=[[:1." + (STORM - 1) + "]]}", one.getParameters()[1].toString());
        assertTrue(listener.signals("PropertiesChanged").get(1).getPath().endsWith("/3"), "what changed back is not told");
    }
}
