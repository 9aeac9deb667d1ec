package io.berth.tests.audit;

import static io.berth.tests.house.Rules.see;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What apps try, with texts as long as they like, cannot make the daemon run out of memory, nor others' denials be forgotten. */
class RecordMemoryTest {
    private static final int APPS = 11;
    private static final int TRIES = 400;

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    /** Of two bytes each in memory. */
    private static String text(int number) {
        return "ж".repeat(1000) + number;
    }

    private static Message refused(int number) {
        return Message.call("org.test." + text(number), "/" + text(number), "org.test." + text(number), text(number)).flags(Message.NO_REPLY_EXPECTED);
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Variant>> denials(ContainerServer server) {
        return (List<Map<String, Variant>>) HOUSE.helper().connection()
                .call(Message.call("io.berth.Helper1", server.object(), HelperApi.SERVER, "GetDenials")).arg();
    }

    @Test
    void longDistinctTexts_ofElevenAppsWithoutRules_areCutAndForgotten_andAnothersDenialIsNot() {
        ContainerServer honest = HOUSE.server(see("org.test.Base"));
        RawClient app = HOUSE.app(honest);
        app.answer(Message.call("org.test.Honest", "/", "org.test.I", "First"));
        List<ContainerServer> servers = new ArrayList<>();
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < APPS; i++) {
            servers.add(HOUSE.server());
            clients.add(HOUSE.app(servers.get(i)));
        }
        // more than one second's worth for whoever counts by time
        for (int round = 0; round < 8; round++) {
            for (RawClient client : clients) {
                for (int n = 0; n < TRIES / 8; n++) {
                    client.send(refused(round * TRIES + n));
                }
                client.sync();
            }
        }
        app.sync();
        assertEquals("First", denials(honest).get(0).get("Member").value());
        for (ContainerServer server : servers) {
            List<Map<String, Variant>> denials = denials(server);
            assertTrue(denials.size() > 1, "what was tried last is known");
            for (Map<String, Variant> denial : denials) {
                for (String name : List.of("Name", "Interface", "Member")) {
                    assertEquals(255, ((String) denial.get(name).value()).length(), name);
                    assertTrue(((String) denial.get(name).value()).endsWith("\u2026"), name);
                }
            }
        }
        app.answer(Message.call("org.test.Honest", "/", "org.test.I", "Second"));
        assertEquals(List.of("First", "Second"), denials(honest).stream().map(denial -> denial.get("Member").value()).toList());
    }
}
