package io.berth.tests.access;

import static io.berth.api.AccessFlags.CALL;
import static io.berth.api.AccessFlags.INTERFACE_HAS_MEMBER;
import static io.berth.api.AccessFlags.NAME_IS_SUBTREE;
import static io.berth.api.AccessFlags.PATH_IS_SUBTREE;
import static io.berth.api.AccessFlags.SEND_FDS;
import static io.berth.tests.house.Rules.own;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AccessRule;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Encoder;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rules as they come over D-Bus: what is shown is what is enforced, and what is no rule is refused whole. */
class RuleInputTest {
    private static final String INVALID = "org.freedesktop.DBus.Error.InvalidArgs";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @Test
    void allow_everyKindOfRule_readsBackExactly() {
        List<AccessRule> rules = List.of(talk("org.test.A"), own("org.test.B"), new AccessRule(CALL | SEND_FDS, "", "/x/y", "org.test.I"),
                new AccessRule(CALL | NAME_IS_SUBTREE | PATH_IS_SUBTREE | INTERFACE_HAS_MEMBER, "org.test", "/a", "org.test.I.Do"),
                talk("org.test.A"));
        ContainerServer server = HOUSE.server(rules.toArray(new AccessRule[0]));
        assertEquals(List.copyOf(new LinkedHashSet<>(rules)), List.copyOf(new LinkedHashSet<>(HOUSE.helper().rules(server))));
        HOUSE.helper().setAccess(server, own("org.test.C"));
        assertEquals(List.of(own("org.test.C")), HOUSE.helper().rules(server));
    }

    static Stream<List<Object>> badRules() {
        return Stream.of(
                List.of(1 << 20, "org.test.A", "/", ""), List.of(0x80000000, "org.test.A", "/", ""),
                List.of(CALL, "nodots", "/", ""), List.of(CALL, "org..test", "/", ""), List.of(CALL, ".org.test", "/", ""),
                List.of(CALL, "org.test.A b", "/", ""), List.of(CALL, "org.test.*", "/", ""), List.of(CALL, "org.1test", "/", ""),
                List.of(CALL, "a." + "b".repeat(254), "/", ""), List.of(CALL, "org.test.\u00e4", "/", ""),
                List.of(CALL, "org.test.A", "/", "nodots"), List.of(CALL, "org.test.A", "/", "org.test.*"),
                List.of(CALL | INTERFACE_HAS_MEMBER, "org.test.A", "/", "org.test.I.1"),
                List.of(CALL | INTERFACE_HAS_MEMBER, "org.test.A", "/", "org.Member"),
                List.of(CALL | INTERFACE_HAS_MEMBER, "org.test.A", "/", ""));
    }

    @ParameterizedTest
    @MethodSource("badRules")
    void rule_notWellFormed_isRefusedAndNothingChanges(List<Object> bad) {
        ContainerServer server = HOUSE.server(talk("org.test.Kept"));
        List<String> servers = HOUSE.helper().servers();
        RawClient caller = HOUSE.unconfined();
        List<Object> good = List.of(CALL, "org.test.Good", "/", "");
        for (Message call : List.of(
                HelperApi.call("SetContainerAccess").body("oa(usos)", server.object(), List.of(good, bad)),
                HelperApi.call("AddAccess").body("oa(usos)t", server.object(), List.of(good, bad), 0),
                HelperApi.call("AddContainerServer").body("ssa{sv}a{sv}", HelperApi.TYPE, "App", Map.of(),
                        Map.of("Allow", new Variant("a(usos)", List.of(good, bad)))))) {
            Message answer = caller.answer(call);
            assertEquals(INVALID, answer.errorName(), answer.toString());
            assertTrue(((String) answer.arg()).length() > 10, "the text must say what was wrong: " + answer.arg());
        }
        assertEquals(List.of(talk("org.test.Kept")), HOUSE.helper().rules(server));
        assertEquals(servers, HOUSE.helper().servers());
    }

    /** The bus refuses such strings too and cuts the caller off: either way nothing of it gets into force. */
    @ParameterizedTest
    @MethodSource("badBytes")
    void rule_withNulOrBadUtf8_isNeverInForce(byte[] name) {
        ContainerServer server = HOUSE.server(talk("org.test.Kept"));
        RawClient caller = HOUSE.unconfined();
        byte[] rule = new Encoder(ByteOrder.LITTLE_ENDIAN).values("u", CALL).values("u", name.length).bytes(name)
                .bytes(new byte[] {0}).values("os", "/", "").toBytes();
        Encoder body = new Encoder(ByteOrder.LITTLE_ENDIAN).values("o", server.object()).values("u", rule.length).align(8).bytes(rule);
        Message call = HelperApi.call("SetContainerAccess").rawBody("oa(usos)", body.toBytes());
        caller.send(call);
        caller.awaitClose();
        assertEquals(List.of(talk("org.test.Kept")), HOUSE.helper().rules(server));
    }

    static Stream<byte[]> badBytes() {
        return Stream.of("org.test.A\0.B".getBytes(StandardCharsets.UTF_8), new byte[] {'o', '.', (byte) 0xff, 'x'},
                new byte[] {'o', '.', (byte) 0xc0, (byte) 0x80}, new byte[] {'o', '.', (byte) 0xed, (byte) 0xa0, (byte) 0x80});
    }

    @Test
    void typeAppIdAndArguments_notAsTheyMustBe_areRefusedAndNothingIsMade() {
        RawClient caller = HOUSE.unconfined();
        List<String> before = HOUSE.helper().servers();
        for (Message call : List.of(add("notreversedns", "app", Map.of()), add("", "app", Map.of()),
                add(HelperApi.TYPE, "app", Map.of("NoSuchArgument", Variant.of("x"))),
                add(HelperApi.TYPE, "app", Map.of("Allow", Variant.of("x"))),
                add(HelperApi.TYPE, "app", Map.of("Mode", Variant.of("permissive"))),
                add(HelperApi.TYPE, "app", Map.of("Bus", Variant.of("nowhere"))),
                add(HelperApi.TYPE, "app", Map.of("Bus", Variant.of("unixexec:path=/bin/false"))),
                add(HelperApi.TYPE, "app", Map.of("Bus", Variant.of("tcp:host=localhost,port=1"))),
                add(HelperApi.TYPE, "app", Map.of("Unrestricted", Variant.of(true), "Allow", HelperApi.allow(talk("org.test.A")))),
                add(HelperApi.TYPE, "app", Map.of("CloseNotification", new Variant("h", 3))))) {
            assertEquals(INVALID, caller.answer(call).errorName(), call.toString());
        }
        assertEquals(before, HOUSE.helper().servers());
    }

    private static Message add(String type, String appId, Map<String, Variant> arguments) {
        return HelperApi.call("AddContainerServer").body("ssa{sv}a{sv}", type, appId, Map.of(), arguments);
    }
}
