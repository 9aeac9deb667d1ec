package io.berth.relay;

import io.berth.policy.AccessPolicy;
import io.berth.policy.Grant;
import io.berth.wire.MessageHeader;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Routes of one server under one policy. Those that lead to somebody whom the app may see are kept until the owner table changes.
 * All others are made anew for every question: a name that is hidden costs what a name costs that nobody has, at any time, and
 * however many names its owner has or rules there are. Loop thread.
 */
final class Routes {
    private static final int MOST_KNOWN = 1024;

    private final RelayServer server;
    private final OwnerTable owners;
    private final AccessPolicy policy;
    private final Grant everybody;
    private final NameMap<Route> known = new NameMap<>();
    /** Of connections that own names which the rules speak of: those names, and the unique one. */
    private final Map<Peer, Set<String>> spokenOf = new HashMap<>();
    private int version;

    /** Follows the owner table until {@link #close}. */
    Routes(RelayServer server, OwnerTable owners, AccessPolicy policy) {
        this.server = server;
        this.owners = owners;
        this.policy = policy;
        this.everybody = policy.grantFor(List.of(), null);
        owners.follow(this);
    }

    void close() {
        owners.unfollow(this);
    }

    void onAcquired(String name, Peer owner) {
        if (policy.speaksOf(name)) {
            spokenOf.computeIfAbsent(owner, peer -> new HashSet<>(Set.of(peer.uniqueName()))).add(name);
        }
    }

    void onReleased(String name, Peer owner) {
        Set<String> names = spokenOf.get(owner);
        if (names != null && names.remove(name) && names.size() == 1) {
            spokenOf.remove(owner);
        }
    }

    /** What the rules say about everybody, whoever it is. */
    Grant everybody() {
        return everybody;
    }

    AccessPolicy policy() {
        return policy;
    }

    /** @param field DESTINATION or SENDER, which must be there */
    Route to(MessageHeader header, int field) {
        Route route = find(header, field);
        return route != null ? route : make(header.text(field), owners.find(header, field));
    }

    /** The same for who speaks to the app, and is no secret any more: kept also when no rule makes it seen. */
    Route from(MessageHeader header) {
        Route route = find(header, MessageHeader.SENDER);
        if (route == null) {
            route = to(header, MessageHeader.SENDER);
            if (route.peer() != null) {
                keep(route);
            }
        }
        return route;
    }

    private void keep(Route route) {
        if (known.size() >= MOST_KNOWN) {
            known.clear();
        }
        known.put(route.name(), route);
    }

    private Route find(MessageHeader header, int field) {
        forgetOld();
        return known.find(header, field);
    }

    private void forgetOld() {
        if (version != owners.version()) {
            known.clear();
            version = owners.version();
        }
    }

    Route to(String name) {
        forgetOld();
        Route route = known.find(Peer.bytes(name));
        return route != null ? route : make(name, owners.find(name));
    }

    private Route make(String name, Peer peer) {
        byte[] bytes = Peer.bytes(name);
        String app = peer == null ? null : appOf(peer);
        List<String> alone = List.of(name);
        Set<String> spoken = spokenOf.get(peer);
        Grant byName = policy.grantFor(alone, null);
        // who has no name that the rules speak of may still be spoken of by its unique one
        Grant byPeer = peer != null && peer.isOpaque() ? Grant.NOTHING
                : policy.grantFor(spoken != null ? spoken : peer == null ? alone : List.of(peer.uniqueName()), app);
        boolean same = peer != null && peer.confined() != null && peer.confined().server() == server;
        boolean inVain = peer != null && app == null && policy.seenApps().contains(peer.app());
        Route route = new Route(bytes, peer, same, inVain, byName, byPeer);
        // names that nobody has are as many as an app can think of
        if (peer != null && route.sees()) {
            keep(route);
        }
        return route;
    }

    /**
     * The app by which rules may speak of a peer: of a confined one whose own rules speak of this app too. Both sides decide.
     *
     * @return {@code type/app_id}; null for everybody else
     */
    String appOf(Peer peer) {
        return peer.confined() != null && peer.confined().server().routes().policy().consentsTo(server.app()) ? peer.app() : null;
    }

    /** Whether the rules let the app know of a name; what single connections have learnt is theirs. */
    boolean sees(String name) {
        Route route = to(name);
        boolean seen = policy.seesName(name) | route.sees();
        return name.equals(Bus.NAME) || everybody.sees() || seen && (route.peer() != null || !name.startsWith(":"));
    }

    /** Whether the rules let the app know of the connection that has this name now, and so of all its names. */
    boolean seesOwner(String name) {
        Route route = to(name);
        return route.peer() != null && route.sees();
    }
}
