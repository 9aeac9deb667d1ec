package io.berth.wire;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class NameGrammarTest {
    private static final String LONG = "a." + "b".repeat(253);

    @Test
    void isBusName_byTheSpecification() {
        for (String name : List.of("org.a", "a-b.c_d.E9", "-a.b", ":1.5", ":1.5.a", ":x-1.0_", LONG)) {
            assertTrue(NameGrammar.isBusName(name), name);
        }
        for (String name : List.of("", "a", ".a.b", "a.b.", "a..b", "a.1b", "1a.b", ":", ":1", ":1.", ":.1", "::1.2", "a.b:c", "a.b c",
                "a.\u00e9", LONG + "b", "a.b\n")) {
            assertFalse(NameGrammar.isBusName(name), name);
        }
    }

    @Test
    void isBusNamespace_oneElementIsEnough() {
        for (String name : List.of("org", "org.a-b", "_")) {
            assertTrue(NameGrammar.isBusNamespace(name), name);
        }
        for (String name : List.of("", "org.", ".org", ":1.5", "9", "a b")) {
            assertFalse(NameGrammar.isBusNamespace(name), name);
        }
    }

    @Test
    void isInterfaceAndIsMember_byTheSpecification() {
        assertTrue(NameGrammar.isInterface("a.b"));
        assertTrue(NameGrammar.isInterface(LONG));
        for (String name : List.of("", "a", "a-b.c", "a.b-c", "a.", "a.1", LONG + "b")) {
            assertFalse(NameGrammar.isInterface(name), name);
        }
        assertTrue(NameGrammar.isMember("_Get9"));
        for (String name : List.of("", "a.b", "9a", "a-b", "a b", "b".repeat(256))) {
            assertFalse(NameGrammar.isMember(name), name);
        }
    }

    @Test
    void isObjectPath_byTheSpecification() {
        for (String path : List.of("/", "/a", "/a/9_/B", "/" + "a".repeat(1000))) {
            assertTrue(NameGrammar.isObjectPath(path), path);
        }
        for (String path : List.of("", "a", "//", "/a/", "/a//b", "//a", "/a-b", "/a.b", "/\u00e9", "/a b")) {
            assertFalse(NameGrammar.isObjectPath(path), path);
        }
    }
}
