package io.berth.policy.apparmor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyTextTest {
    private static PolicySyntaxException refused(String text) {
        return assertThrows(PolicySyntaxException.class, () -> PolicyText.parse(text, "x").compile(), () -> PolicyScanner.shown(text));
    }

    private static boolean allows(String text, Permission permission, Field field, String value) {
        return PolicyText.parse(text, "berth//org.flatpak//a*b").compile().check(new PolicyQuery().clear(permission).set(field, value)).allow();
    }

    @Test
    void text_readsBackUnchanged() {
        String text = "# words\r\n  @{X}=a\n\tdbus\n  send , # more\n";
        assertEquals(text, PolicyText.parse(text, "x").text());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# nothing\n", "\n \t\r\n", "dbus,", "dbus send, # c", "audit deny\n dbus,", "audit # why\n dbus,", "all,", "deny all,",
        "priority=-5 dbus,", "priority = +10 audit prompt dbus rw,", "dbus(send),", "dbus path =/a,", "dbus path=\n(/a),", "dbus path=(,/a,),",
        "dbus bus=\"\",", "dbus (\"\"),", "dbus (R W),", "dbus send peer=(name\n=\na),", "dbus peer=(name=a,,label=b),", "dbus peer=(),",
        "dbus bus==a,", "dbus bus=a)b,", "dbus bus=,x,", "dbus bus=\"a\"path=/b,", "dbus bus=\"a\nb\",", "dbus bind peer=(bus=x),",
        "dbus peer=(name=foolabel=bar),", "dbus bus=[\\]^a],", "dbus bus=[^^a],", "dbus bus=[--a],",
        "dbus bus=@foo,", "dbus bus=@{a,b},", "@{X}=a b \\\n \"c d\" # e\ndbus bus=@{X},", "@X = a\n@{X} += b\ndbus bus=@{X},",
        "dbus bus=@{X},\n@{X}=a"})
    void text_ofToday_isRead(String text) {
        assertEquals(Dialect.TODAY, PolicyText.parse(text, "x").dialect());
    }

    @ParameterizedTest
    @ValueSource(strings = {"dbus acquire,", "dbus system,", "dbus session org.foo.*,", "dbus address=foo,", "dbus org.foo (send, receive),",
        "dbus system address=org.foo path=/a interface=i method=m rw,", "audit deny dbus method=m,", "dbus path=/a send,", "dbus \"org.foo\" (r w),",
        "dbus {org.foo,org.bar} bind,", "dbus org.foo,\ndbus send,"})
    void text_of2011_isRecognised(String text) {
        assertEquals(Dialect.PROPOSED_2011, PolicyText.parse(text, "x").dialect());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "dbus sned,|1|6|'sned'|send, receive",
        "dbus send\\n  pth=/a,|2|3|'pth'|path=",
        "dbus send,\\ndbus bus=session bus=system,|2|18|'bus'|once",
        "dbus send receive,|1|11|'receive'|in parentheses",
        "dbus path=/a send,\\ndbus bus=x,|1|14|'send'|before the keys",
        "dbus send|1|10|the end of the text|a comma",
        "dbus bus=(a b),|1|13|'b'|one value",
        "dbus bus in (a),|1|6|'bus'|bus=",
        "dbus label=x,|1|6|'label'|inside peer=",
        "dbus peer=(label=a) bus=b,|1|21|'bus'|last",
        "dbus peer=(name=\"\"),|1|17|'\"'|not empty",
        "dbus bind name=a member=b,|1|25|member= in a rule with name= outside of peer|one of the two",
        "dbus bind path=/a,|1|16|path= in a rule with bind|send or receive",
        "dbus eavesdrop peer=(label=a),|1|28|label= in a rule with eavesdrop|send or receive",
        "dbus send name=a,|1|16|name= in a rule with send|peer=(name=",
        "dbus bus=a{b,|1|10|pattern 'a{b'|}",
        "dbus bus={a},|1|10|pattern '{a}'|two choices",
        "dbus bus=[b-],|1|10|pattern '[b-]'|- in brackets",
        "dbus bus=[a*],|1|10|pattern '[a*]'|wildcard",
        "dbus bus=@{X},|1|10|@{X}|@{X}=VALUE",
        "@{X}=@{Y}\\n@{Y}=@{X}\\ndbus bus=@{Y},|3|10|@{Y}|itself",
        "@{X}=a\\n@{X}=b|2|1|'@{X}'|only once",
        "@{X}+=a|1|1|'@{X}+'|before",
        "@{X}=a,|1|7|','|no comma",
        "deny audit dbus,|1|6|'audit'|in this order",
        "owner dbus,|1|1|'owner'|no owner",
        "priority=1001 dbus,|1|10|'1001'|-1000 to 1000",
        "priority=x dbus,|1|10|'x'|-1000 to 1000",
        "audit { dbus, }|1|7|'{'|blocks are not read",
        "if defined @{X} { dbus, }|1|1|'if'|conditional blocks",
        "profile x { dbus, }|1|1|'profile'|without the profile",
        "dbus,\\n#include <a>|2|1|'#include'|includes are not read",
        "include <a>|1|1|'include'|includes are not read",
        "abi <abi/4.0>,|1|1|'abi'|abi",
        "/etc/** r,|1|1|'/etc/**'|a rule",
        "dbus send # why\\n,|1|11|'#'|between rules",
        "dbus send,dbus send,|1|6|'send,dbus'|white space",
    })
    void text_wrong_saysWhereAndWhat(String text, int line, int column, String found, String expected) {
        PolicySyntaxException refused = refused(text.replace("\\n", "\n"));
        assertEquals(line + ":" + column + " " + found, refused.line() + ":" + refused.column() + " " + refused.found(), refused.getMessage());
        assertTrue(refused.expected().contains(expected), refused.getMessage());
        assertEquals("line " + line + ", column " + column + ": found " + found + ", expected " + refused.expected(), refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "dbus system bus=x,|1|13|'bus'|of 2011",
        "dbus acquire address=a.b,|1|14|'address'|permissions come last",
        "dbus system method=m path=/a,|1|22|'path'|in this order",
        "dbus session (send, eavesdrop),|1|21|'eavesdrop'|acquire or bind",
        "dbus session org.foo eavesdrop,|1|22|'eavesdrop'|path=",
        "dbus session (),|1|16|','|inside ( )",
        "dbus send,\\ndbus acquire,\\ndbus peer=(name=a),|3|6|'peer'|of 2011",
        "dbus peer=(name=a),\\ndbus acquire,|2|6|'acquire'|language of 2011",
    })
    void text_of2011Wrong_saysWhereAndWhat(String text, int line, int column, String found, String expected) {
        text_wrong_saysWhereAndWhat(text, line, column, found, expected);
    }

    @Test
    void escapes_becomeBytesAndHideWildcards() {
        assertTrue(allows("dbus bus=\\x61\\142\\d099,", Permission.SEND, Field.BUS, "abc"));
        assertTrue(allows("dbus bus=\\x2a,", Permission.SEND, Field.BUS, "*"));
        assertTrue(!allows("dbus bus=\\x2a,", Permission.SEND, Field.BUS, "a"));
        assertTrue(allows("dbus bus=\"a\\\"b\",", Permission.SEND, Field.BUS, "a\"b"));
        assertTrue(allows("dbus bus=a\\ b\\,c,", Permission.SEND, Field.BUS, "a b,c"));
        assertTrue(allows("dbus bus=\\xc3\\xa4ß,", Permission.SEND, Field.BUS, "äß"));
        assertTrue(allows("dbus bus=\\q\\.,", Permission.SEND, Field.BUS, "q."));
    }

    @Test
    void variables_areChoicesAndTrimSlashes() {
        String variables = "@{A}=/x/ /y/\n@{B}=@{A}z\n@{B}+=w\n";
        assertTrue(allows(variables + "dbus path=/@{A}/s,", Permission.SEND, Field.PATH, "//x/s"));
        assertTrue(allows(variables + "dbus path=/p/@{A}/s,", Permission.SEND, Field.PATH, "/p/y/s"));
        assertTrue(allows(variables + "dbus path=@{B},", Permission.SEND, Field.PATH, "/x/z"));
        assertTrue(allows(variables + "dbus path=@{B},", Permission.SEND, Field.PATH, "w"));
        assertTrue(allows("dbus peer=(label=@{profile_name}),", Permission.SEND, Field.LABEL, "berth//org.flatpak//a*b"));
        assertTrue(!allows("dbus peer=(label=@{profile_name}),", Permission.SEND, Field.LABEL, "berth//org.flatpak//aab"));
    }

    @Test
    void priority_ofAllow_beatsDenyBelowIt() {
        String rules = "deny dbus bus=a,\npriority=1 audit allow dbus bus=a path=/p,\npriority=1 prompt dbus bus=a,\nprompt dbus bus=b,";
        CompiledPolicy policy = PolicyText.parse(rules, "x").compile();
        PolicyQuery query = new PolicyQuery().clear(Permission.SEND).set(Field.BUS, "a").set(Field.PATH, "/p");
        assertEquals("allow, audit", policy.check(query).toString());
        assertEquals("deny, audit", policy.check(query.set(Field.PATH, "/q")).toString());
        assertEquals("deny, audit", policy.check(query.set(Field.BUS, "b")).toString());
        assertSame(policy.check(query), policy.check(query));
    }

    @Test
    void rule_withoutKey_fitsAbsentFieldAndItsStarToo() {
        assertTrue(allows("dbus send interface=*,", Permission.SEND, Field.BUS, "session"));
        assertTrue(!allows("dbus send path=/**,", Permission.SEND, Field.PATH, "/"));
        assertTrue(!allows("dbus send path=/a/*,", Permission.SEND, Field.PATH, "/a/"));
        assertTrue(allows("dbus send path={/a/*,/b},", Permission.SEND, Field.PATH, "/a/"));
    }

    @Test
    void variables_thatGrowWithoutEnd_areRefused() {
        StringBuilder bomb = new StringBuilder("@{V0}=a b\n");
        for (int i = 1; i < 40; i++) {
            bomb.append("@{V").append(i).append("}=@{V").append(i - 1).append("}@{V").append(i - 1).append("}\n");
        }
        PolicySyntaxException refused = assertTimeoutPreemptively(Duration.ofSeconds(20), () -> refused(bomb + "dbus bus=@{V39},"));
        assertTrue(refused.line() == 41 && refused.expected().contains("65536 bytes"), refused.getMessage());
    }

    @Test
    void patterns_tooMany_areRefusedWithTheRule() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 2_500; i++) {
            text.append("dbus send member=").append(i).append("x".repeat(450)).append(",\n");
        }
        PolicySyntaxException refused = refused(text.toString());
        assertTrue(refused.line() > 2 && refused.getMessage().contains("a pattern too many"), refused.getMessage());
    }

    @Test
    void braces_inOneAnother_upTo49() {
        PolicyText.parse("dbus bus=\"" + "{a,".repeat(49) + "}".repeat(49) + "\",", "x");
        assertTrue(refused("dbus bus=\"" + "{a,".repeat(50) + "}".repeat(50) + "\",").expected().contains("49"));
    }
}
