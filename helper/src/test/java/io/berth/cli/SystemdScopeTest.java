package io.berth.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AppId;
import org.junit.jupiter.api.Test;

class SystemdScopeTest {
    private static String name(String app) {
        return SystemdScope.unitName(new AppId("org.test.Box", app), 42);
    }

    @Test
    void unitName_ofAnyApp_isOneThatSystemdTakes() {
        assertEquals("app-berth-org.test.App_1-42.scope", name("org.test.App_1"));
        assertEquals("app-berth-a\\x2db\\x20\\x2f\\x5c\\x40\\xc3\\xa4-42.scope", name("a-b /\\@\u00e4"));
        assertEquals("app-berth-\\x2ehidden-42.scope", name(".hidden"));
        String longest = name("\u00e4".repeat(100));
        assertTrue(longest.length() < 255, longest);
        assertTrue(longest.endsWith("\\xa4-42.scope") || longest.endsWith("\\xc3-42.scope"), longest);
    }
}
