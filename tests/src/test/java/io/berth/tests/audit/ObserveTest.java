package io.berth.tests.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.RuleText;
import io.berth.tests.house.BerthDaemon;
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
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code Observe}: what an app does is told, once, while somebody wants to know it, and no longer. */
class ObserveTest {
    private static final String NAME = "org.test.Service";
    private static final String IFACE = "org.test.Iface";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static Message onServer(ContainerServer server, String member) {
        return Message.call(BerthDaemon.NAME, server.object(), HelperApi.SERVER, member);
    }

    private static RawClient observer(ContainerServer server, boolean complain) {
        RawClient observer = HOUSE.unconfined();
        observer.match("type='signal',interface='" + HelperApi.SERVER + "',member='Observed'");
        observer.call(onServer(server, "Observe").body("b", complain));
        return observer;
    }

    /** Ends it. @return operation, direction, name, well-known names and member of each record */
    private static List<String> told(ContainerServer server, RawClient observer) {
        assertEquals(0L, observer.call(onServer(server, "StopObserving")).arg());
        List<String> told = new ArrayList<>();
        for (Message message : observer.drain()) {
            if ("Observed".equals(message.member())) {
                Map<?, ?> record = (Map<?, ?>) message.arg();
                told.add(String.join(" ", text(record, "Verdict"), text(record, "Operation"), text(record, "Direction"),
                        text(record, "Name"), text(record, "PeerNames"), text(record, "Member"), text(record, "FileDescriptors")));
            }
        }
        return told;
    }

    private static String text(Map<?, ?> record, String key) {
        return String.valueOf(((Variant) record.get(key)).value());
    }

    @Test
    void whatPassesAndWhatDoesNot_isToldOnce() {
        RawClient service = HOUSE.service(NAME);
        ContainerServer server = HOUSE.server(RuleText.parse("--talk=" + NAME), RuleText.parse("--own=org.test.Mine"));
        RawClient app = HOUSE.app(server);
        RawClient observer = observer(server, false);
        String unique = service.uniqueName();
        for (int i = 0; i < 2; i++) {
            app.send(Message.call(NAME, "/", IFACE, "ByName").flags(Message.NO_REPLY_EXPECTED));
            app.send(Message.call(unique, "/", IFACE, "ByUnique").flags(Message.NO_REPLY_EXPECTED));
            app.send(Message.signal(NAME, "/", IFACE, "Told"));
            app.send(Message.signal(null, "/", IFACE, "Cast"));
            app.answer(Message.call("org.test.Hidden", "/", IFACE, "No"));
            app.bus("NameHasOwner", "s", "org.test.Hidden");
        }
        app.match("type='signal',sender='" + RawClient.BUS + "',member='NameOwnerChanged',arg0='" + NAME + "'");
        app.match("type='signal',sender='" + NAME + "'");
        app.own("org.test.Mine");
        service.send(Message.signal(null, "/", IFACE, "Heard"));
        service.send(Message.call(app.uniqueName(), "/", IFACE, "Asked").flags(Message.NO_REPLY_EXPECTED));
        app.awaitCall("Asked");
        List<String> told = told(server, observer);
        assertEquals(List.of(
                "allowed method_call outgoing " + NAME + " [" + NAME + "] ByName false",
                "allowed method_call outgoing " + unique + " [" + NAME + "] ByUnique false",
                "allowed signal outgoing " + NAME + " [" + NAME + "] Told false",
                "allowed broadcast outgoing  [] Cast false",
                "denied method_call outgoing org.test.Hidden [] No false",
                "denied see outgoing org.test.Hidden [] NameHasOwner false",
                "allowed method_call outgoing " + RawClient.BUS + " [] NameHasOwner false",
                "allowed see outgoing " + NAME + " [" + NAME + "] AddMatch false",
                "allowed method_call outgoing " + RawClient.BUS + " [] AddMatch false",
                "allowed own outgoing org.test.Mine [] RequestName false",
                "allowed method_call outgoing " + RawClient.BUS + " [] RequestName false",
                "allowed broadcast incoming " + unique + " [" + NAME + "] Heard false",
                "allowed method_call incoming " + unique + " [" + NAME + "] Asked false"), told);
        app.send(Message.call(NAME, "/", IFACE, "Unobserved").flags(Message.NO_REPLY_EXPECTED));
        service.awaitCall("Unobserved");
        observer.sync();
        assertTrue(observer.drain().stream().noneMatch(message -> "Observed".equals(message.member())));
    }

    @Test
    void complain_endsWithTheObserversConnection() {
        RawClient service = HOUSE.service(NAME);
        ContainerServer server = HOUSE.server();
        RawClient app = HOUSE.app(server);
        RawClient observer = observer(server, true);
        RawClient second = observer(server, false);
        assertEquals("complain", HOUSE.helper().property(server, "Mode"));
        app.send(Message.call(NAME, "/", IFACE, "Do").flags(Message.NO_REPLY_EXPECTED));
        service.awaitCall("Do");
        DBusError twice = Assertions.assertThrows(DBusError.class, () -> observer.call(onServer(server, "Observe").body("b", true)));
        assertTrue(twice.name().endsWith("InvalidArgs"), twice.getMessage());
        observer.close();
        Awaitility.await().until(() -> HOUSE.helper().property(server, "Mode").equals("enforce"));
        assertTrue(app.answer(Message.call(NAME, "/", IFACE, "Do")).errorName().endsWith("ServiceUnknown"));
        assertEquals(List.of("allowed method_call outgoing " + NAME + " [" + NAME + "] Do false",
                "denied method_call outgoing " + NAME + " [" + NAME + "] Do false"), told(server, second));
    }

    @Test
    void kindsWithoutEnd_areBounded() {
        HOUSE.service(NAME);
        ContainerServer server = HOUSE.server(RuleText.parse("--talk=" + NAME));
        RawClient app = HOUSE.app(server);
        RawClient observer = observer(server, false);
        for (int i = 0; i < 2_500; i++) {
            app.send(Message.call(NAME, "/p" + i, IFACE, "Do").flags(Message.NO_REPLY_EXPECTED));
        }
        app.sync();
        long leftOut = (Long) observer.call(onServer(server, "StopObserving")).arg();
        assertEquals(2_048, observer.drain().stream().filter(message -> "Observed".equals(message.member())).count());
        // the GetId of sync() is one kind more
        assertEquals(2_501 - 2_048, leftOut);
    }

    @Test
    void observers_areFourAtMost_andAConfinedOneIsNone() {
        ContainerServer server = HOUSE.server(RuleText.parse("--talk=" + BerthDaemon.NAME));
        for (int i = 0; i < 4; i++) {
            observer(server, false);
        }
        DBusError fifth = Assertions.assertThrows(DBusError.class, () -> observer(server, false));
        assertTrue(fifth.name().endsWith("LimitsExceeded"), fifth.getMessage());
        RawClient app = HOUSE.app(server);
        assertTrue(app.answer(onServer(server, "Observe").body("b", true)).errorName().endsWith("AccessDenied"));
        assertEquals("enforce", HOUSE.helper().property(server, "Mode"));
    }
}
