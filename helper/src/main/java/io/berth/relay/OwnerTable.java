package io.berth.relay;

import io.berth.budget.Account;
import io.berth.wire.MessageHeader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Which connections a bus has and who owns which name, as far as the bus has told. Loop thread. */
final class OwnerTable {
    private final NameMap<Peer> byName = new NameMap<>();
    private final Map<String, Peer> owners = new HashMap<>();
    private final Account outside;
    private int version;

    /** @param outside charged for what is known of connections that are not ours */
    OwnerTable(Account outside) {
        this.outside = outside;
    }

    /** Changes whenever an answer of this table about a well-known or confined name may have changed. */
    int version() {
        return version;
    }

    /** By unique or well-known name. @return null when nobody is known by it */
    Peer find(MessageHeader header, int field) {
        return byName.find(header, field);
    }

    Peer find(String name) {
        return byName.find(Peer.bytes(name));
    }

    /** Every connection once. */
    void forEachUniqueName(Consumer<Peer> visitor) {
        byName.forEach((name, peer) -> {
            if (name[0] == ':') {
                visitor.accept(peer);
            }
        });
    }

    /** Every connection once. */
    List<Peer> everybody() {
        List<Peer> all = new ArrayList<>();
        forEachUniqueName(all::add);
        return all;
    }

    /** The peer of a unique name; a new one when it is not known yet. */
    Peer peer(String uniqueName) {
        Peer peer = find(uniqueName);
        if (peer == null) {
            peer = new Peer(uniqueName, outside);
            byName.put(peer.uniqueBytes(), peer);
        }
        return peer;
    }

    /** An app's rules speak of other apps than before, so that what theirs say of it may hold or not hold now. */
    void onConsentChanged() {
        version++;
    }

    void setConfined(Peer peer, ConfinedConnection connection) {
        peer.setConfined(connection);
        version++;
    }

    /** @param uniqueName the owner from now on; empty for nobody */
    void setOwner(String name, String uniqueName) {
        Peer before = owners.get(name);
        if (before != null && before.uniqueName().equals(uniqueName)) {
            return;
        }
        version++;
        if (before != null) {
            before.release(name);
        }
        if (uniqueName.isEmpty()) {
            owners.remove(name);
            byName.remove(Peer.bytes(name));
        } else {
            Peer owner = peer(uniqueName);
            if (owner.acquire(name)) {
                owners.put(name, owner);
                byName.put(Peer.bytes(name), owner);
            } else {
                owners.remove(name);
                byName.remove(Peer.bytes(name));
            }
        }
    }

    /** A connection has left the bus. @return it, null when it was not known */
    Peer remove(String uniqueName) {
        Peer peer = find(uniqueName);
        if (peer != null) {
            for (String name : peer.names().toArray(new String[0])) {
                if (!name.equals(uniqueName)) {
                    setOwner(name, "");
                }
            }
            byName.remove(peer.uniqueBytes());
            peer.forget();
            version++;
        }
        return peer;
    }
}
