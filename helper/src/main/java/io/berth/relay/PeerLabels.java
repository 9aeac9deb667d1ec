package io.berth.relay;

import io.berth.kernel.EventLoop;
import io.berth.policy.AccessPolicy;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which connection of one bus has which security label. Those of confined connections are ours to give; others have what the
 * bus says, which is asked only where a label policy wants to know. A bus without labels says so once, at the start, and
 * everybody else is {@code unconfined} there. Who has left while there are label policies is remembered for a while: what it
 * said may not have arrived yet. Loop thread.
 */
final class PeerLabels {
    static final byte[][] UNCONFINED = {"unconfined".getBytes(StandardCharsets.US_ASCII)};
    /** Somebody of whom nothing is known, and who may be anybody. */
    static final byte[][] UNKNOWN = {};
    private static final int REMEMBERED = 1024;

    /**
     * Somebody who has left.
     *
     * @param labels {@link #UNKNOWN} when they never were known
     * @param rules  of a server under a label policy, which is not kept for them; null for others
     */
    record Departed(byte[][] labels, int process, WeakReference<AccessPolicy> rules) {
    }

    private final BusView view;
    private final EventLoop loop;
    private final Map<String, Departed> departed = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Departed> eldest) {
            return size() > REMEMBERED;
        }
    };
    private final Map<Peer, List<Runnable>> asked = new HashMap<>();
    private final List<Runnable> waitingForAll = new ArrayList<>();
    /** Labels of connections that are not ours, each with how many have it. */
    private final Map<String, Integer> outside = new HashMap<>();
    private byte[][][] ofOutside = {UNCONFINED};
    private byte[][] ofBus = UNCONFINED;
    private boolean told;
    private int policies;

    PeerLabels(BusView view, EventLoop loop) {
        this.view = view;
        this.loop = loop;
    }

    /** What the bus says of itself, before anything else is asked. */
    void onBus(Optional<ConnectionCredentials> bus) {
        String label = bus.map(ConnectionCredentials::label).orElse("");
        told = !label.isEmpty();
        ofBus = label(label);
    }

    private static byte[][] label(String told) {
        return told.isEmpty() ? UNCONFINED : new byte[][] {SecurityLabel.name(told).getBytes(StandardCharsets.ISO_8859_1)};
    }

    /** The bus driver's. */
    byte[][] ofBus() {
        return ofBus;
    }

    /** @return one or more, any of which may be meant; null when the bus must be asked first, with {@link #ask} */
    byte[][] of(Peer peer) {
        return peer.confined() != null ? peer.confined().labels() : told ? peer.labels() : UNCONFINED;
    }

    /**
     * Every label that a connection has which is not ours: any of them may listen to a broadcast.
     *
     * @param whenKnown runs when the bus must be asked first
     * @return each alone; null when the bus must be asked first
     */
    byte[][][] ofOutside(Runnable whenKnown) {
        if (!asked.isEmpty()) {
            waitingForAll.add(whenKnown);
            return null;
        }
        return ofOutside;
    }

    /** @param whenKnown runs, in a later turn of the loop, when {@link #of} knows, or the peer has left */
    void ask(Peer peer, Runnable whenKnown) {
        List<Runnable> waiting = asked.get(peer);
        if (waiting == null) {
            waiting = new ArrayList<>();
            asked.put(peer, waiting);
            view.credentials(peer.uniqueName(), found -> onLabel(peer, found));
        }
        waiting.add(whenKnown);
    }

    private void onLabel(Peer peer, Optional<ConnectionCredentials> found) {
        peer.setLabels(found.map(credentials -> label(credentials.label())).orElse(UNKNOWN), found.map(ConnectionCredentials::process).orElse(0));
        if (view.owners().find(peer.uniqueName()) == peer) {
            count(peer, 1);
        }
        List<Runnable> due = asked.remove(peer);
        if (asked.isEmpty()) {
            due.addAll(waitingForAll);
            waitingForAll.clear();
        }
        due.forEach(loop::execute);
    }

    private void count(Peer peer, int change) {
        if (peer.labels().length == 0) {
            return;
        }
        String label = new String(peer.labels()[0], StandardCharsets.ISO_8859_1);
        if (outside.merge(label, change, Integer::sum) == 0) {
            outside.remove(label);
        }
        ofOutside = outside.keySet().stream().map(one -> new byte[][] {one.getBytes(StandardCharsets.ISO_8859_1)}).toArray(byte[][][]::new);
    }

    /** A connection that is new, or has been there when the view began. */
    void onPeer(Peer peer) {
        if (told && policies > 0 && peer.labels() == null) {
            ask(peer, () -> { });
        }
    }

    void onGone(Peer peer) {
        if (told && peer.labels() != null) {
            count(peer, -1);
        }
        if (policies == 0) {
            return;
        }
        byte[][] labels = of(peer);
        AccessPolicy rules = peer.confined() == null ? null : peer.confined().policy();
        departed.put(peer.uniqueName(), new Departed(labels == null ? UNKNOWN : labels, process(peer),
                rules == null || rules.labels() == null ? null : new WeakReference<>(rules)));
    }

    /** Of its process; 0 when unknown. */
    static int process(Peer peer) {
        return peer.confined() != null ? peer.confined().credentials().pid() : peer.process();
    }

    /** @return null when it left too long ago, or has not come yet for all that the bus has told */
    Departed departed(String uniqueName) {
        return departed.get(uniqueName);
    }

    /** How many servers on this bus have a label policy. The first one makes all labels known. */
    void countPolicies(int change) {
        policies += change;
        if (told && policies > 0) {
            view.owners().forEachUniqueName(this::onPeer);
        }
    }

    boolean arePoliciesThere() {
        return policies > 0;
    }
}
