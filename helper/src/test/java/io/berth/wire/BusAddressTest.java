package io.berth.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BusAddressTest {
    private static final String GUID = "0123456789abcdef0123456789abcdef";

    private static List<BusAddress> parse(String address) {
        return BusAddress.parse(address, "/run/user/7");
    }

    @Test
    void parse_eachKindOfUnixAddress_isRead() {
        assertEquals(List.of(new BusAddress("/run/user/1000/bus", false, null)), parse("unix:path=/run/user/1000/bus"));
        assertEquals(List.of(new BusAddress("/tmp/dbus-x", true, GUID)), parse("unix:abstract=/tmp/dbus-x,guid=" + GUID));
        assertEquals(List.of(new BusAddress("/run/user/7/bus", false, null)), parse("unix:runtime=yes"));
        assertEquals(List.of(new BusAddress("/a", false, GUID)), parse("unix:guid=" + GUID + ",path=/a"));
    }

    @Test
    void parse_alternatives_keepTheirOrder() {
        assertEquals(List.of(new BusAddress("/a", false, null), new BusAddress("b", true, null)),
                parse("unix:path=/a;unix:abstract=b;"));
    }

    @Test
    void parse_escapes_areBytesOfUtf8() {
        assertEquals("/t mp/\u00e9;,%=*\\", parse("unix:path=/t%20mp/%c3%A9%3b%2c%25%3d*\\").get(0).name());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "",
        ";",
        "tcp:host=localhost,port=1",
        "unixexec:path=/bin/sh",
        "nonce-tcp:host=h",
        "launchd:env=X",
        "autolaunch:",
        "unix:path=/a;tcp:host=h",
        "unix:path=/a;;unix:path=/b",
        "unix:",
        "unix:path",
        "unix:path=",
        "unix:=/a",
        "unix:path=/a,",
        "unix:path=/a,path=/b",
        "unix:path=/a,abstract=b",
        "unix:path=/a,mode=0600",
        "unix:dir=/tmp",
        "unix:tmpdir=/tmp",
        "unix:guid=0123456789abcdef0123456789abcdef",
        "unix:path=/a,guid=0123456789abcdef0123456789abcde",
        "unix:path=/a,guid=0123456789abcdef0123456789abcdeg",
        "unix:runtime=no",
        "unix:path=relative/bus",
        "unix:path=/a b",
        "unix:path=/\u00e9",
        "unix:path=/a%2",
        "unix:path=/a%",
        "unix:path=/a%zz",
        "unix:path=/a%00b",
        "unix:path=/a%ff",
        "unix:path=/01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456",
        "UNIX:path=/a",
        "unix :path=/a",
        " unix:path=/a",
    })
    void parse_anythingElse_isRefusedWithItsName(String address) {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> parse(address));
        String[] parts = refused.getMessage().split("\"");
        assertEquals("bus address ", parts[0]);
        assertTrue(address.contains(parts[1]), refused.getMessage());
    }

    @Test
    void parse_runtimeWithoutDirectory_isRefused() {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> BusAddress.parse("unix:runtime=yes", null));
        assertTrue(refused.getMessage().contains("XDG_RUNTIME_DIR"), refused.getMessage());
    }

    @Test
    void format_anyPath_isParsedBack() {
        String path = "/run/a b/\u00e9;,=%*\\\"'~:";
        assertEquals("unix:path=/run/a%20b/%c3%a9%3b%2c%3d%25%2a%5c%22%27%7e%3a,guid=" + GUID, BusAddress.format(path, GUID));
        assertEquals(List.of(new BusAddress(path, false, GUID)), parse(BusAddress.format(path, GUID)));
        assertEquals("unix:path=/run/x-1_2.sock", BusAddress.format("/run/x-1_2.sock", null));
    }
}
