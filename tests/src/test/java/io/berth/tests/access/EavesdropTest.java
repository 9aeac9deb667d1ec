package io.berth.tests.access;

import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.BusObserver;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Eavesdropping in every spelling (the weakness of CVE-2026-34080). Which spellings count is not ours to say: each is tried
 * on the bus itself first, and what makes an unconfined client hear the mail of others there must be refused here.
 */
class EavesdropTest {
    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static List<String> spellings() {
        List<String> spellings = new ArrayList<>();
        List<String> keys = List.of("eavesdrop", " eavesdrop", "\teavesdrop", "\neavesdrop", "  \r\n eavesdrop", "eavesdrop ",
                "eavesdrop\t", "Eavesdrop", "e\\avesdrop", "'eavesdrop'");
        List<String> values = List.of("'true'", "true", "''true", "'tr''ue'", "tr'ue'", "'t'r'u'e", "\\'true\\'", "\\true",
                "'true' ", " 'true'", "\t'true'", "TRUE", "'True'", "1", "yes", "true ''", "'tru'e''");
        for (String key : keys) {
            for (String value : values) {
                spellings.add(key + "=" + value);
            }
        }
        List<String> rules = new ArrayList<>(spellings);
        for (String simple : List.of("eavesdrop='true'", "eavesdrop=true", " eavesdrop=tr'u'e")) {
            rules.addAll(List.of("type='method_call'," + simple, simple + ",type='method_call'", "type='method_call', " + simple,
                    "type='method_call',\t" + simple, simple + ",", "member='Secret'," + simple + ",path='/'",
                    "arg0='a,eavesdrop=false'," + simple, "path='/','" + simple, "eavesdrop='false'," + simple));
        }
        return rules;
    }

    /** Whether the bus takes the rule from this client. */
    private static boolean accepted(RawClient client, String rule) {
        try {
            client.match(rule);
            return true;
        } catch (DBusError refused) {
            return false;
        }
    }

    private static boolean hears(RawClient listener, RawClient sender, RawClient receiver, RawClient outsider) {
        sender.send(Message.call(receiver.uniqueName(), "/", "org.test.I", "Secret").flags(Message.NO_REPLY_EXPECTED).body("s", "x"));
        receiver.awaitCall("Secret");
        outsider.send(Message.signal(listener.uniqueName(), "/", "org.test.Barrier", "Now"));
        listener.awaitSignal("Now");
        return listener.drain().stream().anyMatch(message -> "Secret".equals(message.member()));
    }

    @Test
    void eavesdrop_everySpellingThatWorksOnTheBus_isRefused() {
        RawClient sender = HOUSE.unconfined();
        RawClient receiver = HOUSE.unconfined();
        RawClient outsider = HOUSE.unconfined();
        List<String> working = new ArrayList<>();
        for (String rule : spellings()) {
            try (RawClient plain = HOUSE.bus().connect()) {
                if (accepted(plain, rule) && hears(plain, sender, receiver, outsider)) {
                    working.add(rule);
                }
            }
        }
        if (PrivateBus.BROKER) {
            assertEquals(List.of(), working, "dbus-broker lets nobody eavesdrop this way");
            working.addAll(List.of("eavesdrop='true'", " eavesdrop=tr'u'e,type='method_call'"));
        }
        assertTrue(working.size() > (PrivateBus.BROKER ? 1 : 40), "few spellings work on the bus: " + working);

        BusObserver observer = HOUSE.keep(new BusObserver(HOUSE.bus()));
        RawClient confined = HOUSE.app(talk(""));
        RawClient free = HOUSE.app(HOUSE.helper().add("org.test.Free", HelperApi.unrestricted()));
        for (RawClient app : List.of(confined, free)) {
            List<String> taken = new ArrayList<>();
            for (String rule : working) {
                for (String interfaceName : new String[] {RawClient.BUS, null}) {
                    Message call = Message.call(RawClient.BUS, RawClient.BUS_PATH, interfaceName, "AddMatch").body("s", rule);
                    if (app.answer(call).type() != Message.ERROR) {
                        taken.add(rule);
                    }
                }
            }
            assertEquals(List.of(), taken);
            assertEquals(false, hears(app, sender, receiver, outsider));
            assertEquals(List.of(), observer.sentBy(app.uniqueName()).stream()
                    .filter(message -> "AddMatch".equals(message.member()) && ((String) message.arg()).contains("eavesdrop")).toList());
        }
    }

    @Test
    void eavesdrop_silentlyAsked_neverReachesTheBus() {
        BusObserver observer = HOUSE.keep(new BusObserver(HOUSE.bus()));
        RawClient app = HOUSE.app(talk(""));
        app.send(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "AddMatch").flags(Message.NO_REPLY_EXPECTED)
                .body("s", " eavesdrop=true"));
        app.sync();
        assertEquals(0, observer.sentBy(app.uniqueName()).stream().filter(message -> "AddMatch".equals(message.member()))
                .filter(message -> ((String) message.arg()).contains("eavesdrop")).count());
        assertEquals(false, hears(app, HOUSE.unconfined(), HOUSE.unconfined(), HOUSE.unconfined()));
    }

    @Test
    void matchRule_howeverItIsSpelt_reachesTheBusInOurSpelling() {
        BusObserver observer = HOUSE.keep(new BusObserver(HOUSE.bus()));
        RawClient app = HOUSE.app();
        for (String text : List.of("type=signal,path=/a/b", "path='/a/b', type='signal'", " type='sig''nal',path=/a/b")) {
            app.match(text);
        }
        app.sync();
        List<String> added = observer.sentBy(app.uniqueName()).stream().filter(message -> "AddMatch".equals(message.member()))
                .map(message -> (String) message.arg()).distinct().toList();
        assertEquals(1, added.size(), added.toString());
    }
}
