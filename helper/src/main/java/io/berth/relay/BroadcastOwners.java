package io.berth.relay;

import io.berth.policy.AccessPolicy;
import io.berth.policy.Grant;
import io.berth.wire.BodyReader;
import io.berth.wire.MessageHeader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who owns the names that broadcasts are allowed from, in the order in which the bus tells it on this very connection: a
 * broadcast is judged by who owned the name when it was sent. Asks the bus only once an app wants broadcasts. Loop thread.
 */
final class BroadcastOwners {
    private final ConfinedConnection connection;
    private final Set<String> watched = new HashSet<>();
    private final Map<String, String> owners = new HashMap<>();
    private final NameMap<Grant> grants = new NameMap<>();
    private AccessPolicy grantsOf;
    private int grantsVersion;
    private int unanswered;
    private boolean started;

    BroadcastOwners(ConfinedConnection connection) {
        this.connection = connection;
    }

    /**
     * Makes sure that the owners are known before a match of the app's reaches the bus.
     *
     * @return whether they are; if not, {@link ConfinedConnection#onOwnersKnown()} follows
     */
    boolean start() {
        if (!started) {
            started = true;
            follow(connection.policy());
        }
        return unanswered == 0;
    }

    /** The rules have changed: other names matter now. */
    void follow(AccessPolicy policy) {
        if (!started) {
            return;
        }
        Set<String> wanted = policy.broadcastNames();
        boolean list = false;
        for (String name : wanted) {
            if (watched.add(name)) {
                connection.call(serial -> Bus.call(serial, "AddMatch").string(Bus.ownerChanges(name)).toBytes(), null);
                if (name.endsWith(".*")) {
                    list = true;
                } else {
                    ask(name);
                }
            }
        }
        for (String name : List.copyOf(watched)) {
            if (!wanted.contains(name)) {
                watched.remove(name);
                connection.call(serial -> Bus.call(serial, "RemoveMatch").string(Bus.ownerChanges(name)).toBytes(), null);
            }
        }
        owners.keySet().removeIf(name -> !isWatched(name));
        grants.clear();
        if (list) {
            unanswered++;
            connection.call(serial -> Bus.call(serial, "ListNames").toBytes(), this::onNames);
        }
    }

    private void onNames(BodyReader body) {
        if (body != null) {
            body.strings().stream().filter(this::isWatched).forEach(this::ask);
        }
        answered();
    }

    private void ask(String name) {
        unanswered++;
        connection.call(serial -> Bus.call(serial, "GetNameOwner").string(name).toBytes(), body -> {
            set(name, body == null ? "" : body.string());
            answered();
        });
    }

    private void answered() {
        if (--unanswered == 0) {
            connection.onOwnersKnown();
        }
    }

    /** NameOwnerChanged, as it came on this connection. */
    void onOwnerChanged(String name, String now) {
        if (isWatched(name)) {
            set(name, now);
        }
    }

    private void set(String name, String owner) {
        grants.clear();
        if (owner.isEmpty()) {
            owners.remove(name);
        } else {
            owners.put(name, owner);
        }
    }

    private boolean isWatched(String name) {
        if (name.startsWith(":")) {
            return false;
        }
        if (watched.contains(name)) {
            return true;
        }
        for (int end = name.length(); end > 0; end = name.lastIndexOf('.', end - 1)) {
            if (watched.contains(name.substring(0, end) + ".*")) {
                return true;
            }
        }
        return false;
    }

    /** What the rules say about the sender of a broadcast. */
    Grant grantFor(MessageHeader header) {
        OwnerTable table = connection.owners();
        if (grantsOf != connection.policy() || grantsVersion != table.version()) {
            grantsOf = connection.policy();
            grantsVersion = table.version();
            grants.clear();
        }
        Grant grant = grants.find(header, MessageHeader.SENDER);
        if (grant == null) {
            String sender = header.text(MessageHeader.SENDER);
            Peer peer = table.find(header, MessageHeader.SENDER);
            grant = connection.policy().grantFor(namesOf(sender, peer), peer == null ? null : connection.server().routes().appOf(peer));
            grants.put(Peer.bytes(sender), grant);
        }
        return grant;
    }

    private List<String> namesOf(String sender, Peer peer) {
        List<String> names = new ArrayList<>();
        names.add(sender);
        if (unanswered > 0 && peer != null) {
            // a name that has just become allowed: until the bus has answered here, the shared table must do
            names.addAll(peer.names());
        }
        owners.forEach((name, owner) -> {
            if (owner.equals(sender)) {
                names.add(name);
            }
        });
        return names;
    }
}
