package io.berth.relay;

import io.berth.policy.AccessPolicy;
import io.berth.policy.Grant;
import io.berth.wire.BodyReader;
import io.berth.wire.MessageHeader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who owns the names that broadcasts are allowed from, in the order in which the bus tells it on this very connection: a
 * broadcast is judged by who owned the name when it was sent. Asks the bus only once an app wants broadcasts. Loop thread.
 */
final class BroadcastOwners {
    /** Of more names the bus is asked to tell everything, not of each. */
    private static final int MOST_MATCHES = 16;
    private static final int OWNER_BYTES = 200;

    private final ConfinedConnection connection;
    private final Accounts accounts;
    /** As {@link AccessPolicy#broadcastNames} has them. */
    private Set<String> watched = Set.of();
    /** The same, or null alone for everything: what we have asked the bus for. */
    private Set<String> matches = Collections.emptySet();
    private final Map<String, String> owners = new HashMap<>();
    private final NameMap<Grant> grants = new NameMap<>();
    private AccessPolicy grantsOf;
    private int grantsVersion;
    private int unanswered;
    private boolean started;
    private long keptBytes;

    BroadcastOwners(ConfinedConnection connection) {
        this.connection = connection;
        this.accounts = connection.server().accounts();
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
        Set<String> before = watched;
        watched = policy.broadcastNames();
        boolean many = watched.size() > MOST_MATCHES;
        ask(many ? Collections.singleton(null) : watched);
        boolean list = many && !before.containsAll(watched);
        for (String name : watched) {
            if (!before.contains(name)) {
                if (name.endsWith(".*")) {
                    list = true;
                } else if (!many) {
                    askOwner(name);
                }
            }
        }
        List.copyOf(owners.keySet()).stream().filter(name -> !isWatched(name)).forEach(name -> set(name, ""));
        grants.clear();
        if (list) {
            unanswered++;
            connection.call(serial -> Bus.call(serial, "ListNames").toBytes(), this::onNames);
        }
    }

    /** Has the bus tell of changes of these, and of no others any more. */
    private void ask(Set<String> wanted) {
        Set<String> before = matches;
        matches = wanted;
        for (String name : wanted) {
            if (!before.contains(name)) {
                connection.call(serial -> Bus.call(serial, "AddMatch").string(Bus.ownerChanges(name)).toBytes(), null);
            }
        }
        for (String name : before) {
            if (!wanted.contains(name)) {
                connection.call(serial -> Bus.call(serial, "RemoveMatch").string(Bus.ownerChanges(name)).toBytes(), null);
            }
        }
        accounts.matchRules().charge(wanted.size());
        accounts.matchRules().release(before.size());
    }

    private void onNames(BodyReader body) {
        if (body != null) {
            body.strings().stream().filter(this::isWatched).forEach(this::askOwner);
        }
        answered();
    }

    private void askOwner(String name) {
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
        if (owner.isEmpty() ? owners.remove(name) != null : owners.put(name, owner) == null) {
            keep((owner.isEmpty() ? -1 : 1) * (OWNER_BYTES + 2L * name.length()));
        }
    }

    private void keep(long change) {
        keptBytes += change;
        accounts.bytes().charge(change);
    }

    /** The connection has closed. */
    void close() {
        accounts.matchRules().release(matches.size());
        accounts.bytes().release(keptBytes);
        matches = Collections.emptySet();
        keptBytes = 0;
        owners.clear();
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
            grant = peer != null && peer.isOpaque() ? Grant.NOTHING : connection.policy().grantFor(namesOf(sender, peer), peer == null ? null : connection.server().routes().appOf(peer));
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
