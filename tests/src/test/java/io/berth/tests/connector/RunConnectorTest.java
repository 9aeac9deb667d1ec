package io.berth.tests.connector;

import static io.berth.tests.connector.Proxy.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code berth run} with bubblewrap: services find the app's own sandbox behind its connection, and the app gains nothing by it. */
class RunConnectorTest {
    private static final String NAME = "org.test.Service";
    private static final String CALL = "busctl --user call " + NAME + " / org.test.I Do";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static Program start(String... arguments) {
        List<String> words = new ArrayList<>(List.of("run"));
        words.addAll(List.of(arguments));
        return HOUSE.run(HOUSE.bus().address(), BerthDaemon.command(words.toArray(String[]::new)).toArray(String[]::new));
    }

    private static Path of(long process, String file) {
        return Path.of("/proc", String.valueOf(process), file);
    }

    @Test
    void serviceAskingTheBus_findsTheSandboxOfTheApp() throws IOException {
        RawClient service = HOUSE.service(NAME);
        Program run = start("--talk=" + NAME, "--", "sh", "-c", CALL + "; exit $?");
        Message call = service.awaitCall("Do");
        long connector = (Long) service.bus("GetConnectionUnixProcessID", "s", call.sender()).arg();
        long app = ((Number) HOUSE.helper().credentials(call.sender()).get("ProcessID").value()).longValue();
        assertNotEquals(HOUSE.daemon().pid(), connector);
        assertEquals("berth-connector", Files.readString(of(connector, "comm")).strip());
        for (String space : List.of("ns/mnt", "ns/pid", "ns/user", "ns/cgroup")) {
            assertEquals(Files.readSymbolicLink(of(app, space)), Files.readSymbolicLink(of(connector, space)), space);
        }
        assertNotEquals(Files.readSymbolicLink(Path.of("/proc/self/ns/mnt")), Files.readSymbolicLink(of(connector, "ns/mnt")));
        assertEquals(Files.readString(of(app, "cgroup")), Files.readString(of(connector, "cgroup")));
        service.send(Message.reply(call.sender(), call.serial()));
        assertEquals(0, run.exitStatus(PATIENCE), run.errors());
        assertEquals(List.of(), HOUSE.helper().servers());
    }

    @Test
    void connector_fromInsideTheSandbox_cannotBeLookedInto() {
        Program run = start("--", "sh", "-c", """
                for process in /proc/[0-9]*; do
                    [ "$(cat $process/comm)" = berth-connector ] || continue
                    echo found
                    ls $process/fd/* && echo fds
                    readlink $process/root && echo root
                    head -c 1 $process/mem && echo memory
                    strace -p ${process#/proc/} -o /dev/null & tracer=$!
                    wait $tracer && echo traced
                    ls -l /proc/self/fd | grep -c socket
                done
                exit 0""");
        assertEquals(0, run.exitStatus(PATIENCE), run.errors());
        assertEquals("found\n0\n", run.output(), run.errors());
        assertTrue(run.errors().contains("Operation not permitted"), run.errors());
    }

    @Test
    void app_hasNoChildAndNoParentThatItDidNotHave() {
        Program run = start("--", "sh", "-c", "echo $$ $PPID; cat /proc/$$/task/$$/children; trap");
        assertEquals(0, run.exitStatus(PATIENCE), run.errors());
        String[] seen = run.output().split("\n");
        assertEquals("2 1", seen[0]);
        assertEquals(2, seen[1].split(" ").length + 1, "only cat: " + seen[1]);
    }

    @Test
    void app_killed_takesTheConnectorAlong() {
        RawClient service = HOUSE.service(NAME);
        Program run = start("--talk=" + NAME, "--", "sh", "-c", CALL);
        Message call = service.awaitCall("Do");
        long connector = (Long) service.bus("GetConnectionUnixProcessID", "s", call.sender()).arg();
        run.kill();
        Awaitility.await().until(() -> !Files.exists(of(connector, "comm")) && HOUSE.helper().servers().isEmpty());
    }

    @Test
    void withoutBubblewrap_theHelperConnects() {
        RawClient service = HOUSE.service("org.test.Service");
        Program run = start("--env-only", "--talk=org.test.Service", "--", "busctl", "--user", "call", "org.test.Service", "/", "org.test.I", "Do");
        Message call = service.awaitCall("Do");
        assertEquals(HOUSE.daemon().pid(), service.bus("GetConnectionUnixProcessID", "s", call.sender()).arg());
        service.send(Message.reply(call.sender(), call.serial()));
        assertEquals(0, run.exitStatus(PATIENCE), run.errors());
    }
}
