package io.berth.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import io.berth.wire.MessageHeader;
import io.berth.wire.MessageWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccessPolicyTest {
    private static final int CALL = AccessFlags.CALL;

    private static AccessPolicy policy(AccessRule... rules) {
        return new AccessPolicy(List.of(rules), false, false, null);
    }

    private static AccessRule rule(int flags, String name, String path, String interfaceName) {
        return new AccessRule(flags, name, path, interfaceName);
    }

    private static MessageHeader call(String path, String interfaceName, String member) {
        MessageHeader header = new MessageHeader();
        header.read(ByteBuffer.wrap(MessageWriter.methodCall(1, "org.example.Foo", path, interfaceName, member).toBytes()), 0);
        return header;
    }

    private static Verdict verdict(AccessRule rule, MessageHeader header) {
        return policy(rule).grantFor(List.of(":1.5", "org.example.Foo"), null).check(CALL, header);
    }

    @ParameterizedTest
    @CsvSource({
        "/a, false, /a, true", "/a, false, /a/b, false", "/a, false, /ab, false", "/a, true, /a, true", "/a, true, /a/b, true",
        "/a, true, /ab, false", "/a, true, /, false", "/, false, /, true", "/, false, /a, false", "/, true, /a/b/c, true",
    })
    void path_exactOrSubtree_coversJustThat(String rulePath, boolean subtree, String path, boolean allowed) {
        int flags = CALL | (subtree ? AccessFlags.PATH_IS_SUBTREE : 0);
        assertEquals(allowed ? Verdict.ALLOWED : Verdict.MISSING, verdict(rule(flags, "org.example.Foo", rulePath, ""), call(path, "a.b", "M")));
    }

    @ParameterizedTest
    @CsvSource({"a.b, false, true", "a.b.M, true, true", "a.b.N, true, false", "a.c, false, false", "a.b.c, false, false"})
    void interface_withOrWithoutMember_coversJustThat(String text, boolean hasMember, boolean allowed) {
        int flags = CALL | AccessFlags.PATH_IS_SUBTREE | (hasMember ? AccessFlags.INTERFACE_HAS_MEMBER : 0);
        assertEquals(allowed ? Verdict.ALLOWED : Verdict.MISSING, verdict(rule(flags, "org.example.Foo", "/", text), call("/x", "a.b", "M")));
    }

    @Test
    void ruleWithInterface_callWithoutInterface_doesNotCover() {
        int flags = CALL | AccessFlags.PATH_IS_SUBTREE;
        assertEquals(Verdict.MISSING, verdict(rule(flags, "org.example.Foo", "/", "a.b"), call("/x", null, "M")));
        assertEquals(Verdict.MISSING, verdict(rule(flags | AccessFlags.INTERFACE_HAS_MEMBER, "org.example.Foo", "/", "a.b.M"),
                call("/x", null, "M")));
        assertEquals(Verdict.ALLOWED, verdict(rule(flags, "org.example.Foo", "/", ""), call("/x", null, "M")));
    }

    @ParameterizedTest
    @CsvSource({"org.foo, true", "org.foo.bar, true", "org.foo.bar.baz, true", "org.foobar, false", "org, false", ":1.7, false"})
    void nameSubtree_coversBaseAndBelowOnly(String name, boolean covered) {
        AccessPolicy policy = policy(rule(AccessFlags.SEE | AccessFlags.NAME_IS_SUBTREE, "org.foo", "/", ""));
        assertEquals(covered, policy.seesName(name));
        assertEquals(covered, policy.grantFor(List.of(name), null).sees());
    }

    @Test
    void appRule_coversThatAppAndNobodyElse() {
        AccessPolicy policy = policy(rule(AccessFlags.TALK | AccessFlags.NAME_IS_APP | AccessFlags.PATH_IS_SUBTREE, "org.type/app", "/", ""));
        assertEquals(Verdict.ALLOWED, policy.grantFor(List.of(":1.1"), "org.type/app").check(CALL, call("/", null, "M")));
        assertEquals(Verdict.UNSEEN, policy.grantFor(List.of(":1.1"), "org.type/other").check(CALL, call("/", null, "M")));
        assertEquals(Verdict.UNSEEN, policy.grantFor(List.of(":1.1", "org.type"), null).check(CALL, call("/", null, "M")));
    }

    @Test
    void permissions_ofSeveralRules_addUp() {
        AccessPolicy policy = policy(rule(CALL, "org.example.Foo", "/a", "a.b"),
                rule(AccessFlags.SEND_FDS | AccessFlags.PATH_IS_SUBTREE, "", "/", ""));
        Grant grant = policy.grantFor(List.of("org.example.Foo"), null);
        assertEquals(Verdict.ALLOWED, grant.check(CALL | AccessFlags.SEND_FDS, call("/a", "a.b", "M")));
        assertEquals(Verdict.MISSING, grant.check(CALL | AccessFlags.SEND_FDS, call("/b", "a.b", "M")));
    }

    @Test
    void fdFlagsAlone_doNotMakeANameSeen() {
        assertFalse(policy(rule(AccessFlags.FDS | AccessFlags.PATH_IS_SUBTREE, "", "/", "")).grantFor(List.of(":1.1"), null).sees());
    }

    @Test
    void hostEscapeName_whateverTheRule_isRefused() {
        AccessRule everything = rule(AccessFlags.TALK | AccessFlags.PATH_IS_SUBTREE, "", "/", "");
        NameSet escape = new NameSet(List.of("org.freedesktop.Flatpak", "org.freedesktop.portal.*"));
        AccessPolicy policy = new AccessPolicy(List.of(everything), false, false, escape);
        MessageHeader message = call("/", "a.b", "M");
        assertEquals(Verdict.HOST_ESCAPE, policy.grantFor(List.of(":1.5", "org.freedesktop.Flatpak"), null).check(CALL, message));
        assertEquals(Verdict.HOST_ESCAPE, policy.grantFor(List.of("org.freedesktop.portal.Desktop"), null).check(CALL, message));
        assertEquals(Verdict.HOST_ESCAPE, policy.grantFor(List.of("org.freedesktop.Flatpak"), null).checkAny(CALL));
        assertEquals(Verdict.ALLOWED, policy.grantFor(List.of(":1.6", "org.freedesktop.portals"), null).check(CALL, message));
        AccessPolicy complaining = new AccessPolicy(List.of(), false, true, escape);
        assertEquals(Verdict.HOST_ESCAPE, complaining.grantFor(List.of("org.freedesktop.Flatpak"), null).check(CALL, message));
    }

    @Test
    void complainMode_whatIsMissing_passesMarked() {
        Grant grant = new AccessPolicy(List.of(), false, true, null).grantFor(List.of("org.example.Foo"), null);
        assertTrue(grant.sees());
        assertEquals(Verdict.COMPLAINED, grant.check(CALL, call("/", "a.b", "M")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"io.berth", "io.berth.Helper1", "io.berth.x.y"})
    void helperNames_evenUnrestricted_areNotOwned(String name) {
        assertEquals(Verdict.MISSING, new AccessPolicy(List.of(), true, false, null).checkOwn(name));
        assertEquals(Verdict.MISSING, new AccessPolicy(List.of(), true, true, null).checkOwn(name));
        assertEquals(Verdict.ALLOWED, new AccessPolicy(List.of(), true, false, null).checkOwn("io.berthing.x"));
    }

    @Test
    void own_isForTheNamesOfTheRule() {
        AccessPolicy policy = policy(rule(AccessFlags.OWN | AccessFlags.NAME_IS_SUBTREE, "org.foo", "/", ""), rule(CALL, "org.bar", "/", ""));
        assertEquals(Verdict.ALLOWED, policy.checkOwn("org.foo.x"));
        assertEquals(Verdict.MISSING, policy.checkOwn("org.bar"));
    }

    /** Rules are found by the name that is asked about; what they say together is what each says alone. */
    @Test
    void randomRules_together_sayWhatEachSaysAlone() {
        Random random = new Random(4);
        List<String> names = List.of("org.a", "org.a.b", "org.a.b.c", "org.ab", "org.b", "org.b.a", ":1.1", ":1.10", "org");
        List<Integer> permissions = List.of(AccessFlags.TALK, AccessFlags.SEE, CALL, AccessFlags.SEND_FDS, AccessFlags.OWN, AccessFlags.BROADCAST);
        for (int round = 0; round < 3_000; round++) {
            List<AccessRule> rules = new ArrayList<>();
            while (rules.size() < 6) {
                try {
                    int kind = List.of(0, 0, AccessFlags.NAME_IS_SUBTREE, AccessFlags.NAME_IS_APP).get(random.nextInt(4));
                    String name = kind == AccessFlags.NAME_IS_APP ? "org.a/" + random.nextInt(2)
                            : List.of("", ":1", "org.a", "org.a.b", "org.b", ":1.1").get(random.nextInt(6));
                    rules.add(rule(permissions.get(random.nextInt(6)) | kind, name, random.nextBoolean() ? "/a" : "/b", ""));
                } catch (IllegalArgumentException noSuchRule) {
                    // not every kind goes with every name
                }
            }
            List<String> asked = new ArrayList<>(names);
            Collections.shuffle(asked, random);
            asked = asked.subList(0, 1 + random.nextInt(3));
            String app = random.nextBoolean() ? null : "org.a/1";
            AccessPolicy all = policy(rules.toArray(AccessRule[]::new));
            Grant grant = all.grantFor(asked, app);
            int flags = 0;
            boolean sees = false;
            boolean owns = false;
            boolean seesName = false;
            for (AccessRule rule : rules) {
                AccessPolicy one = policy(rule);
                flags |= one.grantFor(asked, app).flags(call("/a", "x.y", "M")) & AccessFlags.PERMISSIONS;
                sees |= one.grantFor(asked, app).sees();
                owns |= one.checkOwn(asked.get(0)) == Verdict.ALLOWED;
                seesName |= one.seesName(asked.get(0));
            }
            assertEquals(flags, grant.flags(call("/a", "x.y", "M")) & AccessFlags.PERMISSIONS, rules + " of " + asked);
            assertEquals(sees, grant.sees(), rules + " of " + asked);
            assertEquals(owns, all.checkOwn(asked.get(0)) == Verdict.ALLOWED, rules + " of " + asked);
            assertEquals(seesName, all.seesName(asked.get(0)), rules + " of " + asked);
            List<String> spoken = asked.stream().filter(name -> name.startsWith(":") || all.speaksOf(name)).toList();
            assertEquals(flags, all.grantFor(spoken, app).flags(call("/a", "x.y", "M")) & AccessFlags.PERMISSIONS, rules + " of " + spoken);
        }
    }

    /** A thousand rules about subtrees of which the name is in none: as fast as without a rule. The bound is one that a walk does not keep. */
    @Test
    void question_amongManyWideRules_costsNoMore() {
        List<AccessPolicy> policies = Stream.of(0, 50, 1_000).map(count -> policy(IntStream.range(0, count)
                .mapToObj(i -> rule(AccessFlags.TALK | AccessFlags.NAME_IS_SUBTREE, "org.example.Other" + i, "/", "")).toArray(AccessRule[]::new))).toList();
        List<List<Long>> samples = policies.stream().map(policy -> (List<Long>) new ArrayList<Long>()).toList();
        int seen = 0;
        for (int i = 0; i < 3 * 2_001; i++) {
            AccessPolicy policy = policies.get(i % 3);
            long begin = System.nanoTime();
            for (int n = 0; n < 20; n++) {
                seen += policy.grantFor(List.of("org.example.Nobodys"), null).sees() || policy.seesName("org.example.Nobodys")
                        || policy.checkOwn("org.example.Nobodys") == Verdict.ALLOWED ? 1 : 0;
            }
            samples.get(i % 3).add((System.nanoTime() - begin) / 20);
        }
        List<Long> medians = samples.stream().map(all -> all.stream().sorted().toList().get(all.size() / 2)).toList();
        System.out.println("ns for three questions about a name among 0, 50 and 1,000 rules about others: " + medians);
        assertEquals(0, seen);
        assertTrue(medians.get(2) < 5 * medians.get(0), medians.toString());
    }

    /** An app may write a name of a million dots, of which each would be one more to ask about. */
    @Test
    void nameLongerThanNamesAre_isBelowNothing() {
        AccessPolicy policy = policy(rule(AccessFlags.TALK | AccessFlags.OWN | AccessFlags.NAME_IS_SUBTREE, "org.foo", "/", ""));
        String longest = "org.foo" + ".x".repeat(124);
        assertTrue(policy.seesName(longest));
        assertTrue(policy.grantFor(List.of(longest), null).sees());
        assertFalse(policy.seesName(longest + ".x"));
        assertFalse(policy.grantFor(List.of(longest + ".x"), null).sees());
        assertEquals(Verdict.MISSING, policy.checkOwn(longest + ".x"));
    }

    @Test
    void broadcastNames_areThoseThatNeedAnOwner() {
        AccessPolicy policy = policy(rule(AccessFlags.BROADCAST, "org.a", "/", ""), rule(AccessFlags.TALK | AccessFlags.NAME_IS_SUBTREE, "org.b", "/", ""),
                rule(AccessFlags.BROADCAST, "", "/", ""), rule(AccessFlags.BROADCAST, ":1.5", "/", ""), rule(CALL, "org.c", "/", ""));
        assertEquals(Set.of("org.a", "org.b.*"), policy.broadcastNames());
    }

    @Test
    void registration_withOrWithoutInterface_isRecognised() {
        assertTrue(NeverAllowed.isAppRegistration(call("/", "org.freedesktop.host.portal.Registry", "Register")));
        assertTrue(NeverAllowed.isAppRegistration(call("/", "org.freedesktop.host.portal.Registry", "Other")));
        assertTrue(NeverAllowed.isAppRegistration(call("/", null, "Register")));
        assertFalse(NeverAllowed.isAppRegistration(call("/", "org.example.X", "Register")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "foo", ".a.b", "a..b", "a.*.b", "1a.b", "a.b.*.*", ":1.5"})
    void nameSet_malformedText_isNamed(String text) {
        IllegalArgumentException e = org.junit.jupiter.api.Assertions.assertThrows(IllegalArgumentException.class, () -> new NameSet(List.of(text)));
        assertTrue(e.getMessage().contains("«" + text + "»"));
    }

    @Test
    void own_isNotGivenByRulesWithoutIt() {
        AccessPolicy policy = policy(rule(AccessFlags.TALK | AccessFlags.NAME_IS_SUBTREE, "org.foo", "/", ""), rule(AccessFlags.TALK, "", "/", ""),
                rule(AccessFlags.TALK, "org.bar", "/", ""));
        for (String name : List.of("org.foo", "org.foo.x", "org.bar", "org.other")) {
            assertEquals(Verdict.MISSING, policy.checkOwn(name), name);
        }
    }

    @Test
    void seesName_byRulesThatOnlyPassFileDescriptors_isFalse() {
        AccessPolicy policy = policy(rule(AccessFlags.FDS | AccessFlags.NAME_IS_SUBTREE, "org.foo", "/", ""), rule(AccessFlags.FDS, "", "/", ""),
                rule(AccessFlags.FDS, "org.bar", "/", ""));
        for (String name : List.of("org.foo", "org.foo.x", "org.bar", "org.other")) {
            assertFalse(policy.seesName(name), name);
            assertFalse(policy.grantFor(List.of(name), null).sees(), name);
        }
    }

    @Test
    void consent_byARuleThatDoesNotMakeSeen_isNone() {
        assertFalse(policy(rule(AccessFlags.FDS | AccessFlags.NAME_IS_APP, "org.test/app", "/", "")).consentsTo("org.test/app"));
        assertTrue(policy(rule(AccessFlags.SEE | AccessFlags.NAME_IS_APP, "org.test/app", "/", "")).consentsTo("org.test/app"));
    }

    @Test
    void nameSet_longerThanABusName_isRefused() {
        String longest = "a." + "b".repeat(253);
        assertTrue(new NameSet(List.of(longest)).contains(longest));
        org.junit.jupiter.api.Assertions.assertThrows(IllegalArgumentException.class, () -> new NameSet(List.of(longest + "b")));
    }

    @Test
    void uniqueNames_seenAll_showNoOtherNameOfTheirConnections() {
        AccessPolicy policy = policy(rule(AccessFlags.SEE | AccessFlags.NAME_IS_SUBTREE, AccessRule.UNIQUE_NAMES, "/", ""));
        assertTrue(policy.seesName(":1.5"));
        assertFalse(policy.seesName("org.foo"));
        assertFalse(policy.grantFor(List.of(":1.5", "org.foo"), null).sees());
    }
}
