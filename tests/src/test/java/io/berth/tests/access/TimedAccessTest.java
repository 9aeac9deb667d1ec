package io.berth.tests.access;

import static io.berth.tests.house.Rules.call;
import static io.berth.tests.house.Rules.own;
import static io.berth.tests.house.Rules.see;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AccessRule;
import io.berth.tests.house.Barrier;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Rules that go by themselves: in force until then and not after, beside the base rules, and told both times. */
class TimedAccessTest {
    private static final String NAME = "org.test.Service";
    private static final long HOUR_US = 3_600_000_000L;
    private static final long SHORT_US = 300_000;

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse().configured("rulesPerServer = 10");

    private RawClient service;
    private ContainerServer server;
    private RawClient app;
    private Barrier barrier;

    @BeforeEach
    void connect() {
        service = HOUSE.service(NAME);
        server = HOUSE.server(see("org.test.Base"));
        app = HOUSE.app(server);
        barrier = new Barrier(app, HOUSE.app(server), HOUSE.unconfined());
    }

    private int callsThrough() {
        app.send(Message.call(NAME, "/", "org.test.I", "Do"));
        app.send(Message.call(service.uniqueName(), "/", "org.test.I", "Do").flags(Message.NO_REPLY_EXPECTED));
        return barrier.sentTo(service).size();
    }

    private void addTimed(long us, AccessRule... rules) {
        HOUSE.helper().connection().call(HelperApi.call("AddAccess").body("oa(usos)t", server.object(), HelperApi.structs(rules), us));
    }

    /** Rules with their ends. */
    private Map<AccessRule, Long> timed() {
        return ((List<?>) HOUSE.helper().property(server, "TimedAccess")).stream().map(List.class::cast).collect(Collectors.toMap(
                pair -> rule((List<?>) pair.get(0)), pair -> (Long) pair.get(1)));
    }

    private static AccessRule rule(List<?> fields) {
        return new AccessRule(((Long) fields.get(0)).intValue(), (String) fields.get(1), (String) fields.get(2), (String) fields.get(3));
    }

    private static long nowUs() {
        return System.currentTimeMillis() * 1000;
    }

    @Test
    void timedRule_isInForceAndShown_andGoesByItself() {
        long before = nowUs();
        addTimed(SHORT_US, call(NAME));
        long after = nowUs();
        assertEquals(2, callsThrough());
        long until = timed().get(call(NAME));
        assertTrue(before + SHORT_US <= until && until <= after + SHORT_US, before + " " + until + " " + after);
        assertEquals(List.of(see("org.test.Base")), HOUSE.helper().rules(server));
        Awaitility.await().until(() -> timed().isEmpty());
        assertTrue(nowUs() >= until - 1000, "gone too early");
        assertEquals(0, callsThrough());
    }

    @Test
    void expiry_releasesNamesAndTellsChanges_asAChangeOfTheRulesDoes() {
        app.match("type='signal',member='NameOwnerChanged'");
        addTimed(SHORT_US, own("org.test.Mine"), see(NAME));
        app.own("org.test.Mine");
        Message appeared = app.await("name to appear", message -> message.is(Message.SIGNAL, "NameOwnerChanged") && NAME.equals(message.arg()));
        assertEquals(List.of(NAME, "", service.uniqueName()), appeared.args());
        Message vanished = app.await("name to vanish", message -> message.is(Message.SIGNAL, "NameOwnerChanged") && NAME.equals(message.arg()));
        assertEquals(List.of(NAME, service.uniqueName(), ""), vanished.args());
        Awaitility.await().until(() -> !(Boolean) service.bus("NameHasOwner", "s", "org.test.Mine").arg());
    }

    @Test
    void setContainerAccess_leavesTimedRulesAlone_andTheyNeverMix() {
        addTimed(HOUR_US, call(NAME), see("org.test.Base"));
        HOUSE.helper().setAccess(server);
        assertEquals(2, callsThrough());
        assertEquals(List.of(), HOUSE.helper().rules(server));
        HOUSE.helper().addAccess(server, call(NAME));
        assertEquals(List.of(call(NAME)), HOUSE.helper().rules(server));
        assertEquals(2, timed().size());
        HOUSE.helper().setAccess(server);
        assertEquals(2, callsThrough());
        HOUSE.helper().removeAccess(server, call(NAME));
        assertEquals(0, callsThrough());
        assertEquals(List.of(see("org.test.Base")), List.copyOf(timed().keySet()));
    }

    @Test
    void removeAccess_takesBaseAndTimed_orNothing() {
        addTimed(HOUR_US, call(NAME));
        HOUSE.helper().addAccess(server, call(NAME));
        assertThrows(DBusError.class, () -> HOUSE.helper().removeAccess(server, call(NAME), talk("org.test.None")));
        assertEquals(2, callsThrough());
        HOUSE.helper().removeAccess(server, call(NAME));
        assertEquals(Map.of(), timed());
        assertEquals(0, callsThrough());
    }

    @Test
    void sameRuleAgain_getsTheNewEnd() {
        addTimed(HOUR_US, call(NAME));
        long first = timed().get(call(NAME));
        addTimed(2 * HOUR_US, call(NAME));
        assertTrue(timed().get(call(NAME)) >= first + HOUR_US);
        addTimed(SHORT_US, call(NAME));
        Awaitility.await().until(() -> timed().isEmpty());
        assertEquals(0, callsThrough());
    }

    @Test
    void addedExpiredAndRemoved_areAudited_withWhoAdded() {
        RawClient listener = HOUSE.unconfined();
        RawClient adder = HOUSE.unconfined();
        listener.match("type='signal',interface='io.berth.Server1',member='Audit'");
        adder.call(HelperApi.call("AddAccess").body("oa(usos)t", server.object(), HelperApi.structs(talk(NAME)), SHORT_US));
        adder.call(HelperApi.call("AddAccess").body("oa(usos)t", server.object(), HelperApi.structs(see("org.test.Long")), HOUR_US));
        List<String> told = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            told.add(describe(listener.awaitSignal("Audit"), adder));
        }
        HOUSE.helper().removeAccess(server, see("org.test.Long"));
        told.add(describe(listener.awaitSignal("Audit"), adder));
        assertEquals(List.of("added org.test.Service", "added org.test.Long", "expired org.test.Service", "revoked org.test.Long"), told);
    }

    @SuppressWarnings("unchecked")
    private static String describe(Message audit, RawClient adder) {
        Map<String, Variant> record = (Map<String, Variant>) audit.arg();
        assertEquals("access", record.get("Operation").value());
        assertEquals(adder.uniqueName(), record.get("Connection").value());
        assertEquals(ProcessHandle.current().pid(), record.get("ProcessID").value());
        assertEquals("session", record.get("Bus").value());
        String rule = (String) record.get("Rule").value();
        assertTrue(rule.startsWith("--") && rule.contains((String) record.get("Name").value())
                && rule.matches(".* until 20[0-9-]+T[0-9:]+Z"), rule);
        return record.get("Verdict").value() + " " + record.get("Name").value();
    }

    @Test
    void timedAccess_changes_areTold() {
        RawClient listener = HOUSE.unconfined();
        listener.match("type='signal',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',path='" + server.object() + "'");
        addTimed(SHORT_US, see(NAME));
        for (int size : List.of(1, 0)) {
            Message changed = listener.await("a change of TimedAccess", message -> message.is(Message.SIGNAL, "PropertiesChanged")
                    && ((Map<?, ?>) message.args().get(1)).containsKey("TimedAccess"));
            Variant value = (Variant) ((Map<?, ?>) changed.args().get(1)).get("TimedAccess");
            assertEquals("a((usos)t)", value.signature());
            assertEquals(size, ((List<?>) value.value()).size());
        }
    }

    @Test
    void whatCannotBe_isRefused_andNothingChanges() {
        addTimed(HOUR_US, see("org.test.Kept"));
        for (long us : new long[] {-1, 3_155_760_000_000_001L}) {
            DBusError error = assertThrows(DBusError.class, () -> addTimed(us, call(NAME)));
            assertTrue(error.getMessage().contains(Long.toUnsignedString(us)), error.getMessage());
            assertEquals("org.freedesktop.DBus.Error.InvalidArgs", error.name());
        }
        AccessRule[] many = new AccessRule[9];
        for (int i = 0; i < many.length; i++) {
            many[i] = see("org.test.N" + i);
        }
        assertEquals("org.freedesktop.DBus.Error.LimitsExceeded", assertThrows(DBusError.class, () -> addTimed(HOUR_US, many)).name());
        assertEquals("org.freedesktop.DBus.Error.LimitsExceeded", assertThrows(DBusError.class, () -> HOUSE.helper().addAccess(server, many)).name());
        addTimed(3_155_760_000_000_000L, see("org.test.Century"));
        assertEquals(2, timed().size());
        server = HOUSE.helper().add("org.test.Free", HelperApi.unrestricted());
        assertEquals("org.freedesktop.DBus.Error.InvalidArgs", assertThrows(DBusError.class, () -> addTimed(HOUR_US, call(NAME))).name());
        assertEquals(Map.of(), timed());
    }

    @Test
    void serverThatEnds_takesItsTimersWithIt() {
        addTimed(SHORT_US, call(NAME));
        HOUSE.helper().remove(server);
        ContainerServer other = HOUSE.server();
        HOUSE.helper().connection().call(HelperApi.call("AddAccess").body("oa(usos)t", other.object(), HelperApi.structs(see(NAME)), SHORT_US + 200_000));
        Awaitility.await().until(() -> ((List<?>) HOUSE.helper().property(other, "TimedAccess")).isEmpty());
        assertFalse(HOUSE.daemon().program().errors().contains("fault"), HOUSE.daemon().program().errors());
    }
}
