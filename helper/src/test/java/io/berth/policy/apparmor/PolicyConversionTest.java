package io.berth.policy.apparmor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import io.berth.api.RuleText;
import io.berth.policy.AccessPolicy;
import io.berth.wire.MessageHeader;
import io.berth.wire.MessageWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyConversionTest {
    private static final String[] NAMES = {"o.N", "o.N.x", "o.M", "p.Q.R"};
    private static final String[] PATHS = {"/", "/a", "/a/b", "/ab", "/b/a/c"};
    private static final String[] INTERFACES = {"o.I", "o.J", "o.I.x"};
    private static final String[] MEMBERS = {"M", "N", "x"};

    private static ParsedPolicy policy(String text) {
        return PolicyText.parse(text, "x");
    }

    private static List<AccessRule> sessionRules(PolicyConversion conversion) {
        return conversion.lines().stream().filter(line -> !line.startsWith("--system-")).map(RuleText::parse).toList();
    }

    private static boolean rulesAllow(List<AccessRule> rules, int flag, String name, String path, String one, String member) {
        byte[] message = MessageWriter.methodCall(1, name, path, one, member).toBytes();
        MessageHeader header = new MessageHeader();
        header.read(ByteBuffer.wrap(message), 0);
        return new AccessPolicy(rules, false, false, null).grantFor(List.of(name), null).check(flag, header).passes();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "dbus send bus=session peer=(name=org.foo),|--rule=see+call+signal+fds:org.foo",
        "dbus send bus=system path=/a{,/**} interface=a.b member={C,D} peer=(name=\"org.foo{,.*}\"),|--system-rule=see+call+signal+fds:org.foo.*=a.b.C@/a/* --system-rule=see+call+signal+fds:org.foo.*=a.b.D@/a/*",
        "dbus bind bus=session name=org.foo{,.*},|--rule=own:org.foo.*",
        "dbus receive bus=session interface=a.b path=/{,**},|--rule=broadcast+receive-fds:*=a.b.*",
        "dbus session org.foo r,|--rule=broadcast+receive-fds:org.foo",
        "dbus bind name=org.foo,|--rule=own:org.foo --system-rule=own:org.foo",
        "dbus send bus=session peer=(name=org.foo),\\ndeny dbus send bus=session peer=(name=org.bar),|--rule=see+call+signal+fds:org.foo",
        "priority=1 dbus send bus=session peer=(name=org.foo),\\ndeny dbus send,|--rule=see+call+signal+fds:org.foo",
    })
    void toAccessRules_whatTheyCanSay(String text, String expected) {
        PolicyConversion conversion = PolicyConversion.toAccessRules(policy(text.replace("\\n", "\n")));
        assertEquals(expected, String.join(" ", conversion.lines()));
        assertEquals(List.of(), conversion.losses());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "dbus send peer=(label=a),|line 1: left out: access rules know no labels",
        "\\ndbus receive peer=(name=:1.5),|line 2: left out: the name of a receive rule is the sender's unique name",
        "dbus send path=/a/**,|line 1: left out: path=/a/** is neither P or P{,/**}",
        "dbus send peer=(name=\"org.*\"),|line 1: left out: name=org.* is neither N or N{,.*}",
        "dbus send member=M,|line 1: left out: access rules name a member only together",
        "dbus send interface=org.*,|line 1: left out: interface=org.* is neither one interface",
        "dbus eavesdrop,|line 1: eavesdrop is left out",
        "dbus send bus=fcitx,|line 1: bus=fcitx is left out",
        "dbus send peer=(name=org.foo),\\ndeny dbus send path=/x{,/**},|line 1: left out: deny on line 2",
        "dbus send peer=(name=org.foo),\\npriority=1 prompt dbus send,|line 1: left out: prompt on line 2",
        "dbus send path=\"/{a,b,c,d,e,f}{a,b,c,d,e,f}{a,b,c,d,e,f}{a,b,c}\",|line 1: left out: path=",
        "audit dbus bind name=a.b,|line 1: audit is left out",
        "dbus bind name={a.b,nodot},|line 1: left out in part: bus name 'nodot'",
    })
    void toAccessRules_whatTheyCannotSay_isTold(String text, String expected) {
        PolicyConversion conversion = PolicyConversion.toAccessRules(policy(text.replace("\\n", "\n")));
        assertTrue(conversion.losses().get(0).startsWith(expected), conversion.losses().toString());
        assertTrue(conversion.lines().isEmpty() || !expected.contains("left out: "), conversion.lines().toString());
    }

    @Test
    void toAccessRules_ofRandomRules_neverAllowMoreSending() {
        int checked = 0;
        int converted = 0;
        for (int seed = 0; seed < 1_000; seed++) {
            Random random = new Random(seed);
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(5); n >= 0; n--) {
                text.append(random.nextInt(4) == 0 ? "deny " : "").append("dbus ").append(random.nextBoolean() ? "send" : "(send, receive)");
                text.append(pick(random, "", " bus=session", " bus=s*")).append(pick(random, "", " path=/a", " path=/a{,/**}", " path=/{,**}", " path=/{,a}"));
                text.append(pick(random, "", " interface=o.{I,J}", " interface=o.I", " interface=*"));
                text.append(pick(random, "", "", " member=M", " member=[MN]"));
                text.append(text.toString().endsWith("(send, receive)") ? "" : pick(random, "", " peer=(name=o.N)", " peer=(name=\"o.{N,M}{,.*}\")", " peer=(label=**)"));
                text.append(",\n");
            }
            CompiledPolicy policy = policy(text.toString()).compile();
            List<AccessRule> rules = sessionRules(PolicyConversion.toAccessRules(policy(text.toString())));
            converted += rules.isEmpty() ? 0 : 1;
            for (int n = 0; n < 20; n++) {
                String name = pick(random, NAMES);
                String path = pick(random, PATHS);
                String one = pick(random, INTERFACES);
                String member = pick(random, MEMBERS);
                if (rulesAllow(rules, AccessFlags.CALL, name, path, one, member)) {
                    assertTrue(sends(policy, name, path, one, member), text + name + path + one + member + rules);
                    checked++;
                }
            }
        }
        assertTrue(converted > 150 && checked > 600, converted + " converted, " + checked + " checked");
    }

    private static String pick(Random random, String... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private static boolean sends(CompiledPolicy policy, String name, String path, String one, String member) {
        return policy.check(new PolicyQuery().clear(Permission.SEND).set(Field.BUS, "session").set(Field.NAME, name).set(Field.LABEL, "l")
                .set(Field.PATH, path).set(Field.INTERFACE, one).set(Field.MEMBER, member)).allow();
    }

    @Test
    void toApparmor_ofAccessRules_allowsTheSameSending() {
        List<AccessRule> rules = List.of(RuleText.parse("--talk=o.N"), RuleText.parse("--call=o.M.*=o.I.M@/a/*"), RuleText.parse("--call=p.Q.R=o.J.*"),
                RuleText.parse("--own=o.Own.*"), RuleText.parse("--see=o.See"), RuleText.parse("--broadcast=o.B=*@/b"));
        PolicyConversion conversion = PolicyConversion.toApparmor(Map.of("session", rules));
        CompiledPolicy policy = policy(String.join("\n", conversion.lines())).compile();
        for (String name : NAMES) {
            for (String path : PATHS) {
                for (String one : INTERFACES) {
                    for (String member : MEMBERS) {
                        assertEquals(rulesAllow(rules, AccessFlags.CALL, name, path, one, member), sends(policy, name, path, one, member),
                                name + path + one + member + conversion.lines());
                    }
                }
            }
        }
        PolicyQuery own = new PolicyQuery().clear(Permission.BIND).set(Field.BUS, "session");
        assertTrue(policy.check(own.set(Field.NAME, "o.Own.a")).allow());
        assertTrue(!policy.check(own.set(Field.NAME, "o.Owner")).allow());
        assertTrue(sends(policy, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello"));
        assertTrue(!sends(policy, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ListNames"));
        String losses = conversion.losses().stream().collect(Collectors.joining("\n"));
        for (String word : new String[] {"--talk=o.N: broadcasts", "--see=o.See: left out", "--broadcast=o.B=@/b: broadcasts", "bus session: calls and unicast"}) {
            assertTrue(losses.contains(word), losses);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "dbus session org.foo path=/a,|dbus send bus=session path=/a peer=(name=org.foo), dbus bind bus=session name=org.foo,|receive is left out",
        "dbus acquire,|dbus bind,|",
        "audit deny dbus system path=/a method=M r,|audit deny dbus receive bus=system path=/a member=M,|",
        "deny dbus org.foo w,|deny dbus send peer=(name=org.foo),|less is denied",
        "dbus org.foo r,||receive is left out",
    })
    void toApparmor_of2011_saysWhatTodaysCannot(String text, String expected, String loss) {
        PolicyConversion conversion = PolicyConversion.toApparmor(policy(text));
        assertEquals(expected == null ? "" : expected, String.join(" ", conversion.lines()));
        assertEquals(loss == null ? 0 : 1, conversion.losses().size());
        assertTrue(loss == null || conversion.losses().get(0).contains(loss), conversion.losses().toString());
    }

    @Test
    void toApparmor_ofRandomRules_meansTheSame() {
        for (int seed = 0; seed < 300; seed++) {
            RandomRules random = new RandomRules(seed);
            List<RandomRules.Rule> rules = new ArrayList<>();
            StringBuilder text = new StringBuilder("@{V}=/a/ \"b\\\"c\" \\x41\\x01é\n");
            for (int n = 0; n < 6; n++) {
                rules.add(random.rule(true));
                text.append(random.text(rules.get(n)));
            }
            text.append("dbus send member=\\*\\\\[a\\]\\[]@{V} peer=(name=\"\\@{a,b}\\!\" label=\"{,@{V}/}\"),\n");
            String printed = String.join("\n", PolicyConversion.toApparmor(policy(text.toString())).lines());
            assertEquals(printed, String.join("\n", PolicyConversion.toApparmor(policy(printed)).lines()));
            CompiledPolicy policy = policy(printed).compile();
            CompiledPolicy original = policy(text.toString()).compile();
            for (int n = 0; n < 40; n++) {
                Permission permission = Permission.values()[random.below(4)];
                List<String> values = random.values(rules);
                PolicyQuery query = new PolicyQuery().clear(permission);
                for (Field field : Field.values()) {
                    query.set(field, values.get(field.ordinal()));
                }
                assertEquals(original.check(query), policy.check(query), printed);
            }
        }
    }
}
