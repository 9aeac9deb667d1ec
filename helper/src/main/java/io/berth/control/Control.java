package io.berth.control;

import io.berth.dbus.HelperName;
import io.berth.kernel.LogBudget;
import io.berth.server.Registry;
import io.berth.transport.BusErrorException;
import io.berth.transport.MessageBus;
import java.io.IOException;
import java.util.function.Consumer;
import org.freedesktop.dbus.types.UInt32;

/**
 * The helper on its bus: claims the name, serves the objects, announces what happens. Each call of
 * {@code AddContainerServer} is answered after {@code InterfacesAdded} and {@code ContainerServerAdded} have been sent,
 * as systemd sends JobNew before its reply: who listens knows the object before who asked uses it.
 *
 * <p>Two threads wait for the bus, one reading and one writing. Closing it sends what is left and closes the connection.
 */
public final class Control implements AutoCloseable {
    /** Bytes of a method call's body; larger calls are refused unread. */
    static final int LARGEST_CALL = 1 << 20;
    /** Values in a method call's body, of which each makes an object: some times as many as all rules of a server have. */
    private static final int MOST_VALUES = 1 << 16;
    /** Milliseconds that the last signals have when the bus does not take them. */
    private static final long FLUSH_MS = 2_000;
    /** RequestName: fail rather than wait for the name (D-Bus Specification, "RequestName"). */
    private static final UInt32 DO_NOT_QUEUE = new UInt32(4);
    private static final int PRIMARY_OWNER = 1;
    /** Lines of a stack trace, so many as are usual. */
    private static final int STACK_TRACE = 40;

    private final MessageBus bus;
    private final Outbox outbox;

    private Control(MessageBus bus, Outbox outbox) {
        this.bus = bus;
        this.outbox = outbox;
    }

    /**
     * Claims the helper's name. Done before anything is made or cleaned up, because only one helper may do that; calls
     * that come at once wait for {@link #start}.
     *
     * @return false when another helper has the name
     * @throws IOException when the bus refuses or has gone
     */
    public static boolean claimName(MessageBus bus) throws IOException {
        try {
            Object[] reply = bus.callDriver("RequestName", "su", HelperName.BUS_NAME, DO_NOT_QUEUE);
            return ((UInt32) reply[0]).intValue() == PRIMARY_OWNER;
        } catch (BusErrorException refused) {
            throw new IOException("the bus refuses the name " + HelperName.BUS_NAME + ": " + refused.getMessage(), refused);
        }
    }

    /**
     * Begins to answer.
     *
     * @param bus      owned from now on
     * @param onClosed told once, on the reading thread, when the bus has gone or this was closed
     */
    public static Control start(MessageBus bus, Registry registry, ControlSettings settings, Consumer<IOException> onClosed) {
        LogBudget.Account account = registry.logBudget().open("calls of this helper");
        Outbox outbox = new Outbox("berth-bus-writer", log -> account.to(log, STACK_TRACE));
        CreatorWatcher creators = new CreatorWatcher(bus, outbox, registry);
        ControlObjects objects = new ControlObjects(bus, outbox, registry, creators, settings, onClosed);
        registry.addListener(new Announcer(bus, outbox, creators));
        bus.start("berth-bus-reader", LARGEST_CALL, MOST_VALUES, objects);
        return new Control(bus, outbox);
    }

    /** Waits until the bus has everything that was sent, gives the name back and ends the connection. */
    @Override
    public void close() {
        outbox.flush(FLUSH_MS);
        outbox.close();
        try {
            // the bus answers in order: with this reply it has distributed all that went before
            bus.callDriver("ReleaseName", "s", HelperName.BUS_NAME);
        } catch (IOException | BusErrorException gone) {
            // nothing is left to give back
        }
        try {
            bus.close();
        } catch (IOException gone) {
            // closed is closed
        }
    }
}
