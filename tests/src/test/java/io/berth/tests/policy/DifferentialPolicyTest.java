package io.berth.tests.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Policies and messages by chance between two apps and a service: what arrives is what rules say that are compared here one by
 * one, without the language, the automaton or the relay.
 */
class DifferentialPolicyTest {
    private static final long SEED = Long.getLong("seed", 20_110_614);
    private static final int ROUNDS = 60;
    private static final String UNCONFINED = "unconfined";
    /** What the test needs of the bus driver. */
    private static final String DRIVER = "dbus send path=/org/freedesktop/DBus peer=(name=org.freedesktop.DBus),\ndbus bind,\n";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private final Random random = new Random(SEED);
    private final Map<String, ContainerServer> servers = new HashMap<>();

    /** One end: {@code policy} null for the service outside. */
    private record End(String label, RawClient client, String ownedName, List<Rule> policy) {
    }

    /** A condition is null for any, or a text with at most one star, at its end or in its middle. */
    private record Rule(boolean deny, boolean send, boolean receive, String path, String interfaceName, String member, String name, String label) {
        @Override
        public String toString() {
            String peer = (name == null ? "" : "name=\"" + name + "\" ") + (label == null ? "" : "label=\"" + label + "\"");
            return (deny ? "deny " : "") + "dbus (" + (send ? "send " : "") + (receive ? "receive" : "") + ") path=" + path
                    + (interfaceName == null ? "" : " interface=" + interfaceName) + (member == null ? "" : " member=" + member)
                    + (peer.isEmpty() ? "" : " peer=(" + peer + ")") + ",\n";
        }

        boolean fits(boolean sending, Message message, String peerName, String peerLabel) {
            return (sending ? send : receive) && fits(path, message.path()) && fits(interfaceName, message.interfaceName())
                    && fits(member, message.member()) && fits(name, peerName) && fits(label, peerLabel);
        }

        private static boolean fits(String pattern, String value) {
            String text = value == null ? "" : value;
            if (pattern == null) {
                return true;
            }
            int star = pattern.indexOf('*');
            String end = pattern.substring(star + 1).replace("*", "");
            return star < 0 ? pattern.equals(text)
                    : text.length() >= star + end.length() && text.startsWith(pattern.substring(0, star)) && text.endsWith(end);
        }
    }

    private static boolean allows(End ruled, boolean sending, Message message, String peerName, String peerLabel) {
        List<Rule> fitting = ruled.policy == null ? List.of() : ruled.policy.stream().filter(rule -> rule.fits(sending, message, peerName, peerLabel)).toList();
        return ruled.policy == null || !fitting.isEmpty() && fitting.stream().noneMatch(Rule::deny);
    }

    private static boolean arrives(End from, End to, Message message) {
        boolean broadcast = message.destination() == null;
        String name = broadcast ? RawClient.BUS : message.destination();
        return allows(from, true, message, name, to.label) && (!broadcast || allows(from, true, message, name, UNCONFINED))
                && allows(to, false, message, from.client.uniqueName(), from.label);
    }

    @SafeVarargs
    private <T> T pick(T... choices) {
        return choices[random.nextInt(choices.length)];
    }

    /** Paths of rules fit none of the bus driver's, so that what the test needs stays allowed. */
    private List<Rule> rules(End[] ends) {
        List<Rule> rules = new ArrayList<>();
        for (int i = random.nextInt(5); i >= 0; i--) {
            End peer = pick(ends);
            boolean both = random.nextInt(3) > 0;
            boolean send = both || random.nextBoolean();
            rules.add(new Rule(random.nextInt(4) == 0, send, both || !send, pick("/a", "/a**", "/a**", "/c", "/a/*b"), pick(null, null, "org.t.I", "org.t.*"),
                    pick(null, null, "M", "N", "M*"), pick(null, null, peer.client.uniqueName(), peer.ownedName, ":*", "org.*", RawClient.BUS),
                    pick(null, null, peer.label, "berth//**", UNCONFINED)));
        }
        return rules;
    }

    private Message message(End to, int number) {
        String path = pick("/a", "/a/b", "/c", "/a/xb");
        String member = pick("M", "N", "MM");
        String destination = pick(to.client.uniqueName(), to.ownedName, null);
        boolean call = destination != null && random.nextBoolean();
        Message message = call ? Message.call(destination, path, pick("org.t.I", "org.t.J", null), member).flags(Message.NO_REPLY_EXPECTED)
                : Message.signal(destination, path, pick("org.t.I", "org.t.J"), member);
        return message.body("s", Integer.toString(number));
    }

    private End end(String appId) {
        RawClient client = appId == null ? HOUSE.unconfined() : HOUSE.app(server(appId));
        String owned = "org.owned." + (appId == null ? "Service" : appId.substring(appId.length() - 1));
        client.own(owned);
        client.match("type='signal',path_namespace='/a'");
        client.match("type='signal',path='/c'");
        return new End(appId == null ? UNCONFINED : "berth//" + HelperApi.TYPE + "//" + appId, client, owned, null);
    }

    private ContainerServer server(String appId) {
        return servers.computeIfAbsent(appId, id -> HOUSE.helper().add(id, HelperApi.policy(DRIVER)));
    }

    @Test
    void arrivals_betweenAppsUnderRandomPolicies_areThoseThatTheRulesSay() {
        End[] ends = {end("org.test.A"), end("org.test.B"), end(null)};
        int number = 0;
        int arrived = 0;
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < 2; i++) {
                List<Rule> rules = rules(ends);
                StringBuilder text = new StringBuilder(DRIVER);
                rules.forEach(text::append);
                HOUSE.helper().setPolicy(servers.get(i == 0 ? "org.test.A" : "org.test.B"), text.toString());
                ends[i] = new End(ends[i].label, ends[i].client, ends[i].ownedName, rules);
            }
            List<Map<String, String>> expected = List.of(new TreeMap<>(), new TreeMap<>(), new TreeMap<>());
            for (End from : ends) {
                for (int i = 0; i < 15; i++) {
                    End to = pick(ends);
                    Message message = message(to, ++number);
                    from.client.send(message);
                    for (int other = 0; other < ends.length; other++) {
                        boolean addressed = message.destination() == null || ends[other] == to;
                        if (addressed && arrives(from, ends[other], message)) {
                            expected.get(other).put(Integer.toString(number), message + " of " + from.label);
                        }
                    }
                }
                from.client.sync();
            }
            for (int i = 0; i < ends.length; i++) {
                ends[i].client.sync();
                TreeSet<String> found = new TreeSet<>();
                for (Message message : ends[i].client.drainFromPeers()) {
                    for (End from : ends) {
                        if (from.client.uniqueName().equals(message.sender())) {
                            found.add((String) message.arg());
                        }
                    }
                }
                assertEquals(expected.get(i).keySet(), found, "seed " + SEED + ", round " + round + ", at " + ends[i].label + "\n" + ends[0].policy + "\n" + ends[1].policy
                        + "\n" + expected.get(i));
                arrived += found.size();
            }
        }
        assertTrue(arrived > number / 20 && arrived < number, arrived + " of " + number + " arrived");
    }
}
