package io.berth.tests.access;

import static io.berth.api.AccessFlags.NAME_IS_SUBTREE;
import static io.berth.api.AccessFlags.OWN;
import static io.berth.tests.house.Rules.own;
import static io.berth.tests.house.Rules.rule;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AccessRule;
import io.berth.tests.house.BusObserver;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The bus driver: harmless questions pass, privileged methods never reach it, names are owned by rule only. */
class DriverTest {
    private static final String DENIED = "org.freedesktop.DBus.Error.AccessDenied";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @ParameterizedTest
    @CsvSource({"org.freedesktop.DBus.Monitoring,BecomeMonitor", "org.freedesktop.DBus,UpdateActivationEnvironment",
        "org.freedesktop.DBus.Debug.Stats,GetStats", "org.freedesktop.DBus.Debug.Stats,GetConnectionStats",
        "org.freedesktop.DBus.Debug.Stats,GetAllMatchRules", "org.freedesktop.DBus.Verbose,EnableVerbose",
        "org.freedesktop.DBus.Verbose,DisableVerbose", "org.freedesktop.DBus,ReloadConfig",
        "org.freedesktop.DBus.Containers1,AddServer", "org.freedesktop.DBus,NoSuchMethod"})
    void privilegedMethod_withAndWithoutInterface_neverReachesTheBus(String interfaceName, String member) {
        BusObserver observer = HOUSE.keep(new BusObserver(HOUSE.bus()));
        for (AccessRule[] rules : new AccessRule[][] {{}, {talk("")}, {talk(RawClient.BUS)}}) {
            checkRefused(HOUSE.app(rules), observer, interfaceName, member);
        }
        checkRefused(HOUSE.app(HOUSE.helper().add("org.test.Free", HelperApi.unrestricted())), observer,
                interfaceName, member);
    }

    private static void checkRefused(RawClient app, BusObserver observer, String interfaceName, String member) {
        for (String path : List.of(RawClient.BUS_PATH, "/")) {
            for (String given : new String[] {interfaceName, null}) {
                for (int flags : new int[] {0, Message.NO_REPLY_EXPECTED}) {
                    Message call = Message.call(RawClient.BUS, path, given, member).flags(flags);
                    switch (member) {
                        case "BecomeMonitor" -> call.body("asu", List.of(), 0);
                        case "UpdateActivationEnvironment" -> call.body("a{ss}", Map.of("LD_PRELOAD", "x"));
                        case "GetConnectionStats" -> call.body("s", app.uniqueName());
                        default -> { }
                    }
                    if (flags == 0) {
                        assertEquals(DENIED, app.answer(call).errorName(), call.toString());
                    } else {
                        app.send(call);
                    }
                }
            }
        }
        app.sync();
        assertFalse(observer.sentBy(app.uniqueName()).stream().anyMatch(message -> member.equals(message.member())));
    }

    @Test
    void harmlessMethods_noRules_areAnsweredAsTheBusDoes() {
        RawClient app = HOUSE.app();
        RawClient plain = HOUSE.unconfined();
        assertEquals(plain.bus("GetId").arg(), app.bus("GetId").arg());
        for (String member : List.of("Ping", "GetMachineId")) {
            assertEquals(plain.call(RawClient.BUS, "/", "org.freedesktop.DBus.Peer", member).args(),
                    app.call(RawClient.BUS, "/", "org.freedesktop.DBus.Peer", member).args());
            Message unaddressed = Message.call(null, "/", "org.freedesktop.DBus.Peer", member);
            assertEquals(plain.call(unaddressed).args(), app.call(unaddressed).args());
        }
        String xml = (String) app.call(RawClient.BUS, RawClient.BUS_PATH, "org.freedesktop.DBus.Introspectable", "Introspect").arg();
        assertTrue(xml.contains("ListNames"));
    }

    @Test
    void properties_noRules_areReadable() {
        RawClient app = HOUSE.app();
        Message call = Message.call(RawClient.BUS, RawClient.BUS_PATH, "org.freedesktop.DBus.Properties", "Get")
                .body("ss", RawClient.BUS, "Interfaces");
        assertTrue(((Variant) app.call(call).arg()).value() instanceof List<?>);
    }

    @Test
    void hello_secondTime_isAnError() {
        RawClient app = HOUSE.app();
        RawClient plain = HOUSE.unconfined();
        Message expected = plain.answer(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "Hello"));
        Message answer = app.answer(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "Hello"));
        assertEquals(expected.errorName(), answer.errorName());
    }

    @Test
    void requestName_byRuleOnly_ownsOnTheBus() {
        RawClient plain = HOUSE.unconfined();
        RawClient app = HOUSE.app(own("org.test.Mine"), rule(OWN | NAME_IS_SUBTREE, "org.test.tree"), talk("org.test.Talked"));
        assertEquals(1L, app.bus("RequestName", "su", "org.test.Mine", 4).arg());
        assertEquals(1L, app.bus("RequestName", "su", "org.test.tree.Leaf", 4).arg());
        assertEquals(app.uniqueName(), plain.bus("GetNameOwner", "s", "org.test.Mine").arg());
        assertEquals(1L, app.bus("ReleaseName", "s", "org.test.Mine").arg());
        assertFalse((Boolean) plain.bus("NameHasOwner", "s", "org.test.Mine").arg());
        for (String other : List.of("org.test.Talked", "org.test.Minee", "org.test", "org.test.treehouse", "org.test.Mine.Child")) {
            assertEquals(DENIED, assertThrows(DBusError.class, () -> app.bus("RequestName", "su", other, 4)).name(), other);
            assertFalse((Boolean) plain.bus("NameHasOwner", "s", other).arg());
        }
    }

    @Test
    void ownedName_callsFromOutside_arriveAtTheApp() {
        RawClient plain = HOUSE.unconfined();
        RawClient app = HOUSE.app(own("org.test.Mine"));
        app.own("org.test.Mine");
        int serial = plain.send(Message.call("org.test.Mine", "/", "org.test.I", "Do"));
        Message arrived = app.awaitCall("Do");
        app.send(Message.reply(arrived.sender(), arrived.serial()).body("s", "done"));
        assertEquals("done", plain.await("reply", message -> message.replySerial() == serial).arg());
    }

    @ParameterizedTest
    @ValueSource(strings = {"io.berth.Helper1", "io.berth.Other", "io.berth.Helper1.Child"})
    void requestName_ofTheHelpersOwn_isNeverGranted(String name) {
        for (AccessRule rule : List.of(own(""), rule(OWN | NAME_IS_SUBTREE, "io.berth"), own(name))) {
            RawClient app;
            try {
                app = HOUSE.app(rule);
            } catch (DBusError refusedAtOnce) {
                assertEquals("org.freedesktop.DBus.Error.InvalidArgs", refusedAtOnce.name());
                continue;
            }
            assertEquals(DENIED, assertThrows(DBusError.class, () -> app.bus("RequestName", "su", name, 2)).name(), rule.toString());
        }
        RawClient free = HOUSE.app(HOUSE.helper().add("org.test.Free", HelperApi.unrestricted()));
        assertEquals(DENIED, assertThrows(DBusError.class, () -> free.bus("RequestName", "su", name, 2)).name());
    }

    @Test
    void removeMatch_notAddedByTheApp_isAnErrorAndChangesNothing() {
        RawClient service = HOUSE.service("org.test.Service");
        RawClient app = HOUSE.app(talk("org.test.Service"));
        app.match("type='signal',sender='org.test.Service'");
        for (String rule : List.of("type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.test.Service'",
                "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                + "path='/org/freedesktop/DBus',arg0='org.test.Service'", "type='signal'")) {
            DBusError error = assertThrows(DBusError.class, () -> app.bus("RemoveMatch", "s", rule));
            assertEquals("org.freedesktop.DBus.Error.MatchRuleNotFound", error.name());
        }
        service.send(Message.signal(null, "/", "org.test.I", "Still"));
        app.awaitSignal("Still");
    }

    @Test
    void bodyOfWrongType_driverMethods_isInvalidArgs() {
        RawClient app = HOUSE.app(talk("org.test.Service"));
        for (String member : List.of("GetNameOwner", "NameHasOwner", "AddMatch", "RemoveMatch", "RequestName", "ReleaseName",
                "StartServiceByName", "ListQueuedOwners", "GetConnectionCredentials")) {
            Message answer = app.answer(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, member).body("i", 7));
            assertEquals("org.freedesktop.DBus.Error.InvalidArgs", answer.errorName(), member);
        }
    }

    @Test
    void releaseName_whoeverHasIt_isRefusedAlike() {
        HOUSE.service("org.test.Hidden");
        RawClient app = HOUSE.app(own("org.test.Mine"));
        List<String> answers = List.of("org.test.Hidden", "org.test.Nobody").stream().map(name -> {
            Message answer = app.answer(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "ReleaseName").body("s", name));
            return answer.errorName() + " " + ((String) answer.arg()).replace(name, "NAME");
        }).toList();
        assertEquals(answers.get(1), answers.get(0));
        assertTrue(answers.get(0).startsWith(DENIED), answers.get(0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"org.freedesktop.DBus.Debug.Stats", "org.freedesktop.DBus.Monitoring", "org.freedesktop.DBus.Verbose",
        "org.test.NoSuchInterface", ""})
    void properties_ofAnInterfaceThatIsNotPublic_neverReachTheBus(String interfaceName) {
        BusObserver observer = HOUSE.keep(new BusObserver(HOUSE.bus()));
        RawClient app = HOUSE.app(talk(RawClient.BUS));
        for (String given : new String[] {"org.freedesktop.DBus.Properties", null}) {
            Message get = Message.call(RawClient.BUS, RawClient.BUS_PATH, given, "Get").body("ss", interfaceName, "Features");
            assertEquals(DENIED, app.answer(get).errorName(), get.toString());
            Message getAll = Message.call(RawClient.BUS, RawClient.BUS_PATH, given, "GetAll").body("s", interfaceName);
            assertEquals(DENIED, app.answer(getAll).errorName(), getAll.toString());
        }
        app.sync();
        assertFalse(observer.sentBy(app.uniqueName()).stream().anyMatch(message -> message.member().startsWith("Get")
                && !message.member().equals("GetId")));
    }

    @Test
    void properties_set_neverReachesTheBus() {
        BusObserver observer = HOUSE.keep(new BusObserver(HOUSE.bus()));
        RawClient app = HOUSE.app(talk(RawClient.BUS));
        for (String given : new String[] {"org.freedesktop.DBus.Properties", null}) {
            Message set = Message.call(RawClient.BUS, RawClient.BUS_PATH, given, "Set")
                    .body("ssv", RawClient.BUS, "Features", new Variant("as", List.of("none")));
            assertEquals(DENIED, app.answer(set).errorName(), set.toString());
        }
        app.sync();
        assertFalse(observer.sentBy(app.uniqueName()).stream().anyMatch(message -> message.member().equals("Set")));
    }

    @Test
    void signals_toTheDriver_neverReachTheBus() {
        BusObserver observer = HOUSE.keep(new BusObserver(HOUSE.bus()));
        RawClient app = HOUSE.app(talk(""), talk(RawClient.BUS));
        app.send(Message.signal(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "NameOwnerChanged").body("sss", "org.test.A", "", app.uniqueName()));
        app.sync();
        assertFalse(observer.sentBy(app.uniqueName()).stream().anyMatch(message -> message.type() == Message.SIGNAL));
    }

    @ParameterizedTest
    @CsvSource({"org.freedesktop.DBus.Peer,GetId", "org.freedesktop.DBus.Introspectable,GetId", "org.freedesktop.DBus.Properties,GetId",
        "org.freedesktop.DBus.Peer,NoSuchMethod", "org.freedesktop.DBus.Introspectable,NoSuchMethod"})
    void method_ofAnotherInterface_neverReachesTheBus(String interfaceName, String member) {
        BusObserver observer = HOUSE.keep(new BusObserver(HOUSE.bus()));
        RawClient app = HOUSE.app(talk(RawClient.BUS));
        for (String destination : new String[] {RawClient.BUS, null}) {
            Message call = Message.call(destination, RawClient.BUS_PATH, interfaceName, member);
            assertEquals(DENIED, app.answer(call).errorName(), call.toString());
        }
        app.sync();
        assertFalse(observer.sentBy(app.uniqueName()).stream().anyMatch(message -> interfaceName.equals(message.interfaceName())
                && member.equals(message.member())));
    }

    @Test
    void ping_ofAnotherInterfaceWithoutDestination_isRefused() {
        RawClient app = HOUSE.app();
        assertEquals(DENIED, app.answer(Message.call(null, "/", "org.test.I", "Ping")).errorName());
    }
}
