package io.berth.tests.policy;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.util.List;
import java.util.Map;

/**
 * One app under a policy, and what tests look at. Its policies must allow it to call GetId of the bus driver: whatever it said
 * before that has been judged when the answer is there.
 */
final class Confined {
    /** What every app here may do: get a name, and ask the bus for what has no consequences. */
    static final String BASE = "dbus send interface=org.freedesktop.DBus member={Hello,GetId,AddMatch,RemoveMatch} peer=(name=org.freedesktop.DBus label=unconfined),\n";
    static final String INTERFACE = "org.test.I";
    static final String DENIED = "org.freedesktop.DBus.Error.AccessDenied";

    private final TestHouse house;
    private final ContainerServer server;
    private final RawClient client;

    private Confined(TestHouse house, ContainerServer server) {
        this.house = house;
        this.server = server;
        this.client = house.app(server);
    }

    /** @param rules come after {@link #BASE} */
    static Confined under(TestHouse house, String appId, String rules) {
        return new Confined(house, house.helper().add(appId, HelperApi.policy(BASE + rules)));
    }

    static Confined under(TestHouse house, String rules, String name, Variant value) {
        return new Confined(house, house.helper().add("org.test.App", HelperApi.policy(BASE + rules, name, value)));
    }

    static Confined with(TestHouse house, String appId, Map<String, Variant> arguments) {
        return new Confined(house, house.helper().add(appId, arguments));
    }

    /** Another connection of the same app. */
    Confined another() {
        return new Confined(house, server);
    }

    ContainerServer server() {
        return server;
    }

    RawClient client() {
        return client;
    }

    String name() {
        return client.uniqueName();
    }

    void policy(String rules) {
        house.helper().setPolicy(server, BASE + rules);
    }

    /** Sends a call that wants no reply, and says whether it arrived. */
    boolean reaches(RawClient receiver, String destination, String path, String member) {
        return arrives(receiver, Message.call(destination, path, INTERFACE, member).flags(Message.NO_REPLY_EXPECTED));
    }

    boolean arrives(RawClient receiver, Message message) {
        client.send(message);
        client.sync();
        receiver.sync();
        List<Message> found = receiver.drain().stream().filter(one -> name().equals(one.sender())).toList();
        return !found.isEmpty();
    }

    /** The error that a call gets, {@code none} for a reply. */
    String error(Message call) {
        Message answer = client.answer(call);
        return answer.type() == Message.ERROR ? answer.errorName() : "none";
    }

    /** Whether what somebody outside says arrives here. */
    boolean hears(RawClient sender, Message message) {
        sender.send(message);
        sender.sync();
        client.sync();
        return client.drain().stream().anyMatch(one -> sender.uniqueName().equals(one.sender()) && one.type() == message.type());
    }
}
