package io.berth.relay;

import io.berth.api.AccessFlags;
import io.berth.policy.Grant;
import io.berth.policy.Verdict;
import io.berth.wire.MessageHeader;
import java.nio.charset.StandardCharsets;

/** Where a bus name leads to and what the rules say about it, at one version of the owner table. Immutable. */
final class Route {
    private static final byte[] HELPER_INTERFACE = "io.berth.Helper1".getBytes(StandardCharsets.US_ASCII);

    private static final int QUESTION_BYTES = 1024;

    private final byte[] name;
    private final Peer peer;
    private final boolean sameServer;
    private final boolean inVain;
    private final boolean helper;
    private final Grant byName;
    private final Grant byPeer;

    /**
     * @param name   as the message says it
     * @param peer   who has it; null for nobody
     * @param inVain whether the rules speak of the peer's app, and its rules not of this one
     * @param byName what the rules say of the name alone
     * @param byPeer what they say of all names of the peer; the same as {@code byName} when there is no peer
     */
    Route(byte[] name, Peer peer, boolean sameServer, boolean inVain, Grant byName, Grant byPeer) {
        this.name = name;
        this.peer = peer;
        this.sameServer = sameServer;
        this.inVain = inVain;
        this.helper = peer != null && peer.names().contains("io.berth.Helper1");
        this.byName = byName;
        this.byPeer = byPeer;
    }

    byte[] name() {
        return name;
    }

    Peer peer() {
        return peer;
    }

    boolean isUnique() {
        return name.length > 0 && name[0] == ':';
    }

    /** Behind the same container server: free of rules. */
    boolean isSameServer() {
        return sameServer;
    }

    /** A rule about the peer's app has no effect: both sides' rules decide. */
    boolean isInVain() {
        return inVain;
    }

    boolean sees() {
        return sameServer || byPeer.sees();
    }

    /** Whether the app may send a message with these permissions there. */
    Verdict check(int needed, MessageHeader header) {
        return sameServer ? Verdict.ALLOWED : byPeer.check(needed, header);
    }

    /** Whether the app may have the service started: some rule lets it call something there. */
    Verdict checkStart() {
        return sameServer ? Verdict.ALLOWED : byPeer.checkAny(AccessFlags.CALL);
    }

    /** What the rules allow for messages like this one, both ways. */
    int flags(MessageHeader header) {
        return sameServer ? -1 : byPeer.flags(header);
    }

    int anyFlags() {
        return sameServer ? -1 : byPeer.anyFlags();
    }

    /** A message that {@link #check} lets pass only because the peer has other names than the one in the header. */
    boolean isByAlias(int needed, MessageHeader header) {
        return peer != null && byName != byPeer && !sameServer && !byName.check(needed, header).passes();
    }

    /** Of the helper's own objects, apps may ask which app they are, and nothing else: not with more than names take, and no fds. */
    boolean isForbiddenHelperCall(MessageHeader header) {
        return helper && !(header.is(MessageHeader.INTERFACE, HELPER_INTERFACE) && header.bodyLength() <= QUESTION_BYTES
                && header.unixFds() == 0 && header.text(MessageHeader.MEMBER).startsWith("Get"));
    }
}
