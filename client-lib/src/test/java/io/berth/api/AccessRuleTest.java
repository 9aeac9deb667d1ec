package io.berth.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccessRuleTest {
    private static final int ANY_PATH = AccessFlags.PATH_IS_SUBTREE;
    private static final String LONG = "a".repeat(NameGrammar.MAXIMUM_LENGTH + 1 - "org.".length());

    private static void assertRejected(String expectedText, int flags, String name, String path, String iface) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> new AccessRule(flags, name, path, iface));
        assertTrue(e.getMessage().contains(expectedText), e.getMessage());
        assertTrue(e.getMessage().contains("expected"), e.getMessage());
    }

    @Test
    void flags_unknownBit_namesIt() {
        assertRejected("unknown bits 0x80", AccessFlags.SEE | 0x80, "org.foo", "/", "");
        assertRejected("unknown bits 0x80000000", AccessFlags.SEE | 1 << 31, "org.foo", "/", "");
    }

    @Test
    void flags_withoutPermission_rejected() {
        assertRejected("0x200", ANY_PATH, "org.foo", "/", "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"org.foo", "org.foo-bar._x", ":1.42", ":1.2-3", "a.b", "_.-", "org.foo.B4", "-a.b"})
    void busName_wellFormed_accepted(String name) {
        assertEquals(name, new AccessRule(AccessFlags.TALK, name, "/", "").busName());
    }

    @ParameterizedTest
    @ValueSource(strings = {"org", ".org.foo", "org.foo.", "org..foo", "org.4foo", ":", ":1", ":1.", "org.foo\0", "org.foo\n",
        "org.föö", "org foo.bar", "org.foo/bar", "org.foo.*", "*", "org:1.2", "::1.2", "org.foo=x"})
    void busName_malformed_namesValue(String name) {
        assertRejected("bus name " + NameGrammar.quote(name), AccessFlags.TALK, name, "/", "");
    }

    @Test
    void names_lengthLimit_is255() {
        String fits = "org." + LONG.substring(1);
        assertEquals(255, fits.length());
        new AccessRule(AccessFlags.SEE | AccessFlags.INTERFACE_HAS_MEMBER, fits, "/", fits + "." + fits.substring(4));
        new AccessRule(AccessFlags.SEE, fits, "/" + "p".repeat(1000), fits);
        assertRejected("bus name", AccessFlags.SEE, "org." + LONG, "/", "");
        assertRejected("interface", AccessFlags.SEE, "org.foo", "/", "org." + LONG);
        assertRejected("interface with member", AccessFlags.SEE | AccessFlags.INTERFACE_HAS_MEMBER, "org.foo", "/", "org.foo." + "m".repeat(256));
    }

    @Test
    void subtreeAndOwn_needWellKnownName() {
        new AccessRule(AccessFlags.OWN | AccessFlags.NAME_IS_SUBTREE, "org.foo", "/", "");
        new AccessRule(AccessFlags.OWN, "", "/", "");
        assertRejected("':1.5'", AccessFlags.SEE | AccessFlags.NAME_IS_SUBTREE, ":1.5", "/", "");
        assertRejected("':1'", AccessFlags.TALK | AccessFlags.NAME_IS_SUBTREE, ":1", "/", "");
        assertRejected("':1.5'", AccessFlags.OWN, ":1.5", "/", "");
        assertRejected("''", AccessFlags.SEE | AccessFlags.NAME_IS_SUBTREE, "", "/", "");
        assertRejected("'org.box/app'", AccessFlags.SEE | AccessFlags.NAME_IS_SUBTREE | AccessFlags.NAME_IS_APP, "org.box/app", "/", "");
        assertRejected("'org.box/app'", AccessFlags.OWN | AccessFlags.NAME_IS_APP, "org.box/app", "/", "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"org.box/firefox", "org.box/a b=c/d", "org.box/ünïcode", "org.box/\uD83D\uDE00", "org.box/-x"})
    void app_wellFormed_accepted(String name) {
        assertEquals(name, AppId.parse(new AccessRule(AccessFlags.CALL | AccessFlags.NAME_IS_APP, name, "/", "").busName()).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"org.box", "", "org.box/", "/firefox", "box/firefox", "org.4box/x", "org.box/a\0b", "org.box/a\nb", "org.box/\uD83D", "org-x.box/y"})
    void app_malformed_rejected(String name) {
        assertRejected("", AccessFlags.CALL | AccessFlags.NAME_IS_APP, name, "/", "");
    }

    @Test
    void app_identifierLength_countsBytes() {
        AppId.parse("org.box/" + "ü".repeat(127) + "x");
        assertRejected("app identifier", AccessFlags.CALL | AccessFlags.NAME_IS_APP, "org.box/" + "ü".repeat(128), "/", "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/a", "/a/b_C/9"})
    void path_wellFormed_accepted(String path) {
        assertEquals(path, new AccessRule(AccessFlags.CALL, "org.foo", path, "").objectPath());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "a/b", "//", "/a/", "/a//b", "/a-b", "/a.b", "/a\0", "/*", "/ä"})
    void path_malformed_namesValue(String path) {
        assertRejected("object path " + NameGrammar.quote(path), AccessFlags.CALL, "org.foo", path, "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"org", "org.foo-bar", "org.4", ".org.foo", "org.foo.", "org.foo\0", "org.foo.*", ":1.2"})
    void interface_malformed_namesValue(String iface) {
        assertRejected("interface " + NameGrammar.quote(iface), AccessFlags.CALL, "org.foo", "/", iface);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Method", "foo.Method", "org.foo.4", "org.foo.a-b", "org.foo.", "org.foo.M\0"})
    void interfaceWithMember_malformed_namesValue(String iface) {
        assertRejected("interface with member " + NameGrammar.quote(iface), AccessFlags.CALL | AccessFlags.INTERFACE_HAS_MEMBER, "org.foo", "/", iface);
    }

    @Test
    void withoutFds_takesThemAway_andOnlyThem() {
        AccessRule talk = new AccessRule(AccessFlags.TALK | AccessFlags.FDS | ANY_PATH, "org.foo", "/", "");
        assertEquals(AccessFlags.TALK | ANY_PATH, talk.withoutFds().flags());
        assertEquals(talk.withoutFds(), talk.withoutFds().withoutFds());
    }

    @Test
    void errorText_hostileValue_staysOneShortLine() {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class,
                () -> NameGrammar.checkBusName("x\u001b[31m\n\u2028\u202e" + "y".repeat(100_000)));
        assertTrue(e.getMessage().startsWith("bus name 'x\\u001b[31m\\u000a\\u2028\\u202ey"), e.getMessage());
        assertTrue(e.getMessage().length() < 1000);
    }
}
