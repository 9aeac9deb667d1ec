package io.berth.tests.house;

import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.List;
import java.util.function.Predicate;

/**
 * Says for certain what did and did not get through, without waiting for time to pass: a marker sent after the messages in
 * question, on the same way and let in for another reason, has arrived. Borrows its connections. For one thread.
 */
public final class Barrier {
    private static final String INTERFACE = "org.test.Barrier";

    private final RawClient app;
    private final RawClient peer;
    private final RawClient outsider;

    /**
     * @param app      the confined client in question
     * @param peer     another client of the same server, which may always be spoken to
     * @param outsider on the bus, no party to the test; what it sends to an app is always let in
     */
    public Barrier(RawClient app, RawClient peer, RawClient outsider) {
        this.app = app;
        this.peer = peer;
        this.outsider = outsider;
    }

    /** Everything the app had sent and that went through to {@code receiver} on the bus. */
    public List<Message> sentTo(RawClient receiver) {
        app.send(Message.signal(peer.uniqueName(), "/", INTERFACE, "Sent"));
        peer.awaitSignal("Sent");
        receiver.sync();
        return from(receiver.drain(), message -> app.uniqueName().equals(message.sender()));
    }

    /** Everything {@code sender} on the bus had sent to the app or broadcast, and that went through. */
    public List<Message> received(RawClient sender) {
        sender.sync();
        outsider.send(Message.signal(app.uniqueName(), "/", INTERFACE, "Received"));
        app.awaitSignal("Received");
        return from(app.drain(), message -> sender.uniqueName().equals(message.sender()));
    }

    private static List<Message> from(List<Message> messages, Predicate<Message> wanted) {
        return messages.stream().filter(wanted).toList();
    }
}
