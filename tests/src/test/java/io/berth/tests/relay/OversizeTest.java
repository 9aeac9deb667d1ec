package io.berth.tests.relay;

import static io.berth.tests.house.Rules.see;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Libc;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Messages as long as they may be, or longer, end nobody else's connection, and none of the helper's own. */
class OversizeTest {
    private static final String NAME = "org.test.Service";
    private static final int HEADER = 20_000;
    /** Maximum message length of the specification. */
    private static final int MESSAGE = 128 << 20;
    private static final AccessRule EVERYBODY = new AccessRule(AccessFlags.TALK | AccessFlags.FDS | AccessFlags.PATH_IS_SUBTREE, "", "/", "");

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse().configured("headerBytes = " + HEADER, "inspectedBytes = 40000");

    /** Connections of the helper's process. */
    private static List<String> helpers(RawClient asks) {
        return ((List<?>) asks.bus("ListNames").arg()).stream().map(String.class::cast).filter(name -> name.startsWith(":"))
                .filter(name -> (Long) asks.bus("GetConnectionUnixProcessID", "s", name).arg() == HOUSE.daemon().pid()).toList();
    }

    private static Message signal(String to, String path) {
        return Message.signal(to, path, "org.test.I", "Big");
    }

    /** With a header of that many bytes when it is sent. */
    private static Message withHeader(String to, int length) {
        int least = signal(to, "/").serial(1).toBytes().length;
        return signal(to, "/" + "x".repeat(length - least - 7));
    }

    @Test
    void mailToTheHelper_howeverLong_endsNothing() {
        RawClient outside = HOUSE.unconfined();
        List<String> helpers = helpers(outside);
        assertFalse(helpers.isEmpty());
        RawClient other = HOUSE.app(see(NAME));
        RawClient app = HOUSE.app(EVERYBODY);
        int[] pipe = new int[2];
        Libc.LIBC.pipe2(pipe, 02000000);
        for (String helper : helpers) {
            app.send(signal(helper, "/").body("ay", new byte[50_000]));
            app.send(signal(helper, "/").body("h", 0).fds(pipe[1]));
            app.send(withHeader(helper, HEADER));
            outside.send(withHeader(helper, 10 * HEADER).body("ay", new byte[50_000]));
            outside.send(withHeader(helper, 10 * HEADER).body("h", 0).fds(pipe[1]));
        }
        Libc.LIBC.close(pipe[0]);
        Libc.LIBC.close(pipe[1]);
        app.sync();
        outside.sync();

        HOUSE.service(NAME);
        assertEquals(true, other.bus("NameHasOwner", "s", NAME).arg());
        assertEquals(2, HOUSE.helper().servers().size());
    }

    @Test
    void longestMessage_ofTheSpecification_endsNothingWhenTheBusAddsItsSender() {
        RawClient outside = HOUSE.unconfined();
        List<String> helpers = helpers(outside);
        RawClient app = HOUSE.app(EVERYBODY);
        // an array may have half of that
        byte[] half = new byte[MESSAGE / 2 - 64];
        for (String helper : helpers) {
            int rest = signal(helper, "/").body("ayay", half, new byte[0]).serial(1).toBytes().length;
            app.send(signal(helper, "/").body("ayay", half, new byte[MESSAGE - rest]));
        }
        app.sync();
        assertEquals(1, HOUSE.helper().servers().size());
    }

    @Test
    void longestHeader_betweenApps_arrives() {
        RawClient app = HOUSE.app(EVERYBODY);
        RawClient neighbour = HOUSE.app(HOUSE.server(EVERYBODY));
        app.send(withHeader(neighbour.uniqueName(), HEADER));
        assertEquals(app.uniqueName(), neighbour.awaitSignal("Big").sender());
    }
}
