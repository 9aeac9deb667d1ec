package io.berth.relay;

import io.berth.api.AuditRecord;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** One connection on the bus, by its unique name, and the names it owns, as one {@link OwnerTable} knows it. Loop thread. */
final class Peer {
    private final String uniqueName;
    private final byte[] uniqueBytes;
    private final Set<String> names = new LinkedHashSet<>();
    private final Set<String> formerNames = new LinkedHashSet<>();
    private ConfinedConnection confined;
    private boolean announced;
    private boolean undecided;
    private byte[][] ownedNames;
    private byte[][] labels;
    private int process;

    Peer(String uniqueName) {
        this.uniqueName = uniqueName;
        this.uniqueBytes = bytes(uniqueName);
        names.add(uniqueName);
    }

    static byte[] bytes(String name) {
        return name.getBytes(StandardCharsets.UTF_8);
    }

    String uniqueName() {
        return uniqueName;
    }

    byte[] uniqueBytes() {
        return uniqueBytes;
    }

    /** The unique name and every well-known name that it owns now. */
    Collection<String> names() {
        return names;
    }

    /** The same as bytes; the array is not to be changed. */
    byte[][] ownedNames() {
        if (ownedNames == null) {
            ownedNames = names.stream().map(Peer::bytes).toArray(byte[][]::new);
        }
        return ownedNames;
    }

    /** Whether it owns a name, or has owned it in its life. */
    boolean hasEverOwned(String name) {
        return names.contains(name) || formerNames.contains(name);
    }

    /** Names that it has owned and lost. */
    Collection<String> formerNames() {
        return formerNames;
    }

    void acquire(String name) {
        names.add(name);
        ownedNames = null;
        formerNames.remove(name);
    }

    void release(String name) {
        names.remove(name);
        ownedNames = null;
        formerNames.add(name);
        if (formerNames.size() > 256) {
            formerNames.remove(formerNames.iterator().next());
        }
    }

    /** The connection of ours that it is; null for everybody else. It stays when that connection has closed. */
    ConfinedConnection confined() {
        return confined;
    }

    void setConfined(ConfinedConnection connection) {
        confined = connection;
    }

    /** Whether the bus itself has told the table of it, and so will tell when it goes. */
    boolean isAnnounced() {
        return announced;
    }

    void announce() {
        announced = true;
    }

    /** Whether it may yet turn out to be a connection of ours, whose Hello has been answered but not seen. */
    boolean isUndecided() {
        return undecided && confined == null;
    }

    void setUndecided(boolean undecided) {
        this.undecided = undecided;
    }

    /** What the bus says its security label is; null when it was not asked or has not answered. See {@link PeerLabels}. */
    byte[][] labels() {
        return labels;
    }

    /** Of its process, as the bus says with the label; 0 when it was not asked or does not say. */
    int process() {
        return process;
    }

    void setLabels(byte[][] told, int processId) {
        labels = told;
        process = processId;
    }

    /** {@code type/app_id}, null for an unconfined peer. */
    String app() {
        return confined == null ? null : confined.server().app();
    }

    /** What a record says of it, with the first of its well-known names where they are many. @param name as a message says it */
    AuditRecord.Peer told(String name) {
        return new AuditRecord.Peer(name, names.stream().filter(one -> !one.startsWith(":")).limit(AuditRecord.MOST_NAMES).toList(),
                confined == null ? "" : app());
    }

    @Override
    public String toString() {
        return names.toString();
    }
}
