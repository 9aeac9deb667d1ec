package io.berth.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MatchRuleTest {
    private static MatchRule parse(String text) {
        return MatchRule.parse(text);
    }

    @Test
    void parse_allKeys_areWrittenInOneOrder() {
        MatchRule rule = parse("arg63='z',arg1path='/a/',arg0namespace='org.a',eavesdrop='false',destination=':1.2',member='M',"
                + "interface='a.B',sender='org.s',type='signal',path_namespace='/p'");
        assertEquals("type='signal',sender='org.s',interface='a.B',member='M',path_namespace='/p',destination=':1.2',"
                + "arg0namespace='org.a',arg1path='/a/',arg63='z'", rule.canonical());
        assertEquals("signal", rule.type());
        assertEquals("org.s", rule.sender());
        assertEquals("a.B", rule.interfaceName());
        assertEquals("M", rule.member());
        assertFalse(rule.eavesdrop());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\t\r\n "})
    void parse_nothing_matchesEverything(String text) {
        MatchRule rule = parse(text);
        assertEquals("", rule.canonical());
        assertNull(rule.type());
        assertNull(rule.sender());
        assertNull(rule.interfaceName());
        assertNull(rule.member());
        assertTrue(rule.matchesSignal(":1.1", "/", "a.b", "C", List.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "eavesdrop=true",
        "eavesdrop='true'",
        "eavesdrop =true",
        " \t\n\r eavesdrop\t\r\n ='true'",
        "eavesdrop='tr'ue",
        "eavesdrop=''t'r''u'e''",
        "eavesdrop=true, ",
        "type='signal',eavesdrop=true,",
        "type='signal', eavesdrop='true',member='M'",
    })
    void eavesdrop_inEverySpelling_isSeen(String text) {
        assertTrue(parse(text).eavesdrop());
        assertTrue(parse(text).canonical().endsWith("eavesdrop='true'"));
    }

    @Test
    void eavesdrop_false_isAsIfItWereNotThere() {
        assertEquals(parse("member='M'"), parse("eavesdrop='false',member=M"));
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '"', value = {
        "arg0=plain,           arg0='plain'",
        "\"arg0='a,b'\",       \"arg0='a,b'\"",
        "arg0=a'b c'd,         arg0='ab cd'",
        "arg0=\\',             arg0=''\\'''",
        "arg0=it\\'s,          arg0='it'\\''s'",
        "\"arg0='it'\\''s'\",  arg0='it'\\''s'",
        "arg0=\\\\,            arg0='\\\\'",
        "arg0=a\\b,            arg0='a\\b'",
        "arg0=a\\,             arg0='a\\'",
        "\"arg0=a\\,b\",       \"arg0='a\\,b'\"",
        "arg0='a\\b',          arg0='a\\b'",
        "\"arg0= x \",         \"arg0=' x '\"",
        "arg0=a=b,             arg0='a=b'",
        "arg0=,                arg0=''",
        "arg0=\u00e9\ud83d\ude00, arg0='\u00e9\ud83d\ude00'",
    })
    void parse_quotationOfArguments_isTheReferenceBusOne(String text, String canonical) {
        assertEquals(canonical, parse(text).canonical());
        assertEquals(parse(text), parse(canonical));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "type",
        "type='signal',member",
        "=",
        "='x'",
        "='x',eavesdrop=true",
        ",type='signal'",
        "type='signal',,member='M'",
        "type='signal' member='M'",
        "type='Signal'",
        "type='invalid'",
        "type=''",
        "type= 'signal'",
        "type='signal' ",
        "type='signal',type='signal'",
        "Type='signal'",
        "sender='a'",
        "sender=':1'",
        "interface='a'",
        "member='a.b'",
        "path='a'",
        "path='/a/'",
        "path='/a',path_namespace='/a'",
        "path_namespace='/a',path='/a'",
        "path='/a',path='/a'",
        "destination='x y'",
        "eavesdrop='yes'",
        "eavesdrop=",
        "eavesdrop='TRUE'",
        "eavesdrop=true,eavesdrop=false",
        "eavesdrop=false,eavesdrop=false",
        "eavesdrop'='true'",
        "arg='x'",
        "arg64='x'",
        "arg00='x'",
        "arg01='x'",
        "arg0x1='x'",
        "arg+1='x'",
        "arg-1='x'",
        "arg4294967296='x'",
        "arg0junk='x'",
        "arg1namespace='a.b'",
        "arg0namespace=''",
        "arg0namespace='a.'",
        "arg0path=''",
        "arg0='x',arg0='x'",
        "arg0='x',arg0path='/x'",
        "arg0='x',arg0namespace='x'",
        "arg\u0660='x'",
        "frobnicate='x'",
        "arg0='x",
        "arg0=x\\''",
        "arg0='\0'",
        "arg0='\ud83d'",
        "arg0=a,arg1=a,arg2=a,arg3=a,arg4=a,arg5=a,arg6=a,arg7=a,arg8=a,arg9=a,arg10=a,arg11=a,arg12=a,arg13=a,arg14=a,"
                + "arg15=a,eavesdrop=true",
    })
    void parse_anythingDoubtful_isRefused(String text) {
        MalformedException refused = assertThrows(MalformedException.class, () -> parse(text));
        assertTrue(refused.getMessage().startsWith("match rule \"" + text), refused.getMessage());
    }

    @Test
    void parse_tooLong_isRefusedAlsoWhenOnlyTheCanonicalTextIs() {
        String longest = "arg0='" + "x".repeat(1024 - 7) + "'";
        assertEquals(longest, parse(longest).canonical());
        assertThrows(MalformedException.class, () -> parse(longest + " "));
        assertThrows(MalformedException.class, () -> parse("arg0='" + "\u20ac".repeat(340) + "'"));
        assertThrows(MalformedException.class, () -> parse("arg0=" + "\\'".repeat(300)));
        assertThrows(MalformedException.class, () -> parse("arg0=" + "x".repeat(1018)));
    }

    @Test
    void equals_byMeaning() {
        assertEquals(parse("member='M',type=signal"), parse(" type ='sig'nal,member=M, "));
        assertEquals(parse("member='M',type=signal").hashCode(), parse("type=signal,member=M").hashCode());
        assertNotEquals(parse("path='/a'"), parse("path_namespace='/a'"));
        assertNotEquals(parse("arg0='/a'"), parse("arg0path='/a'"));
        assertNotEquals(parse("arg0='a',arg1='b'"), parse("arg0='b',arg1='a'"));
        assertNotEquals(parse("member='M'"), parse("member='M',eavesdrop=true"));
        assertNotEquals(parse("arg0=a\\',arg1=b"), parse("arg0=\"a\\',arg1=b\""));
    }

    private static boolean matches(String rule, String... arguments) {
        return parse(rule).matchesSignal("org.s", "/a/b", "i.I", "M", Arrays.asList(arguments));
    }

    @Test
    void matchesSignal_header_byEachKey() {
        assertTrue(matches("type='signal',sender='org.s',path='/a/b',interface='i.I',member='M'"));
        for (String other : List.of("type='error'", "sender='org.x'", "path='/a'", "interface='i.J'", "member='N'",
                "destination=':1.1'", "path_namespace='/a/b/c'", "path_namespace='/a/bb'")) {
            assertFalse(matches(other), other);
        }
        assertTrue(matches("path_namespace='/a'"));
        assertTrue(matches("path_namespace='/a/b'"));
        assertTrue(matches("path_namespace='/'"));
        assertFalse(parse("path_namespace='/a/b'").matchesSignal("org.s", "/a/bc", "i.I", "M", List.of()));
    }

    @Test
    void matchesSignal_arguments_byEachComparison() {
        assertTrue(matches("arg0='x',arg2=''", "x", "y", ""));
        assertFalse(matches("arg0='x',arg2='z'", "x", "y"));
        assertFalse(matches("arg1='x'", "x", null));
        assertTrue(matches("arg0namespace='org.a'", "org.a"));
        assertTrue(matches("arg0namespace='org.a'", "org.a.b.c"));
        assertFalse(matches("arg0namespace='org.a'", "org.ab"));
        assertTrue(matches("arg0path='/a/'", "/"));
        assertTrue(matches("arg0path='/a/'", "/a/b"));
        assertTrue(matches("arg0path='/a/b'", "/a/"));
        assertFalse(matches("arg0path='/a/b'", "/a"));
        assertFalse(matches("arg0path='/a'", "/a/b"));
    }
}
