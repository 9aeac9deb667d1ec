package io.berth.tests.access;

import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.api.AccessRule;
import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.BusObserver;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An app that reaches the helper itself, by whatever name, changes nothing with it. */
class ConfinedCallerTest {
    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static List<Message> changes(ContainerServer own) {
        List<Object> everything = HelperApi.structs(talk(""));
        return List.of(HelperApi.call("AddContainerServer").body("ssa{sv}a{sv}", "org.evil", "App", Map.of(),
                        Map.of("Unrestricted", Variant.of(true))),
                HelperApi.call("RemoveContainerServer").body("o", own.object()),
                HelperApi.call("StopListening").body("o", own.object()),
                HelperApi.call("SetContainerAccess").body("oa(usos)", own.object(), everything),
                HelperApi.call("AddAccess").body("oa(usos)t", own.object(), everything, 0),
                HelperApi.call("RemoveAccess").body("oa(usos)", own.object(), everything),
                HelperApi.call("SetMode").body("os", own.object(), "complain"),
                Message.call(BerthDaemon.NAME, own.object(), HelperApi.SERVER, "Remove"),
                Message.call(BerthDaemon.NAME, own.object(), HelperApi.SERVER, "StopListening"),
                Message.call(BerthDaemon.NAME, own.object(), "org.freedesktop.DBus.Properties", "Set")
                        .body("ssv", HelperApi.SERVER, "Mode", Variant.of("complain")));
    }

    @Test
    void app_throughEveryNameOfTheHelper_changesNothing() {
        String unique = (String) HOUSE.unconfined().bus("GetNameOwner", "s", BerthDaemon.NAME).arg();
        ContainerServer confined = HOUSE.server(talk(""));
        ContainerServer free = HOUSE.helper().add("org.test.Free", HelperApi.unrestricted());
        ContainerServer victim = HOUSE.server(talk("org.test.Untouched"));
        List<String> before = HOUSE.helper().servers();
        for (ContainerServer own : List.of(confined, free)) {
            RawClient app = HOUSE.app(own);
            for (ContainerServer target : List.of(own, victim)) {
                for (String name : List.of(BerthDaemon.NAME, unique)) {
                    for (Message call : changes(target)) {
                        Message addressed = call.field(Message.DESTINATION, new Variant("s", name));
                        assertEquals("org.freedesktop.DBus.Error.AccessDenied", app.answer(addressed).errorName(), call.toString());
                    }
                }
            }
        }
        assertEquals(before.stream().sorted().toList(), HOUSE.helper().servers().stream().sorted().toList());
        List<AccessRule> untouched = List.of(talk("org.test.Untouched"));
        assertEquals(untouched, HOUSE.helper().rules(victim));
        assertEquals("enforce", HOUSE.helper().property(victim, "Mode"));
        assertEquals("listening", HOUSE.helper().property(victim, "State"));
    }

    @Test
    void app_askingAboutItself_isTold() {
        ContainerServer server = HOUSE.server(talk(BerthDaemon.NAME));
        RawClient app = HOUSE.app(server);
        List<Object> instance = new HelperApi(app).instance(app.uniqueName());
        assertEquals(server.object(), instance.get(0));
        assertEquals(List.of(HelperApi.TYPE, "org.test.App"), instance.subList(2, 4));
    }

    @Test
    void app_askingAboutOthers_isRefused() {
        RawClient other = HOUSE.app();
        RawClient app = HOUSE.app(talk(BerthDaemon.NAME));
        for (String member : List.of("GetConnectionInstance", "GetConnectionCredentials")) {
            for (String name : List.of(other.uniqueName(), HOUSE.helper().connection().uniqueName())) {
                Message answer = app.answer(HelperApi.call(member).body("s", name));
                assertEquals("org.freedesktop.DBus.Error.AccessDenied", answer.errorName(), member);
            }
        }
        assertEquals(5, HOUSE.helper().instance(other.uniqueName()).size());
    }

    /** The helper itself would refuse it too; that is the second door. */
    @Test
    void call_thatIsNoQuestionAboutItself_doesNotEvenReachTheBus() {
        BusObserver observer = HOUSE.keep(new BusObserver(HOUSE.bus()));
        ContainerServer server = HOUSE.server(talk(BerthDaemon.NAME));
        RawClient app = HOUSE.app(server);
        List<Message> calls = new ArrayList<>(changes(server));
        calls.add(Message.call(BerthDaemon.NAME, HelperApi.ROOT, null, "GetConnectionInstance").body("s", app.uniqueName()));
        calls.add(Message.call(BerthDaemon.NAME, HelperApi.ROOT, "org.freedesktop.DBus.Properties", "GetAll").body("s", BerthDaemon.NAME));
        for (Message call : calls) {
            assertEquals("org.freedesktop.DBus.Error.AccessDenied", app.answer(call).errorName(), call.toString());
        }
        app.sync();
        assertEquals(List.of(), observer.sentBy(app.uniqueName()).stream().filter(message -> BerthDaemon.NAME.equals(message.destination())).toList());
    }
}
