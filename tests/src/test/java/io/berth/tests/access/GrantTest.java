package io.berth.tests.access;

import static io.berth.api.AccessFlags.BROADCAST;
import static io.berth.api.AccessFlags.CALL;
import static io.berth.api.AccessFlags.NAME_IS_APP;
import static io.berth.api.AccessFlags.NAME_IS_SUBTREE;
import static io.berth.api.AccessFlags.OWN;
import static io.berth.tests.house.Rules.call;
import static io.berth.tests.house.Rules.rule;
import static io.berth.tests.house.Rules.see;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AccessRule;
import io.berth.tests.house.Barrier;
import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Services open and close themselves to an app, and nobody else to it. */
class GrantTest {
    private static final String NAME = "org.test.Service";
    private static final String DENIED = "AccessDenied";
    private static final String INVALID = "InvalidArgs";
    private static final String LIMIT = "LimitsExceeded";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse().configured("grantsPerServer = 8", "grantsPerCaller = 10");

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

    private void grant(RawClient by, AccessRule... rules) {
        by.call(HelperApi.call("GrantAccess").body("oa(usos)", server.object(), HelperApi.structs(rules)));
    }

    private void revoke(RawClient by, AccessRule... rules) {
        by.call(HelperApi.call("RevokeAccess").body("oa(usos)", server.object(), HelperApi.structs(rules)));
    }

    private static String error(Runnable call) {
        return assertThrows(DBusError.class, call::run).name().replaceAll(".*[.]", "");
    }

    private List<AccessRule> grants(ContainerServer of) {
        return ((List<?>) HOUSE.helper().property(of, "Grants")).stream().map(List.class::cast).map(fields -> new AccessRule(
                ((Long) fields.get(0)).intValue(), (String) fields.get(1), (String) fields.get(2), (String) fields.get(3))).toList();
    }

    private List<AccessRule> grants() {
        return grants(server);
    }

    /** Messages that arrive at a service, of one call by each of its names. */
    private int callsThrough(RawClient to, String... names) {
        for (String name : names) {
            app.send(Message.call(name, "/", "org.test.I", "Do").flags(Message.NO_REPLY_EXPECTED));
        }
        app.send(Message.call(to.uniqueName(), "/", "org.test.I", "Do").flags(Message.NO_REPLY_EXPECTED));
        return barrier.sentTo(to).size();
    }

    @Test
    void grant_ownName_isInForceAndShownUntilRevoked() {
        grant(service, call(NAME));
        assertEquals(2, callsThrough(service, NAME));
        assertEquals(List.of(call(NAME)), grants());
        assertEquals(List.of(see("org.test.Base")), HOUSE.helper().rules(server));
        grant(service, call(NAME));
        assertEquals(1, grants().size());
        HOUSE.helper().setAccess(server);
        assertEquals(2, callsThrough(service, NAME));
        revoke(service, call(NAME));
        assertEquals(0, callsThrough(service, NAME));
        assertEquals(List.of(), grants());
    }

    @Test
    void grant_emptyName_isTheUniqueName_andNarrowingNarrows() {
        grant(service, new AccessRule(CALL, "", "/allowed", "org.test.I"));
        assertEquals(List.of(new AccessRule(CALL, service.uniqueName(), "/allowed", "org.test.I")), grants());
        RawClient other = HOUSE.service("org.test.Other");
        for (String path : List.of("/allowed", "/other")) {
            for (String name : List.of(NAME, service.uniqueName(), "org.test.Other", other.uniqueName())) {
                app.send(Message.call(name, path, "org.test.I", "Do").flags(Message.NO_REPLY_EXPECTED));
            }
        }
        assertEquals(List.of("/allowed", "/allowed"), barrier.sentTo(service).stream().map(Message::path).toList());
        assertEquals(List.of(), barrier.sentTo(other));
        revoke(service, new AccessRule(CALL, "", "/allowed", "org.test.I"));
        assertEquals(List.of(), grants());
    }

    @Test
    void grant_broadcasts_areHeardAndVisibilityIsTold() {
        app.match("type='signal'");
        app.drain();
        grant(service, rule(BROADCAST, NAME));
        assertEquals(List.of(service.uniqueName(), "", service.uniqueName()), app.awaitSignal("NameOwnerChanged").args());
        assertEquals(List.of(NAME, "", service.uniqueName()), app.awaitSignal("NameOwnerChanged").args());
        service.send(Message.signal(null, "/", "org.test.I", "Changed"));
        assertEquals(service.uniqueName(), app.awaitSignal("Changed").sender());
        revoke(service, rule(BROADCAST, NAME));
        assertEquals(List.of(NAME, service.uniqueName(), ""), app.awaitSignal("NameOwnerChanged").args());
        service.send(Message.signal(null, "/", "org.test.I", "Changed"));
        assertEquals(List.of(), barrier.received(service));
    }

    @Test
    void serviceLeaves_itsGrantsGo_andOthersStay() {
        RawClient staying = HOUSE.service("org.test.Staying");
        grant(service, call(NAME), call(""));
        grant(staying, call("org.test.Staying"));
        service.close();
        Awaitility.await().until(() -> grants().equals(List.of(call("org.test.Staying"))));
        RawClient next = HOUSE.service(NAME);
        assertEquals(0, callsThrough(next, NAME));
        assertEquals(2, callsThrough(staying, "org.test.Staying"));
    }

    /** However the messages fall: the next owner must not be reached, not once. */
    @Test
    void nameHandedOver_nextOwnerHasNothingOfTheGrant() {
        RawClient next = HOUSE.unconfined();
        for (int round = 0; round < 20; round++) {
            grant(service, call(NAME), call(service.uniqueName()));
            next.bus("RequestName", "su", NAME, 0);
            app.send(Message.call(NAME, "/", "org.test.I", "Before").flags(Message.NO_REPLY_EXPECTED));
            service.bus("ReleaseName", "s", NAME);
            for (int i = 0; i < 5; i++) {
                app.send(Message.call(NAME, "/", "org.test.I", "After").flags(Message.NO_REPLY_EXPECTED));
            }
            assertEquals(List.of(), barrier.sentTo(next));
            Awaitility.await().until(() -> grants().equals(List.of(call(service.uniqueName()))));
            revoke(service, call(""));
            service.bus("RequestName", "su", NAME, 0);
            next.bus("ReleaseName", "s", NAME);
            service.drain();
        }
    }

    @Test
    void whatNobodyMayGrant_isRefused_andNothingIsGranted() {
        RawClient other = HOUSE.service("org.test.Other");
        for (AccessRule wrong : List.of(rule(OWN | CALL, NAME), rule(CALL | NAME_IS_SUBTREE, NAME), rule(CALL | NAME_IS_APP, "org.box/app"))) {
            assertEquals(INVALID, error(() -> grant(service, call(NAME), wrong)), wrong.toString());
        }
        for (String name : List.of("org.test.Other", other.uniqueName(), "org.test.Nobody", "org.freedesktop.DBus", BerthDaemon.NAME)) {
            assertEquals(DENIED, error(() -> grant(service, call(NAME), call(name))), name);
        }
        assertEquals(List.of(), grants());
        grant(other, call("org.test.Other"));
        assertEquals(INVALID, error(() -> revoke(service, call("org.test.Other"))));
        grant(service, call(NAME));
        assertEquals(INVALID, error(() -> revoke(service, call(NAME), see(NAME))));
        assertEquals(2, grants().size());
        service.bus("ReleaseName", "s", NAME);
        assertEquals(DENIED, error(() -> grant(service, call(NAME))));
    }

    @Test
    void confinedCaller_isRefused() {
        HOUSE.helper().setAccess(server, talk(BerthDaemon.NAME), rule(OWN, "org.test.Mine"));
        app.own("org.test.Mine");
        for (String member : List.of("GrantAccess", "RevokeAccess")) {
            assertEquals(DENIED, error(() -> app.call(HelperApi.call(member).body("oa(usos)", server.object(), HelperApi.structs(call("org.test.Mine"))))));
        }
        assertEquals(List.of(), grants());
    }

    @Test
    void serverOfAnotherBus_isRefused() {
        ContainerServer elsewhere = HOUSE.helper().add("org.test.App", HelperApi.arguments(List.of(), "Bus", Variant.of("system")));
        assertEquals(INVALID, error(() -> service.call(HelperApi.call("GrantAccess").body("oa(usos)", elsewhere.object(),
                HelperApi.structs(call(NAME))))));
        assertEquals("UnknownObject", error(() -> service.call(HelperApi.call("GrantAccess").body("oa(usos)", elsewhere.object() + "0",
                HelperApi.structs(call(NAME))))));
    }

    @Test
    void hostEscapeName_isNotGranted_unlessTheServerMayReachIt() {
        service.own("org.freedesktop.Flatpak");
        for (String name : List.of("org.freedesktop.Flatpak", NAME, "")) {
            assertEquals(DENIED, error(() -> grant(service, call(name))), name);
        }
        assertEquals(List.of(), grants());
        server = HOUSE.helper().add("org.test.Trusted", HelperApi.arguments(List.of(), "AllowHostEscape", Variant.of(true)));
        grant(service, call("org.freedesktop.Flatpak"));
        RawClient trusted = HOUSE.app(server);
        trusted.send(Message.call("org.freedesktop.Flatpak", "/", "org.test.I", "Do"));
        service.awaitCall("Do");
    }

    @Test
    void grantsOfOneServerAndOfOneCaller_areLimited() {
        AccessRule[] many = IntStream.range(0, 8).mapToObj(i -> new AccessRule(CALL, NAME, "/p" + i, "")).toArray(AccessRule[]::new);
        grant(service, many);
        assertEquals(LIMIT, error(() -> grant(service, call(NAME))));
        assertEquals(8, grants().size());
        ContainerServer full = server;
        server = HOUSE.server();
        grant(service, many[0], many[1]);
        assertEquals(LIMIT, error(() -> grant(service, many[2])));
        assertEquals(2, grants().size());
        RawClient other = HOUSE.service("org.test.Other");
        grant(other, call("org.test.Other"));
        HOUSE.helper().remove(full);
        grant(service, many[2]);
        assertEquals(4, grants().size());
    }

    @Test
    void serverUnderAPolicy_isRefused_andWhatWasGrantedBeforeWaits() {
        grant(service, call(NAME));
        HOUSE.helper().connection().call(HelperApi.call("SetContainerPolicy").body("os", server.object(), "dbus send bus=session peer=(name=org.freedesktop.DBus),"));
        assertEquals(INVALID, error(() -> grant(service, rule(BROADCAST, NAME))));
        for (long us : new long[] {0, 1_000_000}) {
            assertEquals(INVALID, error(() -> service.call(HelperApi.call("AddAccess").body("oa(usos)t", server.object(), HelperApi.structs(call(NAME)), us))));
        }
        Message refusal = app.answer(Message.call(NAME, "/", "org.test.I", "Do"));
        assertEquals("org.freedesktop.DBus.Error.AccessDenied", refusal.errorName());
        assertEquals(List.of(call(NAME)), grants());
        HOUSE.helper().setAccess(server);
        assertEquals(2, callsThrough(service, NAME));
    }

    @Test
    void unrestrictedServer_keepsTheGrantForItsRules() {
        server = HOUSE.helper().add("org.test.Free", HelperApi.unrestricted());
        grant(service, call(NAME));
        RawClient client = HOUSE.app(server);
        HOUSE.helper().setAccess(server);
        client.send(Message.call(NAME, "/", "org.test.I", "Do"));
        service.awaitCall("Do");
    }

    @Test
    void grantedAndRevoked_areAuditedAndTold() {
        RawClient listener = HOUSE.unconfined();
        listener.match("type='signal',interface='io.berth.Server1',member='Audit'");
        listener.match("type='signal',interface='org.freedesktop.DBus.Properties',path='" + server.object() + "'");
        grant(service, call(NAME));
        assertEquals("granted", verdict(listener.awaitSignal("Audit")));
        assertEquals(1, changedGrants(listener));
        service.bus("ReleaseName", "s", NAME);
        assertEquals("revoked", verdict(listener.awaitSignal("Audit")));
        assertEquals(0, changedGrants(listener));
    }

    @SuppressWarnings("unchecked")
    private String verdict(Message audit) {
        Map<String, Variant> record = (Map<String, Variant>) audit.arg();
        assertEquals("access", record.get("Operation").value());
        assertEquals(service.uniqueName(), record.get("Connection").value());
        assertEquals(ProcessHandle.current().pid(), record.get("ProcessID").value());
        assertTrue(((String) record.get("Rule").value()).contains(NAME));
        return (String) record.get("Verdict").value();
    }

    private static int changedGrants(RawClient listener) {
        Message changed = listener.await("a change of Grants", message -> message.is(Message.SIGNAL, "PropertiesChanged")
                && ((Map<?, ?>) message.args().get(1)).containsKey("Grants"));
        return ((List<?>) ((Variant) ((Map<?, ?>) changed.args().get(1)).get("Grants")).value()).size();
    }
}
