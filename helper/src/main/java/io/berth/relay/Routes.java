package io.berth.relay;

import io.berth.policy.AccessPolicy;
import io.berth.policy.Grant;
import io.berth.wire.MessageHeader;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Routes of one server under one policy: made when first asked for, kept until the owner table changes. Loop thread.
 */
final class Routes {
    private static final int MOST_KNOWN = 1024;

    private final RelayServer server;
    private final OwnerTable owners;
    private final AccessPolicy policy;
    private final Grant everybody;
    private final NameMap<Route> known = new NameMap<>();
    private int version;

    Routes(RelayServer server, OwnerTable owners, AccessPolicy policy) {
        this.server = server;
        this.owners = owners;
        this.policy = policy;
        this.everybody = policy.grantFor(List.of(), null);
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
        if (version != owners.version()) {
            known.clear();
            version = owners.version();
        }
        Route route = known.find(header, field);
        return route != null ? route : make(header.text(field), owners.find(header, field));
    }

    Route to(String name) {
        return make(name, owners.find(name));
    }

    Route to(Peer peer) {
        return make(peer.uniqueName(), peer);
    }

    private Route make(String name, Peer peer) {
        if (version != owners.version()) {
            known.clear();
            version = owners.version();
        }
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        Route route = known.find(bytes);
        if (route == null) {
            boolean same = peer != null && peer.confined() != null && peer.confined().server() == server;
            Grant byName = policy.grantFor(List.of(name), null);
            String app = peer == null ? null : appOf(peer);
            Grant byPeer = peer == null ? byName : peer.isOpaque() ? Grant.NOTHING : policy.grantFor(peer.names(), app);
            boolean inVain = peer != null && app == null && policy.seenApps().contains(peer.app());
            route = new Route(bytes, peer, same, inVain, byName, byPeer);
            // names that nobody has are as many as an app can think of
            if (peer != null) {
                if (known.size() >= MOST_KNOWN) {
                    known.clear();
                }
                known.put(bytes, route);
            }
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
        boolean exists = owners.find(name) != null;
        return name.equals(Bus.NAME) || everybody.sees() || (exists || !name.startsWith(":")) && policy.seesName(name) || seesOwner(name);
    }

    /** Whether the rules let the app know of the connection that has this name now, and so of all its names. */
    boolean seesOwner(String name) {
        return owners.find(name) != null && to(name).sees();
    }
}
