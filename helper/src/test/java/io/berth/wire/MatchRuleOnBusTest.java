package io.berth.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@link MatchRule} understands is what the reference bus understands. */
@Timeout(120)
class MatchRuleOnBusTest {
    private static final String[] KEYS = {
        "type", "sender", "interface", "member", "path", "path_namespace", "destination", "eavesdrop", "eavesdrop", "eavesdrop",
        "arg0", "arg1", "arg9", "arg63", "arg0path", "arg5path", "arg0namespace"};
    private static final String[] ODD_KEYS = {
        "", "arg", "arg64", "arg01", "arg0x1", "arg 1", "arg1namespace", "arg0Path", "Type", "eavesdrop'", "'type'", "path_", "arg00"};
    private static final String[] ODD_VALUES = {
        "", " ", "'", "\\", "\\\\", ",", "=", "a,b", "it's", "\\'", "true", "false", "\u00e9", "\u20ac", "\t", "a b", ":1", ":",
        "org", "org.", "/", "/a/", "//", "/a", "a.b", ":1.7"};
    private static final String[] WHITE = {"", "", "", " ", "\t", "\n", " \r "};
    private static final int ROUNDS = 200;
    private static final int BATCH = 100;

    private PrivateBus bus;
    private BusClient client;

    @BeforeEach
    void connect(@TempDir Path directory) throws IOException {
        bus = new PrivateBus(directory);
        client = new BusClient(bus);
    }

    @AfterEach
    void disconnect() throws IOException {
        client.close();
        bus.close();
    }

    private static String pick(Random random, String[] from) {
        return from[random.nextInt(from.length)];
    }

    private static String validValue(Random random, String key) {
        return switch (key) {
            case "type" -> pick(random, new String[] {"signal", "method_call", "method_return", "error"});
            case "sender", "destination" -> pick(random, new String[] {"org.a.b", ":1.7", "org.freedesktop.DBus", "a-b.c"});
            case "interface" -> pick(random, new String[] {"org.a.b", "a_b.c9"});
            case "member" -> pick(random, new String[] {"M", "_9"});
            case "path", "path_namespace" -> pick(random, new String[] {"/", "/a", "/a/b"});
            case "eavesdrop" -> random.nextBoolean() ? "true" : "false";
            case "arg0namespace" -> pick(random, new String[] {"org", "org.a.b"});
            case "arg0path", "arg5path" -> pick(random, new String[] {"/", "/a/", "/a'b", "x"});
            default -> pick(random, ODD_VALUES);
        };
    }

    /** The value as a text that means it, in one of many ways; now and then as it is. */
    private static String quote(Random random, String value) {
        if (random.nextInt(20) == 0) {
            return value;
        }
        StringBuilder text = new StringBuilder();
        int at = 0;
        while (at < value.length()) {
            int end = Math.min(value.length(), at + 1 + random.nextInt(4));
            String piece = value.substring(at, end);
            if (piece.indexOf('\'') >= 0) {
                text.append(piece.replace("'", "\\'"));
            } else if (piece.indexOf(',') >= 0 || random.nextBoolean()) {
                text.append('\'').append(piece).append('\'');
            } else {
                text.append(piece);
            }
            at = end;
        }
        return text.append(random.nextInt(6) == 0 ? "''" : "").toString();
    }

    private static String randomText(Random random) {
        StringBuilder text = new StringBuilder(pick(random, WHITE));
        int count = random.nextInt(random.nextInt(15) == 0 ? 20 : 5);
        for (int i = 0; i < count; i++) {
            String key = random.nextInt(40) == 0 ? pick(random, ODD_KEYS) : pick(random, KEYS);
            String value = random.nextInt(20) == 0 ? pick(random, ODD_VALUES) : validValue(random, key);
            text.append(key).append(pick(random, WHITE)).append('=').append(random.nextInt(25) == 0 ? " " : "");
            text.append(quote(random, value)).append(random.nextInt(25) == 0 ? " " : "");
            text.append(i < count - 1 || random.nextInt(8) == 0 ? "," : "").append(pick(random, WHITE));
        }
        if (random.nextInt(4) == 0 && !text.isEmpty()) {
            int at = random.nextInt(text.length());
            switch (random.nextInt(3)) {
                case 0 -> text.deleteCharAt(at);
                case 1 -> text.insert(at, " ',=\\a\t".charAt(random.nextInt(7)));
                default -> text.insert(at, text.substring(at));
            }
        }
        return text.toString();
    }

    @Test
    void parse_randomTexts_everythingAcceptedIsTheSameRuleToTheBus() throws IOException {
        assertEquals(bus.address().guid(), client.guid());
        int accepted = 0;
        int eavesdropping = 0;
        int onlyByTheBus = 0;
        Set<String> canonicalTexts = new TreeSet<>();
        for (int round = 0; round < ROUNDS; round++) {
            Random random = new Random(round);
            List<String> texts = new ArrayList<>();
            List<MatchRule> rules = new ArrayList<>();
            for (int i = 0; i < BATCH; i++) {
                String text = randomText(random);
                MatchRule rule;
                try {
                    rule = MatchRule.parse(text);
                } catch (MalformedException refused) {
                    rule = null;
                }
                texts.add(text);
                rules.add(rule);
                client.send(client.call("AddMatch").string(text));
                client.send(client.call("RemoveMatch").string(rule == null ? text : rule.canonical()));
            }
            for (int i = 0; i < BATCH; i++) {
                BusClient.Received added = client.receiveReply();
                BusClient.Received removed = client.receiveReply();
                boolean bothGood = added.header().type() == MessageHeader.METHOD_RETURN
                        && removed.header().type() == MessageHeader.METHOD_RETURN;
                MatchRule rule = rules.get(i);
                if (rule == null) {
                    onlyByTheBus += bothGood ? 1 : 0;
                    continue;
                }
                accepted++;
                eavesdropping += rule.eavesdrop() ? 1 : 0;
                canonicalTexts.add(rule.canonical());
                if (!bothGood) {
                    fail("rule " + rule + " read from \"" + texts.get(i) + "\": " + explain(added) + explain(removed));
                }
                assertEquals(rule, MatchRule.parse(rule.canonical()));
            }
        }
        assertTrue(accepted > ROUNDS * BATCH / 3, "accepted " + accepted);
        assertTrue(eavesdropping > accepted / 20, "eavesdropping " + eavesdropping);
        assertTrue(canonicalTexts.size() > accepted / 5, "different " + canonicalTexts.size());
        assertTrue(onlyByTheBus < accepted / 10, "refused though the bus takes it: " + onlyByTheBus);
    }

    private static String explain(BusClient.Received answer) {
        return answer.header().type() == MessageHeader.ERROR ? answer.body().string() + "; " : "ok; ";
    }

    @Test
    void matchesSignal_randomRulesAndSignals_isWhatTheBusDelivers() throws IOException {
        String[] paths = {"/", "/a", "/a/b", "/ab"};
        String[] interfaces = {"i.I", "i.J"};
        String[] members = {"M", "N"};
        String[] arguments = {"", "/", "/a", "/a/", "/a/b", "org", "org", "org.a", "orga", "orga", "a,b", "it's \\"};
        int delivered = 0;
        int withheld = 0;
        try (BusClient emitter = new BusClient(bus)) {
            String[] senders = {emitter.uniqueName(), client.uniqueName()};
            for (int round = 0; round < 1500; round++) {
                Random random = new Random(round);
                StringBuilder text = new StringBuilder("type='signal'");
                maybe(random, text, "sender", senders);
                maybe(random, text, "interface", interfaces);
                maybe(random, text, "member", members);
                maybe(random, text, random.nextBoolean() ? "path" : "path_namespace", paths);
                maybe(random, text, "arg0" + pick(random, new String[] {"", "path", "namespace"}), arguments);
                maybe(random, text, "arg2" + pick(random, new String[] {"", "path"}), arguments);
                MatchRule rule;
                try {
                    rule = MatchRule.parse(text.toString());
                } catch (MalformedException refused) {
                    continue;
                }
                client.send(client.call("AddMatch").string(rule.canonical()));
                assertEquals(MessageHeader.METHOD_RETURN, client.receive().header().type());
                List<Integer> expected = new ArrayList<>();
                for (int i = 0; i < 6; i++) {
                    List<String> values = new ArrayList<>();
                    MessageWriter signal = MessageWriter.signal(emitter.nextSerial(), pick(random, paths), pick(random, interfaces),
                            pick(random, members));
                    for (int n = random.nextInt(4); n > 0; n--) {
                        values.add(pick(random, arguments));
                        signal.string(values.get(values.size() - 1));
                    }
                    byte[] bytes = signal.toBytes();
                    MessageHeader header = new MessageHeader();
                    header.read(ByteBuffer.wrap(bytes), 0);
                    if (rule.matchesSignal(emitter.uniqueName(), header.text(MessageHeader.PATH), header.text(MessageHeader.INTERFACE),
                            header.text(MessageHeader.MEMBER), values)) {
                        expected.add(header.serial());
                        delivered++;
                    } else {
                        withheld++;
                    }
                    emitter.send(bytes);
                }
                emitter.send(MessageWriter.signal(emitter.nextSerial(), "/", "mark.er", "End").destination(client.uniqueName()));
                List<Integer> got = new ArrayList<>();
                MessageHeader next;
                while (!(next = client.receive().header()).text(MessageHeader.MEMBER).equals("End")) {
                    got.add(next.serial());
                }
                assertEquals(expected, got, "serials of the signals for " + rule);
                client.send(client.call("RemoveMatch").string(rule.canonical()));
                assertEquals(MessageHeader.METHOD_RETURN, client.receive().header().type());
            }
        }
        assertTrue(delivered > 300 && withheld > 300, delivered + " delivered, " + withheld + " not");
    }

    private static void maybe(Random random, StringBuilder text, String key, String[] values) {
        if (random.nextInt(3) == 0) {
            text.append(',').append(key).append("='").append(pick(random, values).replace("'", "'\\''")).append('\'');
        }
    }
}
