package io.berth.tests.access;

import static io.berth.api.AccessFlags.CALL;
import static io.berth.api.AccessFlags.INTERFACE_HAS_MEMBER;
import static io.berth.api.AccessFlags.NAME_IS_SUBTREE;
import static io.berth.api.AccessFlags.OWN;
import static io.berth.api.AccessFlags.PATH_IS_SUBTREE;
import static io.berth.api.AccessFlags.SIGNAL;
import static io.berth.tests.house.Rules.call;
import static io.berth.tests.house.Rules.rule;
import static io.berth.tests.house.Rules.see;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.berth.api.AccessRule;
import io.berth.tests.house.Barrier;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.EchoService;
import io.berth.tests.house.NeedsActivation;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Which connections a rule's name stands for, and that rules do not borrow from each other. */
class RuleCombinationTest {
    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static String outcome(RawClient app, String destination) {
        Message answer = app.answer(Message.call(destination, "/", "org.freedesktop.DBus.Peer", "Ping"));
        return answer.type() == Message.RETURN ? "passed" : answer.errorName().replaceAll(".*\\.", "");
    }

    /** Answers every call by itself. */
    private static EchoService echo(String... names) {
        return HOUSE.keep(new EchoService(HOUSE.bus(), names));
    }

    @Test
    void nameSubtree_namesBelowAndBeside_coversOnlyDottedChildren() {
        echo("org.test");
        echo("org.test.tree");
        echo("org.test.tree.leaf.deep");
        echo("org.test.treehouse");
        RawClient app = HOUSE.app(rule(CALL | NAME_IS_SUBTREE, "org.test.tree"));
        assertEquals(List.of("ServiceUnknown", "passed", "passed", "ServiceUnknown"), List.of(outcome(app, "org.test"),
                outcome(app, "org.test.tree"), outcome(app, "org.test.tree.leaf.deep"), outcome(app, "org.test.treehouse")));
    }

    @Test
    void emptyName_connectionWithoutName_isCovered() {
        String unique = echo().uniqueName();
        assertEquals("passed", outcome(HOUSE.app(call("")), unique));
        assertEquals("ServiceUnknown", outcome(HOUSE.app(call("org.test.Other")), unique).replace("NameHasNoOwner", "ServiceUnknown"));
    }

    @Test
    void uniqueNameInRule_thatConnection_isCoveredByItsNames() {
        String unique = echo("org.test.A").uniqueName();
        RawClient app = HOUSE.app(call(unique));
        assertEquals(List.of("passed", "passed"), List.of(outcome(app, unique), outcome(app, "org.test.A")));
    }

    @Test
    void alias_ruleOnOtherName_passesWithDestinationRewritten() {
        RawClient service = HOUSE.service("org.test.A");
        service.own("org.test.B");
        RawClient app = HOUSE.app(call("org.test.A"));
        app.send(Message.call("org.test.B", "/", "org.test.I", "ByAlias"));
        app.send(Message.call("org.test.A", "/", "org.test.I", "ByName"));
        assertEquals(service.uniqueName(), service.awaitCall("ByAlias").destination());
        assertEquals("org.test.A", service.awaitCall("ByName").destination());
    }

    @Test
    void alias_ruleNameReleased_isUnknownAgain() {
        EchoService service = echo("org.test.A", "org.test.B");
        RawClient app = HOUSE.app(call("org.test.A"));
        assertEquals("passed", outcome(app, "org.test.B"));
        service.release("org.test.A");
        Awaitility.await().until(() -> outcome(app, "org.test.B").equals("ServiceUnknown"));
        assertFalse(outcome(app, service.uniqueName()).equals("passed"));
    }

    @Test
    void twoRules_eachHalfFitting_doNotAddUp() {
        RawClient service = HOUSE.service("org.test.S");
        ContainerServer server = HOUSE.server(new AccessRule(CALL, "org.test.S", "/a", "org.test.I"),
                new AccessRule(CALL, "org.test.S", "/b", "org.test.J"),
                new AccessRule(SIGNAL | PATH_IS_SUBTREE | INTERFACE_HAS_MEMBER, "org.test.S", "/", "org.test.I.Said"));
        RawClient app = HOUSE.app(server);
        Barrier barrier = new Barrier(app, HOUSE.app(server), HOUSE.unconfined());
        for (String path : List.of("/a", "/b")) {
            for (String interfaceName : List.of("org.test.I", "org.test.J")) {
                for (String member : List.of("Said", "Do")) {
                    app.send(Message.call("org.test.S", path, interfaceName, member));
                    app.send(Message.signal("org.test.S", path, interfaceName, member));
                }
            }
        }
        List<String> arrived = barrier.sentTo(service).stream()
                .map(message -> message.type() + message.path() + message.interfaceName() + "." + message.member()).toList();
        assertEquals(List.of("1/aorg.test.I.Said", "4/aorg.test.I.Said", "1/aorg.test.I.Do", "4/borg.test.I.Said",
                "1/borg.test.J.Said", "1/borg.test.J.Do"), arrived);
    }

    @Test
    void ownRule_anyServiceByTheSameOwner_doesNotAllowCalls() {
        echo("org.test.Mine");
        assertEquals("AccessDenied", outcome(HOUSE.app(rule(OWN, "org.test.Mine")), "org.test.Mine"));
    }

    @Test
    @NeedsActivation
    void activation_nameAllowed_startsTheService() {
        String name = "org.test.Started";
        HOUSE.bus().activatable(name, "/usr/bin/dbus-test-tool echo --session --name=" + name);
        RawClient watcher = HOUSE.unconfined();
        RawClient seeing = HOUSE.app(see(name));
        RawClient blind = HOUSE.app(call("org.test.Elsewhere"));
        RawClient calling = HOUSE.app(call(name));

        assertEquals("AccessDenied", outcome(seeing, name));
        assertEquals("AccessDenied", startError(seeing, name));
        assertEquals("ServiceUnknown", outcome(blind, name));
        assertEquals("ServiceUnknown", startError(blind, name));
        assertEquals("NameHasNoOwner", noAutoStart(calling, name).replaceAll(".*\\.", ""));
        assertFalse((Boolean) watcher.bus("NameHasOwner", "s", name).arg());

        assertEquals("passed", outcome(calling, name));
        assertEquals(2L, calling.bus("StartServiceByName", "su", name, 0).arg());
        stop(watcher, name);
    }

    @Test
    @NeedsActivation
    void activation_narrowedRule_startsForFittingCallsOnly() {
        String name = "org.test.NarrowlyStarted";
        HOUSE.bus().activatable(name, "/usr/bin/dbus-test-tool echo --session --name=" + name);
        RawClient watcher = HOUSE.unconfined();
        RawClient app = HOUSE.app(new AccessRule(CALL | PATH_IS_SUBTREE, name, "/allowed", "org.test.I"));
        for (Message call : List.of(Message.call(name, "/allowed", "org.test.J", "Do"), Message.call(name, "/other", "org.test.I", "Do"),
                Message.call(name, "/allowed", null, "Do"))) {
            assertEquals("org.freedesktop.DBus.Error.AccessDenied", app.answer(call).errorName(), call.toString());
        }
        app.send(Message.signal(name, "/allowed", "org.test.I", "Do"));
        app.sync();
        assertFalse((Boolean) watcher.bus("NameHasOwner", "s", name).arg());
        assertEquals(Message.RETURN, app.answer(Message.call(name, "/allowed/below", "org.test.I", "Do")).type());
        stop(watcher, name);
    }

    private static String noAutoStart(RawClient app, String name) {
        return app.answer(Message.call(name, "/", "org.freedesktop.DBus.Peer", "Ping").flags(Message.NO_AUTO_START)).errorName();
    }

    private static String startError(RawClient app, String name) {
        return assertThrows(DBusError.class, () -> app.bus("StartServiceByName", "su", name, 0)).name().replaceAll(".*\\.", "");
    }

    /** Ends what the bus has started, by the process id that the bus has for it. */
    private static void stop(RawClient watcher, String name) {
        long pid = (Long) watcher.bus("GetConnectionUnixProcessID", "s", name).arg();
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroy);
        Awaitility.await().until(() -> !(Boolean) watcher.bus("NameHasOwner", "s", name).arg());
    }
}
