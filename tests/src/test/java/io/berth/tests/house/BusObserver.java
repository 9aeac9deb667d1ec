package io.berth.tests.house;

import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.ArrayList;
import java.util.List;

/**
 * Sees every message that reaches a bus, the bus driver's mail included (BecomeMonitor on the bus itself): what a test says
 * never got there is looked for here. Owns both its connections. For one thread.
 */
public final class BusObserver implements AutoCloseable {
    private final RawClient monitor;
    private final RawClient marker;
    private final List<Message> seen = new ArrayList<>();

    public BusObserver(PrivateBus bus) {
        monitor = bus.connect();
        marker = bus.connect();
        monitor.call(Message.call(RawClient.BUS, RawClient.BUS_PATH, "org.freedesktop.DBus.Monitoring", "BecomeMonitor")
                .body("asu", List.of(), 0));
    }

    /** Everything that reached the bus from this sender before now. */
    public List<Message> sentBy(String uniqueName) {
        marker.send(Message.signal(null, "/", "org.test.Barrier", "Observed"));
        monitor.await("own marker", message -> message.is(Message.SIGNAL, "Observed") && marker.uniqueName().equals(message.sender()));
        seen.addAll(monitor.drain());
        return seen.stream().filter(message -> uniqueName.equals(message.sender())).toList();
    }

    @Override
    public void close() {
        monitor.close();
        marker.close();
    }
}
