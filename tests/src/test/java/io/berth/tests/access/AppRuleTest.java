package io.berth.tests.access;

import static io.berth.api.AccessFlags.BROADCAST;
import static io.berth.api.AccessFlags.CALL;
import static io.berth.api.AccessFlags.FDS;
import static io.berth.api.AccessFlags.NAME_IS_APP;
import static io.berth.api.AccessFlags.SEE;
import static io.berth.api.AccessFlags.SIGNAL;
import static io.berth.api.AccessFlags.TALK;
import static io.berth.tests.house.Rules.own;
import static io.berth.tests.house.Rules.rule;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AccessRule;
import io.berth.tests.house.Barrier;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rules about a peer's app: both sides' rules decide, whoever changes his; and nobody who is not confined is meant by one. */
class AppRuleTest {
    private static final String ALPHA = HelperApi.TYPE + "/org.test.Alpha";
    private static final String BETA = HelperApi.TYPE + "/org.test.Beta";
    private static final String GAMMA = HelperApi.TYPE + "/org.test.Gamma";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    /** One app: two clients of one server. */
    private static final class App {
        final ContainerServer server;
        final RawClient client;
        final Barrier barrier;

        App(String app, AccessRule... rules) {
            this(app, HelperApi.arguments(List.of(rules)));
        }

        App(String app, Map<String, Variant> arguments) {
            server = HOUSE.helper().add(app.substring(app.indexOf('/') + 1), arguments);
            client = HOUSE.app(server);
            client.match("type='signal'");
            barrier = new Barrier(client, HOUSE.app(server), HOUSE.unconfined());
        }

        /** What goes through to the other: of one call, one unicast signal. */
        String says(App other) {
            client.send(Message.call(other.client.uniqueName(), "/", "org.test.I", "Called").flags(Message.NO_REPLY_EXPECTED));
            client.send(Message.signal(other.client.uniqueName(), "/", "org.test.I", "Signalled"));
            StringBuilder through = new StringBuilder();
            for (Message message : barrier.sentTo(other.client)) {
                through.append(message.type() == Message.CALL ? "C" : message.is(Message.SIGNAL, "Signalled") ? "S" : "");
            }
            return through.toString();
        }

        boolean hears(App other) {
            other.client.send(Message.signal(null, "/", "org.test.I", "Broadcast"));
            return barrier.received(other.client).stream().anyMatch(message -> message.is(Message.SIGNAL, "Broadcast"));
        }

        boolean sees(App other) {
            return (Boolean) client.bus("NameHasOwner", "s", other.client.uniqueName()).arg();
        }

        void rules(AccessRule... rules) {
            HOUSE.helper().setAccess(server, rules);
        }

        /** Changes of owners that this client was told, of names of the other. */
        List<String> told(App other) {
            barrier.received(other.client);
            List<String> changes = new ArrayList<>(pending);
            pending.clear();
            return changes.stream().filter(change -> change.contains(other.client.uniqueName())).toList();
        }

        final List<String> pending = new ArrayList<>();

        void collect() {
            client.sync();
            client.drain().stream().filter(message -> message.is(Message.SIGNAL, "NameOwnerChanged"))
                    .map(message -> message.args().get(0) + ":" + message.args().get(1) + ">" + message.args().get(2)).forEach(pending::add);
        }
    }

    private static AccessRule about(int flags, String app) {
        return rule(flags | NAME_IS_APP, app);
    }

    private App alpha;
    private App beta;

    @BeforeEach
    void start() {
        alpha = new App(ALPHA);
        beta = new App(BETA);
    }

    @Test
    void oneSidedRule_hasNoEffect_inEitherDirection() {
        alpha.rules(about(TALK | FDS, BETA));
        assertEquals("", alpha.says(beta));
        assertEquals("", beta.says(alpha));
        assertFalse(alpha.hears(beta));
        assertFalse(beta.hears(alpha));
        assertFalse(alpha.sees(beta));
        assertFalse(beta.sees(alpha));
        Message refusal = alpha.client.answer(Message.call(beta.client.uniqueName(), "/", "org.test.I", "Do"));
        assertEquals("org.freedesktop.DBus.Error.ServiceUnknown", refusal.errorName());
    }

    @ParameterizedTest
    @ValueSource(ints = {SEE, CALL, SIGNAL, BROADCAST})
    void consentBySeeing_whateverTheFlag_givesEffectToEachSidesOwnPermissions(int consent) {
        alpha.rules(about(TALK, BETA));
        beta.rules(about(consent, ALPHA));
        assertEquals("CS", alpha.says(beta));
        assertTrue(alpha.hears(beta));
        assertTrue(alpha.sees(beta));
        assertTrue(beta.sees(alpha));
        assertEquals((consent & BROADCAST) != 0, beta.hears(alpha));
    }

    @ParameterizedTest
    @ValueSource(ints = {CALL, SIGNAL})
    void eachSide_saysOnlyWhatItsOwnRulesAllow(int allowed) {
        alpha.rules(about(SEE, BETA));
        beta.rules(about(allowed, ALPHA));
        assertEquals("", alpha.says(beta));
        assertEquals(allowed == CALL ? "C" : "S", beta.says(alpha));
    }

    @Test
    void fdFlagsAlone_areNoConsent() {
        alpha.rules(about(TALK, BETA));
        beta.rules(about(FDS, ALPHA));
        assertEquals("", alpha.says(beta));
        assertFalse(alpha.sees(beta));
    }

    @Test
    void ruleAboutEverybody_isNoConsent_butUnrestrictedIs() {
        alpha.rules(about(TALK, BETA));
        beta.rules(talk(""));
        assertEquals("", alpha.says(beta));
        assertEquals("CS", beta.says(alpha));
        App free = new App(BETA, HelperApi.unrestricted());
        assertEquals("CS", alpha.says(free));
        assertTrue(alpha.hears(free));
        HOUSE.helper().setAccess(free.server);
        assertEquals("", alpha.says(free));
        assertFalse(alpha.hears(free));
    }

    /** Whose own rules about what he receives are asked anyway. */
    @Test
    void labelPolicy_isConsent_andDecidesForItsSide() {
        alpha.rules(about(TALK, BETA));
        HOUSE.helper().connection().call(HelperApi.call("SetContainerPolicy").body("os", beta.server.object(), "dbus,"));
        assertEquals("CS", alpha.says(beta));
        HOUSE.helper().connection().call(HelperApi.call("SetContainerPolicy").body("os", beta.server.object(),
                "dbus,\ndeny dbus receive member=Called,"));
        assertEquals("S", alpha.says(beta));
        HOUSE.helper().setAccess(beta.server);
        assertEquals("", alpha.says(beta));
    }

    @Test
    void ruleByName_needsNoConsent() {
        beta.rules(own("org.test.Offered"));
        beta.client.own("org.test.Offered");
        alpha.rules(talk("org.test.Offered"));
        assertEquals("CS", alpha.says(beta));
        assertTrue(alpha.hears(beta));
    }

    @Test
    void revokedByEitherSide_theNextMessageIsRefused() {
        for (int round = 0; round < 5; round++) {
            alpha.rules(about(TALK, BETA));
            beta.rules(about(TALK, ALPHA));
            assertEquals("CS CS", alpha.says(beta) + " " + beta.says(alpha));
            assertTrue(alpha.hears(beta) && beta.hears(alpha));
            (round % 2 == 0 ? alpha : beta).rules();
            assertEquals(" ", alpha.says(beta) + " " + beta.says(alpha));
            assertFalse(alpha.hears(beta) || beta.hears(alpha));
            alpha.rules();
            beta.rules();
        }
    }

    /** Whoever makes himself or the other seen or unseen: both are told. */
    @Test
    void visibility_changedByTheOtherSide_isToldToBoth() {
        beta.rules(own("org.test.Offered"));
        beta.client.own("org.test.Offered");
        alpha.collect();
        beta.collect();
        alpha.pending.clear();
        beta.pending.clear();
        alpha.rules(about(SEE, BETA));
        assertEquals(List.of(), changes(alpha, beta));
        assertEquals(List.of(), changes(beta, alpha));
        beta.rules(about(SEE, ALPHA), own("org.test.Offered"));
        String a = alpha.client.uniqueName();
        String b = beta.client.uniqueName();
        assertEquals(List.of(b + ":>" + b, "org.test.Offered:>" + b), changes(alpha, beta));
        assertEquals(List.of(a + ":>" + a), changes(beta, alpha));
        beta.rules(own("org.test.Offered"));
        assertEquals(List.of("org.test.Offered:" + b + ">", b + ":" + b + ">"), changes(alpha, beta));
        assertEquals(List.of(a + ":" + a + ">"), changes(beta, alpha));
        beta.rules(about(SEE, ALPHA), own("org.test.Offered"));
        changes(alpha, beta);
        changes(beta, alpha);
        alpha.rules();
        assertEquals(List.of("org.test.Offered:" + b + ">", b + ":" + b + ">"), changes(alpha, beta));
        assertEquals(List.of(a + ":" + a + ">"), changes(beta, alpha));
    }

    private static List<String> changes(App told, App about) {
        told.collect();
        return told.told(about);
    }

    @Test
    void newClientsOfTheOtherApp_comingAndGoing_areTold() {
        alpha.rules(about(SEE, BETA));
        beta.rules(about(SEE, ALPHA));
        alpha.collect();
        alpha.pending.clear();
        RawClient another = beta.server.connect();
        String name = another.uniqueName();
        another.close();
        assertEquals(List.of(name, "", name), alpha.client.awaitSignal("NameOwnerChanged").args());
        assertEquals(List.of(name, name, ""), alpha.client.awaitSignal("NameOwnerChanged").args());
        beta.rules();
        alpha.collect();
        alpha.pending.clear();
        RawClient unseen = beta.server.connect();
        unseen.close();
        alpha.collect();
        assertFalse(alpha.pending.toString().contains(unseen.uniqueName()), alpha.pending.toString());
    }

    @Test
    void thirdApp_isNeitherMeantNorDisturbed() {
        App gamma = new App(GAMMA, about(TALK, ALPHA), about(TALK, BETA));
        alpha.rules(about(TALK, BETA), about(TALK, GAMMA));
        beta.rules(about(TALK, ALPHA));
        assertEquals("CS CS", alpha.says(beta) + " " + beta.says(alpha));
        assertEquals("CS CS", alpha.says(gamma) + " " + gamma.says(alpha));
        assertEquals(" ", beta.says(gamma) + " " + gamma.says(beta));
        assertFalse(gamma.hears(beta) || beta.hears(gamma));
        assertTrue(gamma.hears(alpha) && alpha.hears(gamma));
        beta.rules();
        assertEquals("CS CS", alpha.says(gamma) + " " + gamma.says(alpha));
        assertEquals(" ", alpha.says(beta) + " " + beta.says(alpha));
    }

    @Test
    void instancesOfOneApp_behindTwoServers_needRulesToo_thoseOfOneServerNone() {
        App other = new App(ALPHA);
        assertEquals(" ", alpha.says(other) + " " + other.says(alpha));
        alpha.rules(about(TALK, ALPHA));
        assertEquals("", alpha.says(other));
        other.rules(about(TALK, ALPHA));
        assertEquals("CS CS", alpha.says(other) + " " + other.says(alpha));
        RawClient neighbour = HOUSE.app(beta.server);
        beta.client.send(Message.call(neighbour.uniqueName(), "/", "org.test.I", "Neighbour"));
        neighbour.awaitCall("Neighbour");
    }

    @Test
    void unconfinedPeer_whateverItCallsItself_isNeverMeant() {
        alpha.rules(about(TALK | FDS, BETA));
        RawClient outsider = HOUSE.service("org.test.Beta");
        Barrier barrier = new Barrier(alpha.client, HOUSE.app(alpha.server), HOUSE.unconfined());
        for (String name : List.of("org.test.Beta", outsider.uniqueName())) {
            alpha.client.send(Message.call(name, "/", "org.test.I", "Do").flags(Message.NO_REPLY_EXPECTED));
            alpha.client.send(Message.signal(name, "/", "org.test.I", "Do"));
            assertFalse((Boolean) alpha.client.bus("NameHasOwner", "s", name).arg());
        }
        assertEquals(List.of(), barrier.sentTo(outsider));
        outsider.send(Message.signal(null, "/", "org.test.I", "Broadcast"));
        assertEquals(List.of(), barrier.received(outsider));
    }

    @Test
    void refusal_forLackOfConsent_saysSo() {
        alpha.rules(about(TALK, BETA));
        RawClient listener = HOUSE.unconfined();
        listener.match("type='signal',interface='io.berth.Server1',member='Audit'");
        alpha.client.answer(Message.call(beta.client.uniqueName(), "/", "org.test.I", "Do"));
        Map<?, ?> record = (Map<?, ?>) listener.await("the refusal of the call", message -> message.is(Message.SIGNAL, "Audit")
                && "method_call".equals(((Variant) ((Map<?, ?>) message.arg()).get("Operation")).value())).arg();
        String rule = (String) ((Variant) record.get("Rule")).value();
        assertTrue(rule.endsWith("; rules of both apps decide, and none of " + BETA + " makes this app seen"), rule);
        assertEquals("", ((Variant) record.get("Suggestion")).value());
    }
}
