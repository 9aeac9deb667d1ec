package io.berth.tests.access;

import static io.berth.api.AccessFlags.BROADCAST;
import static io.berth.api.AccessFlags.CALL;
import static io.berth.api.AccessFlags.OWN;
import static io.berth.api.AccessFlags.SEE;
import static io.berth.api.AccessFlags.SIGNAL;
import static io.berth.tests.access.Narrowing.MESSAGE_INTERFACE;
import static io.berth.tests.access.Narrowing.MESSAGE_MEMBER;
import static io.berth.tests.access.Narrowing.MESSAGE_PATH;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.api.AccessRule;
import io.berth.tests.house.Barrier;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Every permission, narrowed in every way, against every kind of message, each looked for where it would arrive: what the
 * grant says passes, and nothing else does (the weakness of GHSA-r7hp-698j-2h6c).
 */
class MatrixTest {
    private static final String NAME = "org.test.Service";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private enum Permission {
        NONE(0), SEEING(SEE), CALLING(CALL), SIGNALLING(SIGNAL), BROADCASTING(BROADCAST), OWNING(OWN);

        private final int flag;

        Permission(int flag) {
            this.flag = flag;
        }
    }

    @TestFactory
    Stream<DynamicTest> grant_everyKindOfMessage_passesNothingBeyondIt() {
        RawClient service = HOUSE.service(NAME);
        RawClient outsider = HOUSE.unconfined();
        List<DynamicTest> tests = new ArrayList<>();
        for (Permission permission : Permission.values()) {
            for (Narrowing narrowing : Narrowing.values()) {
                if (permission != Permission.NONE || narrowing == Narrowing.ANYTHING) {
                    tests.add(DynamicTest.dynamicTest(permission + " " + narrowing, () -> check(service, outsider, permission, narrowing)));
                }
            }
        }
        return tests.stream();
    }

    private void check(RawClient service, RawClient outsider, Permission permission, Narrowing narrowing) {
        AccessRule[] rules = permission == Permission.NONE ? new AccessRule[0]
                : new AccessRule[] {narrowing.rule(permission.flag, NAME)};
        ContainerServer server = HOUSE.server(rules);
        try (RawClient app = server.connect(); RawClient peer = server.connect()) {
            Barrier barrier = new Barrier(app, peer, outsider);
            sendEverything(app, service);
            Set<String> arrived = labels(barrier.sentTo(service));
            app.sync();
            List<Message> answers = app.drain();
            app.match("type='signal'");
            app.match("type='signal',sender='" + NAME + "'");
            service.send(Message.signal(null, MESSAGE_PATH, MESSAGE_INTERFACE, MESSAGE_MEMBER).body("s", "broadcast"));
            List<Message> heard = barrier.received(service);
            assertAll(() -> assertEquals(expectedAtService(permission, narrowing), arrived),
                    () -> assertEquals(expectedAtApp(permission, narrowing), heard.stream().map(message -> (String) message.arg()).toList()),
                    () -> assertEquals(expectedErrors(permission, narrowing), errors(answers)));
        } finally {
            HOUSE.helper().remove(server);
        }
    }

    private static void sendEverything(RawClient app, RawClient service) {
        for (String destination : List.of(NAME, service.uniqueName())) {
            String suffix = destination.equals(NAME) ? " by name" : " by unique name";
            app.sendTogether(
                    Message.call(destination, MESSAGE_PATH, MESSAGE_INTERFACE, MESSAGE_MEMBER).body("s", "call" + suffix),
                    Message.call(destination, MESSAGE_PATH, null, MESSAGE_MEMBER).body("s", "bare call" + suffix),
                    Message.call(destination, MESSAGE_PATH, MESSAGE_INTERFACE, MESSAGE_MEMBER).flags(Message.NO_REPLY_EXPECTED)
                            .body("s", "silent call" + suffix),
                    Message.signal(destination, MESSAGE_PATH, MESSAGE_INTERFACE, MESSAGE_MEMBER).body("s", "signal" + suffix));
        }
    }

    private static Set<String> labels(List<Message> messages) {
        return messages.stream().map(message -> (String) message.arg()).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> expectedAtService(Permission permission, Narrowing narrowing) {
        Set<String> expected = new TreeSet<>();
        for (String suffix : List.of(" by name", " by unique name")) {
            if (permission == Permission.CALLING && narrowing.fits) {
                expected.addAll(Set.of("call" + suffix, "silent call" + suffix));
            }
            if (permission == Permission.CALLING && narrowing.fitsWithoutInterface) {
                expected.add("bare call" + suffix);
            }
            if (permission == Permission.SIGNALLING && narrowing.fits) {
                expected.add("signal" + suffix);
            }
        }
        return expected;
    }

    private static List<String> expectedAtApp(Permission permission, Narrowing narrowing) {
        return permission == Permission.BROADCASTING && narrowing.fits ? List.of("broadcast") : List.of();
    }

    /** Two calls and two bare calls want an answer; the ones that went through get none here. */
    private static List<String> expectedErrors(Permission permission, Narrowing narrowing) {
        String error = permission == Permission.NONE ? "org.freedesktop.DBus.Error.ServiceUnknown" : "org.freedesktop.DBus.Error.AccessDenied";
        int passed = permission != Permission.CALLING ? 0 : (narrowing.fits ? 2 : 0) + (narrowing.fitsWithoutInterface ? 2 : 0);
        return Stream.generate(() -> error).limit(4 - passed).toList();
    }

    private static List<String> errors(List<Message> answers) {
        return answers.stream().filter(message -> message.type() == Message.ERROR).map(Message::errorName)
                .map(name -> name.replace("NameHasNoOwner", "ServiceUnknown")).toList();
    }
}
