package io.berth.tests.access;

import static io.berth.api.AccessFlags.NAME_IS_SUBTREE;
import static io.berth.api.AccessFlags.TALK;
import static io.berth.tests.house.Rules.rule;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AccessRule;
import io.berth.tests.house.BusObserver;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * How long it takes to say no must not tell whether somebody has the name. What is compared are medians of samples that were taken
 * in turns, so that whatever else the machine does slows all down alike; the bounds are for what no noise explains.
 */
class HiddenNameTimeTest {
    private static final int ROUNDS = 400;
    private static final int NAMES_OF_ONE = 500;
    private static final double MOST = 1.7;
    private static final Map<String, Function<String, Message>> QUESTIONS = new LinkedHashMap<>();

    static {
        QUESTIONS.put("call", name -> Message.call(name, "/o", "org.test.I", "Do"));
        for (String member : List.of("NameHasOwner", "GetNameOwner", "GetConnectionCredentials")) {
            QUESTIONS.put(member, name -> Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, member).body("s", name));
        }
        for (String member : List.of("StartServiceByName", "RequestName")) {
            QUESTIONS.put(member, name -> Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, member).body("su", name, 0));
        }
    }

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private final Map<String, List<Long>> samples = new LinkedHashMap<>();

    private RawClient app(int rules) {
        return HOUSE.app(IntStream.range(0, rules).mapToObj(i -> rule(TALK | NAME_IS_SUBTREE, "org.test.Other" + i)).toArray(AccessRule[]::new));
    }

    /** The name that nobody has comes first. */
    private List<String> names() {
        RawClient hidden = HOUSE.service("org.test.Hidden.One");
        RawClient crowded = HOUSE.unconfined();
        IntStream.range(0, NAMES_OF_ONE).forEach(i -> crowded.own("org.test.Crowded.N" + i));
        return List.of("org.test.Nobody.One", "org.test.Hidden.One", "org.test.Crowded.N1", ":1.9999", hidden.uniqueName(), crowded.uniqueName());
    }

    private void sample(String what, RawClient app, Message question) {
        long begin = System.nanoTime();
        app.answer(question);
        samples.computeIfAbsent(what, key -> new ArrayList<>()).add(System.nanoTime() - begin);
    }

    private double medianUs(String what) {
        List<Long> sorted = samples.get(what).stream().sorted().toList();
        return sorted.get(sorted.size() / 2) / 1_000.0;
    }

    /** Prints a line. @return the most that one of its figures is above another */
    private double spread(String line, List<String> names) {
        StringBuilder figures = new StringBuilder(String.format("%-34s", line));
        double least = Double.MAX_VALUE;
        double most = 0;
        for (String name : names) {
            double us = medianUs(line + name);
            figures.append(String.format(" %8.1f", us));
            least = Math.min(least, us);
            most = Math.max(most, us);
        }
        System.out.println(figures);
        return most / least;
    }

    @Test
    void refusal_hiddenOrNobodys_takesTheSameTimeAmongAnyNumberOfRules() {
        List<String> names = names();
        List<Integer> rules = List.of(0, 50, 1_000);
        List<RawClient> apps = rules.stream().map(this::app).toList();
        System.out.println("median us for " + names + ", by question and number of rules");
        for (String question : QUESTIONS.keySet()) {
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < names.size(); i++) {
                    String name = names.get((i + round) % names.size());
                    for (int server = 0; server < apps.size(); server++) {
                        sample(question + " " + rules.get(server) + name, apps.get(server), QUESTIONS.get(question).apply(name));
                    }
                }
            }
            for (int count : rules) {
                double spread = spread(question + " " + count, names);
                assertTrue(spread < MOST, question + " among " + count + " rules: " + spread);
            }
            double grown = medianUs(question + " " + 1_000 + names.get(0)) / medianUs(question + " " + 0 + names.get(0));
            assertTrue(grown < MOST, question + " among 1,000 rules over none: " + grown);
        }
    }

    /** A policy of labels may let the app ask the bus nothing about names. What takes time then is asking the bus. */
    @Test
    void refusal_byAPolicyOfLabels_asksTheBusAsOften() {
        List<String> names = names();
        RawClient app = HOUSE.app(HOUSE.helper().add("org.test.App",
                HelperApi.policy("dbus send interface=org.freedesktop.DBus member=Hello peer=(name=org.freedesktop.DBus),\n")));
        RawClient outsider = HOUSE.unconfined();
        List<?> daemons = ((List<?>) outsider.bus("ListNames").arg()).stream().filter(name -> name.toString().startsWith(":")
                && outsider.bus("GetConnectionUnixProcessID", "s", name).arg().equals(HOUSE.daemon().pid())).toList();
        BusObserver observer = HOUSE.keep(new BusObserver(HOUSE.bus()));
        List<Long> pings = new ArrayList<>();
        long before = 0;
        for (String name : names) {
            app.answer(QUESTIONS.get("call").apply(name));
            long sent = daemons.stream().flatMap(one -> observer.sentBy((String) one).stream()).filter(one -> "Ping".equals(one.member())).count();
            pings.add(sent - before);
            before = sent;
        }
        assertTrue(pings.get(0) > 0, "no daemon among " + daemons);
        assertEquals(Collections.nCopies(names.size(), pings.get(0)), pings);
    }

    /** An app makes the helper forget what it knows by any change of a name, if only of its own. */
    @Test
    void refusal_firstAfterANameHasChangedHands_takesTheSameTime() {
        List<String> names = names();
        RawClient app = app(1_000);
        RawClient changing = HOUSE.unconfined();
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < names.size(); i++) {
                changing.own("org.test.Changing");
                changing.bus("ReleaseName", "s", "org.test.Changing");
                app.sync();
                String name = names.get((i + round) % names.size());
                sample("first call" + name, app, QUESTIONS.get("call").apply(name));
            }
        }
        double spread = spread("first call", names);
        assertTrue(spread < MOST, "first call: " + spread);
    }
}
