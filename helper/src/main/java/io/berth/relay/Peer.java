package io.berth.relay;

import io.berth.api.AuditRecord;
import io.berth.budget.Account;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** One connection on the bus, by its unique name, and the names it owns, as one {@link OwnerTable} knows it. Loop thread. */
final class Peer {
    /** As many as one connection may own on a system bus (dbus-daemon's max_names_per_connection). */
    private static final int MOST_NAMES = 512;
    private static final int FORMER_NAMES = 256;
    private static final int FORMER_NAMES_OF_CONFINED = 16;
    /** What a connection and a name take in memory, beside the text of the name. */
    private static final int PEER_BYTES = 700;
    private static final int NAME_BYTES = 350;

    private final String uniqueName;
    private final byte[] uniqueBytes;
    private final Set<String> names = new LinkedHashSet<>();
    private final Set<String> formerNames = new LinkedHashSet<>();
    private ConfinedConnection confined;
    private boolean announced;
    private boolean undecided;
    private byte[][] ownedNames;
    private List<String> toldNames;
    private byte[][] labels;
    private int process;
    private Account account;
    private long keptBytes;
    private boolean opaque;

    /** @param account charged for it until it is known to be a connection of ours */
    Peer(String uniqueName, Account account) {
        this.uniqueName = uniqueName;
        this.uniqueBytes = bytes(uniqueName);
        this.account = account;
        names.add(uniqueName);
        keep(PEER_BYTES);
    }

    private void keep(long change) {
        keptBytes += change;
        account.charge(change);
    }

    /** In two forms, text and bytes. */
    private static long keptBytes(String name) {
        return NAME_BYTES + 3L * name.length();
    }

    /** It has left: nothing is kept for it any more. */
    void forget() {
        account.release(keptBytes);
        keptBytes = 0;
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

    private void onNames() {
        ownedNames = null;
        toldNames = null;
    }

    /** @return whether it is taken down; nothing is known of the names of a connection that has more than {@value #MOST_NAMES} */
    boolean acquire(String name) {
        if (names.size() > MOST_NAMES) {
            opaque = true;
            return false;
        }
        if (!formerNames.remove(name)) {
            keep(keptBytes(name));
        }
        names.add(name);
        onNames();
        return true;
    }

    void release(String name) {
        if (names.remove(name)) {
            onNames();
            formerNames.add(name);
            if (formerNames.size() > (confined == null ? FORMER_NAMES : FORMER_NAMES_OF_CONFINED)) {
                String oldest = formerNames.iterator().next();
                formerNames.remove(oldest);
                keep(-keptBytes(oldest));
            }
        }
    }

    /** It owns names that nobody has taken down, and so may be anybody: nothing may be said to it. */
    boolean isOpaque() {
        return opaque;
    }

    /** The connection of ours that it is; null for everybody else. It stays when that connection has closed. */
    ConfinedConnection confined() {
        return confined;
    }

    void setConfined(ConfinedConnection connection) {
        confined = connection;
        account.release(keptBytes);
        account = connection.server().accounts().bytes();
        account.charge(keptBytes);
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
        if (toldNames == null) {
            toldNames = List.copyOf(names.stream().filter(one -> !one.startsWith(":")).limit(AuditRecord.MOST_NAMES).toList());
        }
        return new AuditRecord.Peer(name, toldNames, confined == null ? "" : app());
    }

    @Override
    public String toString() {
        return names.toString();
    }
}
