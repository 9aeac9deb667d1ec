package io.berth.tests.access;

import static io.berth.api.AccessFlags.BROADCAST;
import static io.berth.api.AccessFlags.CALL;
import static io.berth.api.AccessFlags.INTERFACE_HAS_MEMBER;
import static io.berth.api.AccessFlags.NAME_IS_SUBTREE;
import static io.berth.api.AccessFlags.OWN;
import static io.berth.api.AccessFlags.TALK;
import static io.berth.tests.house.Rules.rule;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AccessRule;
import io.berth.tests.house.Barrier;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.NeedsActivation;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names that hand out the host are out of reach, whatever rule would let them through, unless the creator asked for it. */
class HostEscapeTest {
    private static final String DENIED = "org.freedesktop.DBus.Error.AccessDenied";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    /** Every way to let an app through to a name. */
    private static List<ContainerServer> servers(String name, String unique) {
        List<ContainerServer> servers = new ArrayList<>();
        for (AccessRule rule : List.of(talk(name), talk(""), rule(TALK | NAME_IS_SUBTREE, "org.freedesktop"), rule(TALK | NAME_IS_SUBTREE, name),
                talk(unique), talk("org.test.Alias"),
                new AccessRule(CALL | INTERFACE_HAS_MEMBER, name, "/", "org.test.I.Do"))) {
            servers.add(HOUSE.server(rule));
        }
        servers.add(HOUSE.helper().add("org.test.Free", HelperApi.unrestricted()));
        return servers;
    }

    @ParameterizedTest
    @ValueSource(strings = {"org.freedesktop.Flatpak", "org.freedesktop.systemd1", "org.freedesktop.portal.Desktop",
        "org.freedesktop.portal.Documents"})
    void hostName_everyRuleAndAlias_nothingArrives(String name) {
        RawClient service = HOUSE.service(name);
        service.own("org.test.Alias");
        RawClient outsider = HOUSE.unconfined();
        for (ContainerServer server : servers(name, service.uniqueName())) {
            RawClient app = HOUSE.app(server);
            Barrier barrier = new Barrier(app, HOUSE.app(server), outsider);
            List<String> errors = new ArrayList<>();
            for (String destination : List.of(name, "org.test.Alias", service.uniqueName())) {
                errors.add(app.answer(Message.call(destination, "/", "org.test.I", "Do")).errorName());
                app.send(Message.call(destination, "/", "org.test.I", "Do").flags(Message.NO_REPLY_EXPECTED));
                app.send(Message.call(destination, "/", null, "Do").flags(Message.NO_REPLY_EXPECTED));
                app.send(Message.signal(destination, "/", "org.test.I", "Do"));
            }
            assertEquals(List.of(), barrier.sentTo(service), () -> "" + HOUSE.helper().rules(server));
            assertFalse(errors.contains(null));
        }
    }

    /** However the rule came to be: at the beginning, by a change, for a time; and as a name to be owned. */
    @Test
    void hostName_inRulesGivenLater_isRefusedToo() {
        String name = "org.freedesktop.Flatpak";
        RawClient service = HOUSE.service(name);
        ContainerServer server = HOUSE.server();
        RawClient app = HOUSE.app(server);
        Barrier barrier = new Barrier(app, HOUSE.app(server), HOUSE.unconfined());
        AccessRule subtree = rule(TALK | OWN | NAME_IS_SUBTREE, "org.freedesktop");
        List<Runnable> changes = List.of(() -> HOUSE.helper().setAccess(server, subtree), () -> HOUSE.helper().addAccess(server, talk(name)),
                () -> HOUSE.helper().connection().call(HelperApi.call("AddAccess").body("oa(usos)t", server.object(), HelperApi.structs(talk("")),
                        3_600_000_000L)));
        for (Runnable change : changes) {
            change.run();
            for (String destination : List.of(name, service.uniqueName())) {
                assertEquals(DENIED, app.answer(Message.call(destination, "/", "org.test.I", "Do")).errorName());
                app.send(Message.signal(destination, "/", "org.test.I", "Do"));
            }
        }
        assertEquals(List.of(), barrier.sentTo(service));
    }

    @Test
    void hostName_inOwnRules_isNotOwned() {
        List<AccessRule> rules = List.of(rule(OWN, "org.freedesktop.Flatpak"), rule(OWN | NAME_IS_SUBTREE, "org.freedesktop"), rule(OWN, ""));
        List<Map<String, Variant>> servers = new ArrayList<>();
        rules.forEach(rule -> servers.add(HelperApi.arguments(List.of(rule))));
        servers.add(HelperApi.arguments(rules, "Mode", Variant.of("complain")));
        servers.add(HelperApi.unrestricted());
        for (Map<String, Variant> arguments : servers) {
            RawClient app = HOUSE.app(HOUSE.helper().add("org.test.App", arguments));
            Message request = Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "RequestName").body("su", "org.freedesktop.Flatpak", 0);
            Message refusal = app.answer(request);
            assertEquals(DENIED, refusal.errorName());
            assertTrue(((String) refusal.arg()).contains("hands out the host"), refusal.toString());
        }
        assertFalse((Boolean) HOUSE.unconfined().bus("NameHasOwner", "s", "org.freedesktop.Flatpak").arg());
        RawClient trusted = HOUSE.app(HOUSE.helper().add("org.test.Trusted", HelperApi.arguments(rules, "AllowHostEscape", Variant.of(true))));
        trusted.own("org.freedesktop.Flatpak");
    }

    /** What is heard hands out nothing: it is up to the rules. */
    @Test
    void hostName_broadcasts_areHeardByRule() {
        RawClient service = HOUSE.service("org.freedesktop.systemd1");
        RawClient app = HOUSE.app(rule(BROADCAST, "org.freedesktop.systemd1"));
        app.match("type='signal',interface='org.test.I'");
        service.send(Message.signal(null, "/", "org.test.I", "Changed"));
        app.awaitSignal("Changed");
    }

    @Test
    @NeedsActivation
    void hostName_activatable_isNotStarted() {
        String name = "org.freedesktop.Flatpak";
        RawClient watcher = HOUSE.unconfined();
        HOUSE.bus().activatable(name, "/usr/bin/dbus-test-tool echo --session --name=" + name);
        for (ContainerServer server : servers(name, ":1.9999")) {
            RawClient app = HOUSE.app(server);
            Message start = Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "StartServiceByName").body("su", name, 0);
            assertEquals(Message.ERROR, app.answer(start).type());
            assertEquals(Message.ERROR, app.answer(Message.call(name, "/", "org.test.I", "Do")).type());
            app.send(Message.signal(name, "/", "org.test.I", "Do"));
            app.sync();
            assertFalse((Boolean) watcher.bus("NameHasOwner", "s", name).arg());
        }
    }

    @Test
    void hostName_takenAfterwards_isRefusedFromThenOn() {
        RawClient service = HOUSE.service("org.test.Service");
        ContainerServer server = HOUSE.server(talk("org.test.Service"));
        RawClient app = HOUSE.app(server);
        Barrier barrier = new Barrier(app, HOUSE.app(server), HOUSE.unconfined());
        app.send(Message.call("org.test.Service", "/", "org.test.I", "Before"));
        assertEquals(1, barrier.sentTo(service).size());
        service.own("org.freedesktop.Flatpak");
        Awaitility.await().until(() -> {
            app.send(Message.call("org.test.Service", "/", "org.test.I", "After").flags(Message.NO_REPLY_EXPECTED));
            return barrier.sentTo(service).isEmpty();
        });
        assertEquals(DENIED, app.answer(Message.call("org.test.Service", "/", "org.test.I", "After")).errorName());
    }

    @Test
    void hostName_allowHostEscape_isReachableByRule() {
        RawClient service = HOUSE.service("org.freedesktop.Flatpak");
        Map<String, Variant> arguments = HelperApi.arguments(List.of(talk("org.freedesktop.Flatpak")), "AllowHostEscape", Variant.of(true));
        RawClient app = HOUSE.app(HOUSE.helper().add("org.test.Trusted", arguments));
        app.send(Message.call("org.freedesktop.Flatpak", "/", "org.test.I", "Do"));
        assertEquals(app.uniqueName(), service.awaitCall("Do").sender());
    }

    @Test
    void portalRegistry_atAnyName_alwaysFails() {
        RawClient service = HOUSE.service("org.test.Service");
        String registry = "org.freedesktop.host.portal.Registry";
        List<Map<String, Variant>> servers = List.of(HelperApi.arguments(List.of(talk("org.test.Service"))),
                HelperApi.unrestricted(),
                HelperApi.arguments(List.of(talk("")), "AllowHostEscape", Variant.of(true)));
        for (Map<String, Variant> arguments : servers) {
            ContainerServer server = HOUSE.helper().add("org.test.App", arguments);
            RawClient app = HOUSE.app(server);
            Barrier barrier = new Barrier(app, HOUSE.app(server), HOUSE.unconfined());
            for (String interfaceName : new String[] {registry, null}) {
                for (String destination : List.of("org.test.Service", service.uniqueName())) {
                    Message call = Message.call(destination, "/org/freedesktop/portal/desktop", interfaceName, "Register")
                            .body("sa{sv}", "org.other.App", Map.of());
                    assertEquals(DENIED, app.answer(call).errorName(), call.toString());
                    app.send(Message.call(destination, "/o", interfaceName, "Register").flags(Message.NO_REPLY_EXPECTED));
                }
            }
            app.send(Message.call("org.test.Service", "/", registry + "x", "Register"));
            assertEquals(1, barrier.sentTo(service).size());
        }
    }
}
