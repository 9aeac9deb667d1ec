package io.berth.relay;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Which names of some connections the clients of a server see, taken before rules change, so that they can be told afterwards
 * what has changed. For one turn of the loop.
 */
final class Visibility {
    private record Seen(String name, Peer owner, boolean before) {
    }

    private final RelayServer server;
    private final List<Seen> names = new ArrayList<>();

    Visibility(RelayServer server, Collection<Peer> peers) {
        this.server = server;
        if (server.hasClients()) {
            peers.forEach(peer -> peer.names().forEach(name -> names.add(new Seen(name, peer, server.routes().sees(name)))));
        }
    }

    /** As the bus tells it: names go before their owners and come after them. */
    void tellChanges() {
        List<Seen> appeared = new ArrayList<>();
        for (int i = names.size() - 1; i >= 0; i--) {
            Seen seen = names.get(i);
            boolean now = server.routes().sees(seen.name);
            if (seen.before && !now) {
                server.tellOwnerChanged(seen.name, seen.owner.uniqueName(), "");
            } else if (!seen.before && now) {
                appeared.add(0, seen);
            }
        }
        appeared.forEach(seen -> server.tellOwnerChanged(seen.name, "", seen.owner.uniqueName()));
    }
}
