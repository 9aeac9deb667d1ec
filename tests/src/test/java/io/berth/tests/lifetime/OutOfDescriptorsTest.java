package io.berth.tests.lifetime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The daemon has no file descriptor left, at each place of the making of a server in turn. The house looks for what is left. */
class OutOfDescriptorsTest {
    /** More than one server and its client need. */
    private static final int MOST = 24;

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static void limit(String limits) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder("prlimit", "--pid", Long.toString(HOUSE.daemon().pid()), "--nofile=" + limits).inheritIO().start().waitFor());
    }

    private static int highestFd() throws IOException {
        try (Stream<Path> fds = Files.list(Path.of("/proc/" + HOUSE.daemon().pid() + "/fd"))) {
            return fds.mapToInt(fd -> Integer.parseInt(fd.getFileName().toString())).max().orElseThrow();
        }
    }

    private static long hardLimit() throws IOException {
        String line = Files.readAllLines(Path.of("/proc/" + HOUSE.daemon().pid() + "/limits")).stream()
                .filter(each -> each.startsWith("Max open files")).findFirst().orElseThrow();
        return Long.parseLong(line.split(" +")[4]);
    }

    @Test
    void makingAServer_withFewerAndFewerDescriptors_failsCleanly() throws Exception {
        TestCgroups version2 = HOUSE.keep(TestCgroups.version2());
        TestCgroups version1 = HOUSE.keep(TestCgroups.version1());
        Path first = version2.create("app");
        Path second = version1.create("app");
        version2.occupy(first);
        version1.occupy(second);
        Map<String, Variant> arguments = Map.of("Cgroups", new Variant("as", List.of(first.toString(), second.toString())));
        HOUSE.helper().remove(HOUSE.helper().add("org.test.App", arguments));
        long hard = hardLimit();
        int highest = highestFd();
        List<String> refusals = new ArrayList<>();
        int made = 0;
        for (int free = MOST; free >= 0; free--) {
            limit(highest + 1 + free + ":" + hard);
            try {
                ContainerServer server = HOUSE.helper().add("org.test.App", arguments);
                made++;
                HOUSE.helper().remove(server);
            } catch (DBusError refused) {
                refusals.add(refused.getMessage());
            }
        }
        limit(hard + ":" + hard);
        assertTrue(made > 0 && refusals.size() > 3, made + " made, refused: " + refusals);
        assertEquals(List.of(), HOUSE.helper().servers());
        ContainerServer after = HOUSE.helper().add("org.test.App", arguments);
        try (RawClient app = after.connect()) {
            app.sync();
        }
    }
}
