package io.berth.tests.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whatever an app writes, a record of it stays one record. */
class ForgeryTest {
    private static final String FORGED = "server 666 of org.test.Other: denied";
    private static final List<String> TEXTS = List.of("\n" + FORGED, "\r" + FORGED, "\u2028" + FORGED, "\u0085" + FORGED, "\u001b[2K" + FORGED,
            "\"', MESSAGE=\n" + FORGED, "\u202e" + FORGED, "'; touch /tmp/x; '" + FORGED, "x".repeat(200_000) + "\n" + FORGED);

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private final Command berth = new Command(HOUSE);

    @Test
    void hostileTexts_inEveryField_makeNoLineOfTheirOwn() {
        Program monitor = berth.start("monitor");
        Program json = berth.start("monitor", "--json");
        monitor.firstLine(Command.PATIENCE);
        json.firstLine(Command.PATIENCE);
        ContainerServer server = HOUSE.helper().add(HelperApi.TYPE, "org.test.Evil\u2028" + FORGED, Map.of("Key", Variant.of("\n" + FORGED)),
                HelperApi.arguments(List.of()));
        RawClient app = HOUSE.app(server);
        for (String text : TEXTS) {
            app.answer(Message.call(text, "/", "org.test.I", "Destination"));
            app.answer(Message.call("org.test.Name", text, "org.test.I", "Path"));
            app.answer(Message.call("org.test.Name", "/", text, "Interface"));
            app.answer(Message.call("org.test.Name", "/", "org.test.I", text));
        }
        app.sendBytes(notUtf8(9_000));
        assertTrue(app.await("an answer", message -> message.replySerial() == 9_000).errorName().endsWith("ServiceUnknown"));
        List<Map<String, String>> denials = Command.json(berth.output(0, "why", "--json", Command.id(server)));
        assertEquals(4 * TEXTS.size() + 1, denials.size());
        assertTrue(denials.stream().allMatch(denial -> denial.values().stream().allMatch(value -> value.length() <= 1200)));
        assertFalse(denials.stream().anyMatch(denial -> denial.containsKey("command")), "a command made of what no bus lets through");
        String why = berth.output(0, "why", Command.id(server));
        assertEquals(3 * denials.size(), why.lines().count());
        HOUSE.helper().remove(server);
        Awaitility.await().atMost(Command.PATIENCE).until(() -> json.output().contains("\"removed\"") && monitor.output().contains("removed"));
        for (String shown : List.of(why, monitor.output(), HOUSE.daemon().program().errors())) {
            assertTrue(shown.contains(FORGED), "nothing was told");
            assertFalse(shown.chars().anyMatch(c -> c != '\n' && (Character.isISOControl(c) || c == 0x2028 || c == 0x202e)), shown);
            assertFalse(shown.lines().anyMatch(line -> line.strip().startsWith(FORGED)), shown);
        }
        Command.json(json.output());
    }

    private static byte[] notUtf8(int serial) {
        byte[] bytes = Message.call("org.test.Name", "/", "org.test.I", "Qxq").serial(serial).toBytes();
        byte[] member = "Qxq".getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < bytes.length - 2; i++) {
            if (bytes[i] == member[0] && bytes[i + 1] == member[1] && bytes[i + 2] == member[2]) {
                bytes[i + 1] = (byte) 0xff;
            }
        }
        return bytes;
    }
}
