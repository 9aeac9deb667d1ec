package io.berth.tests.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.berth.tests.house.EchoService;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Libc;
import java.nio.file.Path;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** firejail filters D-Bus with berth-dbus-proxy in the place of xdg-dbus-proxy, of which it has the path built in. */
class FirejailTest {
    private static final String APP = """
            for name in org.test.S org.test.Hidden; do
                dbus-send --session --print-reply=literal --dest=$name /o org.test.I.Do >/dev/null 2>&1 && echo "$name answers" || echo "$name does not"
            done
            dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.RequestName string:org.test.Mine uint32:0 | tail -1
            dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.ListNames | grep -o '"org[^"]*"' | sort
            """;

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @BeforeEach
    void checkUser() {
        assumeTrue(Libc.LIBC.getuid() == 0, "another program in the place of xdg-dbus-proxy needs a mount, and so root");
    }

    private static String output(String proxy) {
        Program firejail = HOUSE.run(HOUSE.bus().address(), "unshare", "--mount", "--propagation", "private", "sh", "-c",
                "mount --bind \"$0\" /usr/bin/xdg-dbus-proxy && exec \"$@\"", proxy, "firejail", "--noprofile", "--quiet", "--dbus-user=filter",
                "--dbus-user.talk=org.test.S", "--dbus-user.own=org.test.Mine", "--dbus-system=none", "sh", "-c", APP);
        assertEquals(0, firejail.exitStatus(Proxy.PATIENCE), () -> firejail.output() + firejail.errors());
        return firejail.output();
    }

    @Test
    void app_behindEitherProxy_canDoTheSame() {
        HOUSE.keep(new EchoService(HOUSE.bus(), "org.test.S"));
        HOUSE.keep(new EchoService(HOUSE.bus(), "org.test.Hidden"));
        String expected = """
                org.test.S answers
                org.test.Hidden does not
                   uint32 1
                "org.freedesktop.DBus"
                "org.test.S"
                """;
        assertEquals(expected, output("/usr/bin/xdg-dbus-proxy"));
        // firejail opens it close-on-exec and calls fexecve(3): a script would not be there any more when its interpreter reads it
        assertEquals(expected, output(Path.of("../bin/berth-dbus-proxy").toAbsolutePath().normalize().toString()));
        Awaitility.await().until(() -> HOUSE.helper().servers().isEmpty());
    }
}
