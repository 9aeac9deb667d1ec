package io.berth.tests.access;

import static io.berth.api.AccessFlags.NAME_IS_SUBTREE;
import static io.berth.tests.house.Rules.call;
import static io.berth.tests.house.Rules.rule;
import static io.berth.tests.house.Rules.see;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AccessFlags;
import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Libc;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What an app does not see does not exist for it: every answer is the one that it gets for a name that nobody owns. On dbus-daemon
 * it is word for word that of the bus; dbus-broker has the same errors in other words, where the helper keeps to dbus-daemon's.
 */
class VisibilityTest {
    private static final String HIDDEN = "org.test.Hidden";
    private static final String NEVER = "org.test.Nobodys";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    /** The answer as text, the name asked about taken out. */
    private static String answer(RawClient client, String name, Message call) {
        Message answer = client.answer(call);
        String shown = answer.type() == Message.ERROR ? answer.errorName() + ": " + answer.arg() : "returned " + answer.args();
        return shown.replace(name, "NAME");
    }

    /** The same call about a hidden name and a free one, from the app, and about the free one from a client of the bus. */
    private static void checkHidden(RawClient app, String hidden, String free, Function<String, Message> call) {
        String expected = answer(app, free, call.apply(free));
        assertEquals(expected, answer(app, hidden, call.apply(hidden)));
        String ofBus = answer(HOUSE.unconfined(), free, call.apply(free));
        assertEquals(PrivateBus.BROKER ? withoutText(ofBus) : ofBus, PrivateBus.BROKER ? withoutText(expected) : expected);
    }

    private static String withoutText(String answer) {
        return answer.replaceFirst(": .*", "");
    }

    private static Message driver(String member, String name) {
        return Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, member).body("s", name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GetNameOwner", "NameHasOwner", "ListQueuedOwners", "GetConnectionUnixUser",
        "GetConnectionUnixProcessID", "GetConnectionCredentials", "GetConnectionSELinuxSecurityContext", "GetAdtAuditSessionData"})
    void question_hiddenName_answeredAsForNobodys(String member) {
        RawClient hidden = HOUSE.service(HIDDEN);
        RawClient app = HOUSE.app(call("org.test.Other"));
        checkHidden(app, HIDDEN, NEVER, name -> driver(member, name));
        checkHidden(app, hidden.uniqueName(), ":1.9999", name -> driver(member, name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"org.test.I", ""})
    void call_hiddenName_answeredAsForNobodys(String interfaceName) {
        String given = interfaceName.isEmpty() ? null : interfaceName;
        RawClient hidden = HOUSE.service(HIDDEN);
        RawClient app = HOUSE.app(call("org.test.Other"));
        checkHidden(app, HIDDEN, NEVER, name -> Message.call(name, "/o", given, "Do"));
        checkHidden(app, HIDDEN, NEVER, name -> Message.call(name, "/o", given, "Do").flags(Message.NO_AUTO_START));
        checkHidden(app, hidden.uniqueName(), ":1.9999", name -> Message.call(name, "/o", given, "Do"));
    }

    /** The rule speaks of the name; who has lost it is nobody any more, by its unique name too. */
    @Test
    void seenName_lostOrHandedOver_hidesWhoHadIt() {
        RawClient first = HOUSE.service("org.test.Seen");
        RawClient second = HOUSE.unconfined();
        second.own("org.test.tree.Leaf");
        RawClient app = HOUSE.app(call("org.test.Seen"), rule(AccessFlags.CALL | NAME_IS_SUBTREE, "org.test.tree"));
        for (RawClient one : List.of(first, second)) {
            app.send(Message.call(one.uniqueName(), "/o", "org.test.I", "Before"));
            one.awaitCall("Before");
        }
        first.bus("ReleaseName", "s", "org.test.Seen");
        second.bus("ReleaseName", "s", "org.test.tree.Leaf");
        HOUSE.service("org.test.Seen");
        Message nobodys = Message.call(":1.9999", "/o", "org.test.I", "Do");
        for (RawClient one : List.of(first, second)) {
            Awaitility.await().untilAsserted(() -> assertEquals(answer(app, ":1.9999", nobodys),
                    answer(app, one.uniqueName(), Message.call(one.uniqueName(), "/o", "org.test.I", "Do"))));
            assertEquals(List.of(false), app.bus("NameHasOwner", "s", one.uniqueName()).args());
        }
    }

    /** What hands out the host is refused with another error where it is seen; where it is not, there is nothing. */
    @ParameterizedTest
    @ValueSource(strings = {"org.freedesktop.Flatpak", HIDDEN, ":"})
    void guardedService_hiddenByAnyName_answeredAsForNobodys(String asked) {
        RawClient hidden = HOUSE.service("org.freedesktop.Flatpak");
        hidden.own(HIDDEN);
        RawClient app = HOUSE.app(call("org.test.Other"));
        String name = asked.equals(":") ? hidden.uniqueName() : asked;
        String nobodys = asked.equals(":") ? ":1.9999" : NEVER;
        checkHidden(app, name, nobodys, each -> Message.call(each, "/o", "org.test.I", "Do"));
        if (!asked.equals(":")) {
            checkHidden(app, name, nobodys, each -> Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "StartServiceByName")
                    .body("su", each, 0));
        }
    }

    @Test
    void activatableName_hidden_answeredAsForNobodys() {
        HOUSE.bus().activatable("org.test.HiddenStart", "/bin/false");
        RawClient app = HOUSE.app(call("org.test.Other"));
        checkHidden(app, "org.test.HiddenStart", NEVER,
                name -> Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "StartServiceByName").body("su", name, 0));
        checkHidden(app, "org.test.HiddenStart", NEVER, name -> Message.call(name, "/o", "org.test.I", "Do"));
        assertEquals(List.of(RawClient.BUS), app.bus("ListActivatableNames").arg());
    }

    @Test
    void listNames_someSeen_hasThemAndNothingElse() {
        RawClient seen = HOUSE.service("org.test.Seen");
        RawClient below = HOUSE.service("org.test.tree.Leaf");
        HOUSE.service(HIDDEN);
        HOUSE.bus().activatable("org.test.tree.Start", "/bin/false");
        ContainerServer server = HOUSE.server(see("org.test.Seen"), rule(AccessFlags.SEE | NAME_IS_SUBTREE, "org.test.tree"));
        RawClient app = HOUSE.app(server);
        RawClient peer = HOUSE.app(server);
        HOUSE.app();
        assertEquals(Set.of(RawClient.BUS, app.uniqueName(), peer.uniqueName(), seen.uniqueName(), below.uniqueName(),
                "org.test.Seen", "org.test.tree.Leaf"), new TreeSet<>((List<?>) app.bus("ListNames").arg()));
        assertEquals(Set.of(RawClient.BUS, "org.test.tree.Start"), new TreeSet<>((List<?>) app.bus("ListActivatableNames").arg()));
    }

    @Test
    void seenName_questions_answeredAsTheBusAnswers() {
        RawClient plain = HOUSE.unconfined();
        RawClient seen = HOUSE.service("org.test.Seen");
        RawClient app = HOUSE.app(see("org.test.Seen"));
        for (String member : List.of("GetNameOwner", "NameHasOwner", "ListQueuedOwners", "GetConnectionUnixUser",
                "GetConnectionUnixProcessID")) {
            for (String name : List.of("org.test.Seen", seen.uniqueName(), RawClient.BUS)) {
                assertEquals(answer(plain, name, driver(member, name)), answer(app, name, driver(member, name)), member + " " + name);
            }
        }
    }

    @Test
    void ownConnection_questions_areAnswered() {
        RawClient app = HOUSE.app();
        assertTrue((Boolean) app.call(driver("NameHasOwner", app.uniqueName())).arg());
        assertEquals(app.uniqueName(), app.call(driver("GetNameOwner", app.uniqueName())).arg());
        assertEquals((long) Libc.LIBC.getuid(), app.call(driver("GetConnectionUnixUser", app.uniqueName())).arg());
    }

    @Test
    void peersOfOneServer_withoutRules_seeAndCallEachOther() {
        ContainerServer server = HOUSE.server();
        RawClient first = HOUSE.app(server);
        RawClient second = HOUSE.app(server);
        RawClient stranger = HOUSE.app();
        first.send(Message.call(second.uniqueName(), "/", "org.test.I", "Hello"));
        Message arrived = second.awaitCall("Hello");
        second.send(Message.reply(arrived.sender(), arrived.serial()).body("s", "hi"));
        assertEquals("hi", first.await("reply", message -> message.type() == Message.RETURN && message.replySerial() == arrived.serial()).arg());
        assertTrue((Boolean) first.call(driver("NameHasOwner", second.uniqueName())).arg());
        assertFalse((Boolean) stranger.call(driver("NameHasOwner", second.uniqueName())).arg());
    }

    @Test
    void caller_afterItsFirstMessage_isSeenButNotAllowed() {
        RawClient service = HOUSE.service(HIDDEN);
        RawClient app = HOUSE.app();
        assertEquals("org.freedesktop.DBus.Error.ServiceUnknown",
                app.answer(Message.call(service.uniqueName(), "/", "org.test.I", "Do")).errorName());
        service.send(Message.signal(app.uniqueName(), "/", "org.test.I", "Here"));
        app.awaitSignal("Here");
        assertTrue((Boolean) app.call(driver("NameHasOwner", service.uniqueName())).arg());
        Message answer = app.answer(Message.call(service.uniqueName(), "/", "org.test.I", "Do"));
        assertEquals("org.freedesktop.DBus.Error.AccessDenied", answer.errorName());
        assertTrue(((String) answer.arg()).contains("CALL"), "the text must name the missing permission: " + answer.arg());
    }

    @Test
    void queuedOwners_someHidden_onlyTheSeenAreListed() {
        RawClient owner = HOUSE.unconfined();
        owner.bus("RequestName", "su", "org.test.Seen", 0);
        RawClient queued = HOUSE.unconfined();
        assertEquals(2L, queued.bus("RequestName", "su", "org.test.Seen", 0).arg());
        RawClient app = HOUSE.app(see("org.test.Seen"));
        assertEquals(List.of(owner.uniqueName()), app.call(driver("ListQueuedOwners", "org.test.Seen")).arg());
    }

    @Test
    void helper_notSeen_answeredAsForNobodys() {
        RawClient app = HOUSE.app(call("org.test.Other"));
        for (String member : List.of("GetConnectionInstance", "RemoveContainerServer")) {
            checkHidden(app, BerthDaemon.NAME, NEVER, name -> Message.call(name, "/", BerthDaemon.NAME, member));
        }
    }
}
