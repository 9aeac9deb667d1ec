package io.berth.relay;

import io.berth.budget.Budget;
import io.berth.kernel.EventLoop;
import io.berth.kernel.Sockets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * Who is read when much is kept. A connection whose server has more than its share is not read until it has less: its peers wait, and
 * what they say waits in their own sockets. So who has slow peers is slowed, and only memory that nobody drains is taken back: of
 * whoever has most of it for the longest time, as bytes times seconds, from the moment on in which somebody waits for it. Honest
 * connections that have much have it for short. Loop thread.
 */
final class Congestion {
    private static final long TICK_NS = 1_000_000_000L;
    /** Descriptors are few, and each message takes its own along at once: who waits for them does not wait for long. */
    private static final long URGENT_TICK_NS = 50_000_000L;
    private static final long MOMENT_NS = URGENT_TICK_NS;
    /** What has not moved for so long is taken back when others wait. */
    private static final long STANDING_NS = 30 * TICK_NS;

    private final Relay relay;
    private final Budget bytes;
    private final Budget descriptors;
    private final Set<ConfinedConnection> connections = new LinkedHashSet<>();
    private final Set<ConfinedConnection> waiting = new LinkedHashSet<>();
    private EventLoop.Timer timer;
    private boolean urgent;
    private boolean waking;
    private boolean relieving;

    Congestion(Relay relay) {
        this.relay = relay;
        this.bytes = relay.budgets().bytes();
        this.descriptors = relay.budgets().descriptors();
        Budget.Listener listener = new Budget.Listener() {
            @Override
            public void onReleased() {
                wake();
            }

            @Override
            public void onExceeded() {
                relieve();
            }
        };
        bytes.setListener(listener);
        descriptors.setListener(listener);
    }

    void onOpened(ConfinedConnection connection) {
        connections.add(connection);
    }

    void onClosed(ConfinedConnection connection) {
        connections.remove(connection);
        waiting.remove(connection);
    }

    /** Something is kept: it must be looked after. */
    void onKept() {
        if (timer == null) {
            tickIn(TICK_NS);
        }
    }

    private void tickIn(long delayNs) {
        timer = relay.loop().schedule(delayNs, this::tick);
    }

    /** Who has no name yet is read little, and so in any case. @return whether it must not be read now; {@link ConfinedConnection#onRoom} follows then */
    boolean holdsBack(ConfinedConnection connection) {
        Accounts accounts = connection.server().accounts();
        boolean mayBringDescriptors = accounts.mayBringDescriptors();
        if (mayBringDescriptors && !(accounts.isFull() && connection.hasName())) {
            return false;
        }
        waiting.add(connection);
        onKept();
        if (!mayBringDescriptors && !urgent) {
            urgent = true;
            timer.cancel();
            tickIn(URGENT_TICK_NS);
        }
        return true;
    }

    private boolean isShortOfDescriptors() {
        return descriptors.free() < Math.max(Sockets.MAX_FDS, descriptors.most() / 4);
    }

    private void wake() {
        if (!waiting.isEmpty() && !waking) {
            waking = true;
            relay.loop().execute(() -> {
                waking = false;
                List<ConfinedConnection> all = new ArrayList<>(waiting);
                all.sort(Comparator.comparingInt(connection -> connection.server().accounts().takenBack()));
                waiting.clear();
                all.forEach(ConfinedConnection::onRoom);
            });
        }
    }

    private void tick() {
        timer = null;
        urgent = false;
        closeLate();
        while (!waiting.isEmpty() && isShortOfDescriptors()
                && closeWorst(ConfinedConnection::keptFds, MOMENT_NS, "file descriptors for which others wait")) {
            // all that have stayed for a moment, until there is room for messages of many others
        }
        if (!waiting.isEmpty()) {
            closeWorst(ConfinedConnection::keptBytes, STANDING_NS, "bytes, which did not move while others waited for memory");
        }
        if (timer == null && isSomethingKept()) {
            tickIn(TICK_NS);
        }
    }

    /** A message that has begun must go on: what is kept of it may be much, with file descriptors. */
    private void closeLate() {
        List<ConfinedConnection> late = List.of();
        for (ConfinedConnection connection : connections) {
            if (connection.isLate()) {
                late = late.isEmpty() ? new ArrayList<>() : late;
                late.add(connection);
            }
        }
        late.forEach(connection -> connection.close("a message has begun and did not come to the end of its header within "
                + relay.limits().headerMs() + " ms"));
    }

    private boolean isSomethingKept() {
        for (ConfinedConnection connection : connections) {
            if (connection.keptBytes() > 0 || connection.keptFds() > 0) {
                return true;
            }
        }
        return false;
    }

    /** More is kept than there is memory for: not now, a judge may be in the middle of a message. */
    private void relieve() {
        if (!relieving) {
            relieving = true;
            relay.loop().execute(() -> {
                relieving = false;
                while (bytes.free() < -bytes.most() / 4 && closeWorst(ConfinedConnection::keptBytes, 0, "bytes, and there is no memory left")) {
                    // until it fits
                }
            });
        }
    }

    /** Closes whoever has most for the longest time. @return whether there was one */
    private boolean closeWorst(ToLongFunction<ConfinedConnection> amount, long leastNs, String what) {
        ConfinedConnection worst = null;
        double most = 0;
        for (ConfinedConnection connection : connections) {
            long age = connection.keptNs();
            double cost = (double) amount.applyAsLong(connection) * (age + 1);
            if (cost > most && age >= leastNs) {
                most = cost;
                worst = connection;
            }
        }
        if (worst == null) {
            return false;
        }
        worst.server().accounts().onTakenBack();
        worst.close("it keeps " + amount.applyAsLong(worst) + " " + what);
        return true;
    }
}
