package io.berth.api;

import static io.berth.api.AccessFlags.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.HashSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RuleTextTest {
    private static final int CALLS = SEE | CALL | FDS;
    private static final int BROADCASTS = SEE | BROADCAST | RECEIVE_FDS;

    private static void assertReads(String word, int flags, String name, String path, String iface) {
        assertEquals(new AccessRule(flags, name, path, iface), RuleText.parse(word), word);
    }

    @Test
    void namePolicies_readAsDocumented() {
        assertReads("--see=org.foo", SEE | PATH_IS_SUBTREE, "org.foo", "/", "");
        assertReads("--talk=org.foo", TALK | FDS | PATH_IS_SUBTREE, "org.foo", "/", "");
        assertReads("--own=org.foo.*", TALK | FDS | OWN | PATH_IS_SUBTREE | NAME_IS_SUBTREE, "org.foo", "/", "");
        assertReads("--talk=:1.42", TALK | FDS | PATH_IS_SUBTREE, ":1.42", "/", "");
        assertReads("--see=:1.*", SEE | PATH_IS_SUBTREE | NAME_IS_SUBTREE, AccessRule.UNIQUE_NAMES, "/", "");
        assertEquals("--see=:1.*", RuleText.parse("--see=:1.*").toString());
        assertReads("--talk=*", TALK | FDS | PATH_IS_SUBTREE, "", "/", "");
        assertReads("--talk=org.box/my=app", TALK | FDS | PATH_IS_SUBTREE | NAME_IS_APP, "org.box/my=app", "/", "");
    }

    @Test
    void narrowRules_everyVariantOfTheManual() {
        assertReads("--call=org.foo=*", CALLS | PATH_IS_SUBTREE, "org.foo", "/", "");
        assertReads("--call=org.foo=", CALLS | PATH_IS_SUBTREE, "org.foo", "/", "");
        assertReads("--call=org.foo=org.foo", CALLS | PATH_IS_SUBTREE, "org.foo", "/", "org.foo");
        assertReads("--call=org.foo=org.foo.Iface.*", CALLS | PATH_IS_SUBTREE, "org.foo", "/", "org.foo.Iface");
        assertReads("--call=org.foo=org.foo.Iface.Method", CALLS | PATH_IS_SUBTREE | INTERFACE_HAS_MEMBER, "org.foo", "/", "org.foo.Iface.Method");
        assertReads("--call=org.foo=@/a", CALLS, "org.foo", "/a", "");
        assertReads("--call=org.foo=@/a/*", CALLS | PATH_IS_SUBTREE, "org.foo", "/a", "");
        assertReads("--call=org.foo=@/", CALLS, "org.foo", "/", "");
        assertReads("--call=org.foo=@/*", CALLS | PATH_IS_SUBTREE, "org.foo", "/", "");
        assertReads("--call=org.foo=*@/a", CALLS, "org.foo", "/a", "");
        assertReads("--call=org.foo.*=org.foo.Iface.Method@/a/b/*", CALLS | NAME_IS_SUBTREE | PATH_IS_SUBTREE | INTERFACE_HAS_MEMBER,
                "org.foo", "/a/b", "org.foo.Iface.Method");
        assertReads("--broadcast=org.foo=org.foo.Iface.*@/a", BROADCASTS, "org.foo", "/a", "org.foo.Iface");
        assertReads("--call=org.box/a=b=@/a", CALLS | NAME_IS_APP, "org.box/a=b", "/a", "");
    }

    @Test
    void explicitRule_saysWhatTheOthersCannot() {
        assertReads("--rule=talk:org.foo", TALK | PATH_IS_SUBTREE, "org.foo", "/", "");
        assertReads("--rule=call+receive-fds::1.5=@/a", CALL | RECEIVE_FDS, ":1.5", "/a", "");
        assertReads("--rule=see+call+signal+broadcast+fds+own:*", TALK | FDS | OWN | PATH_IS_SUBTREE, "", "/", "");
    }

    @ParameterizedTest
    @CsvSource({
        "--talk=org.foo, --talk=org.foo",
        "--rule=talk+fds:org.foo, --talk=org.foo",
        "--rule=talk:org.foo, --rule=talk:org.foo",
        "--call=org.foo=, --call=org.foo=*",
        "--call=org.foo=*@/*, --call=org.foo=*",
        "--call=org.foo=org.foo.Iface.Method@/a/*, --call=org.foo=org.foo.Iface.Method@/a/*",
        "--rule=see:org.foo=@/a, --rule=see:org.foo=@/a",
        "--rule=own+signal+call:org.foo, --rule=call+signal+own:org.foo",
    })
    void print_oneSpellingPerRule(String read, String printed) {
        assertEquals(printed, RuleText.print(RuleText.parse(read)));
        assertEquals(printed, RuleText.parse(read).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--talk", "--talk=", "talk=org.foo", "--say=org.foo", "--talk=org", "--talk=org.*", "--talk=org.foo=x",
        "--call=org.foo", "--call==*", "--call=org.foo=Method", "--call=org.foo=@", "--call=org.foo=@a", "--call=org.foo=@/a/",
        "--call=org.foo=a..b", "--call=org.foo=.*", "--call=org.foo=a.*", "--call=org.foo=org.foo.Iface@/a@/b", "--call=org.foo=a=b",
        "--call=*.foo=*", "--own=:1.5", "--own=org.box/app", "--see=:1.5.*", "--rule=org.foo", "--rule=:org.foo", "--rule=shout:org.foo",
        "--rule=see+:org.foo", "--talk=org.foo\0", "--talk=-x", "--rule=see:"})
    void parse_malformed_namesValueAndExpectation(String word) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> RuleText.parse(word));
        assertTrue(e.getMessage().contains("'") && e.getMessage().contains("expected"), e.getMessage());
    }

    @Test
    void printThenParse_everyRule_isTheSameAndUnambiguous() {
        Set<String> words = new HashSet<>();
        int rules = 0;
        for (int flags = 0; flags <= ALL; flags++) {
            if ((flags & ~ALL) != 0 || (flags & PERMISSIONS) == 0) {
                continue;
            }
            for (String name : List.of("", "org.foo", "org.foo.bar", ":1.5", "org.box/app", "org.box/a=b", "org.box/a.*", "org.box/a=*@/x/*")) {
                for (String path : List.of("/", "/a", "/a/b")) {
                    for (String iface : List.of("", "org.foo", "org.foo.Iface", "org.foo.Iface.Method")) {
                        AccessRule rule;
                        try {
                            rule = new AccessRule(flags, name, path, iface);
                        } catch (IllegalArgumentException notARule) {
                            continue;
                        }
                        String word = RuleText.print(rule);
                        assertEquals(rule, RuleText.parse(word), word);
                        assertTrue(words.add(word), word);
                        rules++;
                    }
                }
            }
        }
        assertTrue(rules > 10_000, "generated " + rules);
    }
}
