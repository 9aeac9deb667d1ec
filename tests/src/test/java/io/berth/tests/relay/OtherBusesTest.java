package io.berth.tests.relay;

import static io.berth.api.AccessFlags.BROADCAST;
import static io.berth.tests.house.Rules.call;
import static io.berth.tests.house.Rules.rule;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers of the system bus and of a bus named by its address: the same mediation, and each bus with names of its own. */
class OtherBusesTest {
    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @ParameterizedTest
    @ValueSource(strings = {"system", "address"})
    void app_onAnotherBus_isMediatedThere(String bus) {
        String wanted = bus.equals("system") ? bus : HOUSE.systemBus().address();
        RawClient service = HOUSE.keep(HOUSE.systemBus().connect());
        service.own("org.test.Service");
        RawClient namesake = HOUSE.service("org.test.Service");
        ContainerServer server = HOUSE.helper().add("org.test.App",
                HelperApi.arguments(List.of(call("org.test.Service"), rule(BROADCAST, "org.test.Service")), "Bus", Variant.of(wanted)));
        RawClient app = HOUSE.app(server);
        app.match("type='signal'");
        int serial = app.send(Message.call("org.test.Service", "/", "org.test.I", "Do"));
        Message arrived = service.awaitCall("Do");
        service.send(Message.reply(arrived.sender(), arrived.serial()).body("s", "done"));
        assertEquals("done", app.await("reply", message -> message.replySerial() == serial).arg());
        service.send(Message.signal(null, "/", "org.test.I", "Changed"));
        app.awaitSignal("Changed");
        assertEquals("org.freedesktop.DBus.Error.ServiceUnknown",
                app.answer(Message.call("org.test.Hidden", "/", "org.test.I", "Do")).errorName());
        assertEquals(service.bus("GetId").arg(), app.bus("GetId").arg());
        namesake.sync();
        assertEquals(List.of(), namesake.drainFromPeers());
    }
}
