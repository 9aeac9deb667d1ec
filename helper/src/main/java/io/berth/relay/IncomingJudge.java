package io.berth.relay;

import io.berth.api.AccessFlags;
import io.berth.policy.Grant;
import io.berth.wire.BodyReader;
import io.berth.wire.MalformedException;
import io.berth.wire.MessageHeader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Decides about what an app hears: replies once and from whom they were asked, broadcasts by the rules, calls and unicast
 * signals from outside as they come, the bus driver's news about names only as far as the app sees them. Loop thread.
 */
final class IncomingJudge implements Flow.Judge {
    /** So many peers are remembered that have spoken, or that leave while the bus has not told yet. */
    private static final int REMEMBERED = 256;
    /** What it takes in memory to remember one. */
    private static final int HEARD_BYTES = 100;

    private final ConfinedConnection connection;
    private final RelayServer server;
    private final OutgoingJudge outgoing;
    private final DeliveryCheck delivery;
    private final NameMap<byte[]> heard = new NameMap<>();
    private final Set<String> leaving = new LinkedHashSet<>();

    IncomingJudge(ConfinedConnection connection, OutgoingJudge outgoing) {
        this.connection = connection;
        this.server = connection.server();
        this.outgoing = outgoing;
        this.delivery = new DeliveryCheck(connection);
    }

    @Override
    public boolean needsBody(MessageHeader header) {
        return Bus.isFrom(header) && !isTooLong(header);
    }

    private boolean isTooLong(MessageHeader header) {
        return header.bodyLength() > connection.relay().limits().inspectedBytes();
    }

    @Override
    public Flow.Decision judge(MessageHeader header, ByteBuffer buffer, int body) {
        if (Bus.isFrom(header)) {
            return isTooLong(header) ? tooLong(header) : fromDriver(header, new BodyReader(buffer, body, header.bodyLength(), header.isBigEndian()));
        }
        return switch (header.type()) {
            case MessageHeader.METHOD_CALL, MessageHeader.SIGNAL -> said(header);
            case MessageHeader.METHOD_RETURN, MessageHeader.ERROR -> reply(header);
            default -> Flow.Decision.DROP;
        };
    }

    private Flow.Decision fromDriver(MessageHeader header, BodyReader body) {
        if (header.type() == MessageHeader.SIGNAL) {
            return Bus.isOwnerChanged(header) ? ownerChanged(body) : forward();
        }
        if (connection.calls().take(header, body)) {
            return Flow.Decision.DROP;
        }
        int slot = outgoing.replies().find(header.replySerial());
        if (slot < 0) {
            return Flow.Decision.DROP;
        }
        Object awaited = outgoing.replies().awaited(slot);
        outgoing.replies().remove(slot);
        if (awaited instanceof Answer answer) {
            outgoing.onAnswered(answer);
            return connection.incoming().replace(answer.toBytes(header.serial(), header.replySerial(), Bus.NAME, connection.uniqueName()));
        }
        if (awaited instanceof DriverReply reply) {
            return reply.onReply(connection, header, body);
        }
        // the driver answers for a peer: nobody has the name, or it left without a reply
        return header.type() == MessageHeader.ERROR ? forward() : Flow.Decision.DROP;
    }

    /** Whoever owns very many names makes the list of them long for others; how long is not for the app to know. */
    private Flow.Decision tooLong(MessageHeader header) {
        int slot = outgoing.replies().find(header.replySerial());
        if (header.type() != MessageHeader.METHOD_RETURN || slot < 0 || !(outgoing.replies().awaited(slot) instanceof DriverReply)) {
            throw new MalformedException("body of " + header.bodyLength() + " bytes from the bus driver");
        }
        outgoing.replies().remove(slot);
        return connection.incoming().replace(Answer.limitsExceeded("the answer of the bus is longer than the limit of "
                + connection.relay().limits().inspectedBytes() + " bytes").toBytes(header.serial(), header.replySerial(), Bus.NAME, connection.uniqueName()));
    }

    private Flow.Decision ownerChanged(BodyReader body) {
        String name = body.string();
        String before = body.string();
        String now = body.string();
        boolean seen = name.startsWith(":") ? isSeenChanging(name, now) : isSeen(name, before, now);
        connection.broadcastOwners().onOwnerChanged(name, now);
        return seen && outgoing.driver().matches().wantOwnerChanged(name, before, now) ? forward() : Flow.Decision.DROP;
    }

    private boolean isSeen(String name, String before, String now) {
        return connection.sees(name) || !before.isEmpty() && connection.seesOwner(before) || !now.isEmpty() && connection.seesOwner(now);
    }

    /** A unique name is new (where only neighbours are seen, they are told of when their Hello is answered) or has gone. */
    private boolean isSeenChanging(String name, String now) {
        if (!now.isEmpty()) {
            return server.routes().policy().seesName(name);
        }
        Peer peer = connection.owners().find(name);
        boolean seen = leaving.remove(name) || (peer == null ? connection.sees(name) : mayFollow(peer));
        byte[] unique = Peer.bytes(name);
        if (heard.find(unique) != null) {
            heard.remove(unique);
            server.accounts().bytes().release(HEARD_BYTES);
        }
        return seen;
    }

    /** The bus view hears it first: what the app sees of the peer is remembered for when it is told. */
    void onPeerLeaving(Peer peer) {
        if (outgoing.driver().matches().wantOwnerChanged(peer.uniqueName(), peer.uniqueName(), "")
                && mayFollow(peer)) {
            leaving.add(peer.uniqueName());
            if (leaving.size() > REMEMBERED) {
                leaving.remove(leaving.iterator().next());
            }
        }
    }

    /** The names of a peer go before it does, so that what it was seen by may be gone already. */
    private boolean mayFollow(Peer peer) {
        return connection.sees(peer.uniqueName()) || peer.formerNames().stream().anyMatch(server.routes().policy()::seesName);
    }

    /** Label policies come first: the app's own, and the sender's where only here is known who gets the message. */
    private Flow.Decision said(MessageHeader header) {
        Flow.Decision other = outgoing.labels().receive(header);
        if (other == Flow.Decision.HOLD) {
            return other;
        }
        if (other != null || delivery.isForbidden(header)) {
            return answerCaller(header, LabelAudit.denied(header, header.text(MessageHeader.SENDER)));
        }
        if (header.type() == MessageHeader.METHOD_CALL) {
            return call(header);
        }
        return header.has(MessageHeader.DESTINATION) ? unicastSignal(header) : broadcast(header);
    }

    private Flow.Decision call(MessageHeader header) {
        Route caller = server.routes().from(header);
        int flags = header.unixFds() > 0 || header.expectsReply() ? caller.flags(header) : 0;
        if (header.unixFds() > 0 && (flags & AccessFlags.RECEIVE_FDS) == 0 && refuses(header)) {
            return answerCaller(header, Answer.accessDenied("the app may not receive file descriptors (missing permission RECEIVE_FDS)"));
        }
        if (header.expectsReply()) {
            if (outgoing.callers().isFull()) {
                outgoing.forgetGoneCallers();
                if (outgoing.callers().isFull()) {
                    return answerCaller(header, Answer.limitsExceeded("the app has "
                            + outgoing.callers().size() + " calls to answer already"));
                }
            }
            outgoing.onCall(hear(header), header.serial(), (flags & AccessFlags.SEND_FDS) != 0);
        } else {
            hear(header);
        }
        return forward();
    }

    /** Audits; in complain mode it passes all the same. */
    private boolean refuses(MessageHeader header) {
        boolean complains = server.routes().policy().complains();
        server.audit(connection, header, Refusal.incoming(header, AccessFlags.RECEIVE_FDS,
                connection.owners().find(header, MessageHeader.SENDER)), complains);
        return !complains;
    }

    private Flow.Decision answerCaller(MessageHeader header, Answer answer) {
        if (header.expectsReply()) {
            connection.answerCaller(answer.toBytes(connection.calls().serial(), header.serial(), null, header.text(MessageHeader.SENDER)));
        }
        return Flow.Decision.DROP;
    }

    private Flow.Decision unicastSignal(MessageHeader header) {
        if (header.unixFds() > 0) {
            Route sender = server.routes().from(header);
            if ((sender.flags(header) & AccessFlags.RECEIVE_FDS) == 0 && refuses(header)) {
                return Flow.Decision.DROP;
            }
        }
        hear(header);
        return forward();
    }

    private Flow.Decision broadcast(MessageHeader header) {
        Peer sender = connection.owners().find(header, MessageHeader.SENDER);
        if (sender != null && sender.confined() != null && sender.confined().server() == server) {
            return forward();
        }
        Grant grant = connection.broadcastOwners().grantFor(header);
        int needed = header.unixFds() > 0 ? AccessFlags.BROADCAST | AccessFlags.RECEIVE_FDS : AccessFlags.BROADCAST;
        int missing = needed & ~grant.flags(header);
        if (missing == 0) {
            return forward();
        }
        boolean complains = server.routes().policy().complains();
        server.audit(connection, header, Refusal.incoming(header, missing, sender), complains);
        return complains ? forward() : Flow.Decision.DROP;
    }

    private Flow.Decision reply(MessageHeader header) {
        int slot = outgoing.replies().find(header.replySerial());
        if (slot < 0 || !(outgoing.replies().awaited(slot) instanceof Route called) || !isRightPeer(header, called)) {
            server.audit(connection, header, Refusal.unrequestedReply(header, MessageHeader.SENDER), false);
            return Flow.Decision.DROP;
        }
        boolean fds = outgoing.replies().mayCarryFds(slot);
        outgoing.replies().remove(slot);
        if (header.unixFds() > 0 && !(fds && mayStillReceiveFds(header))) {
            boolean complains = server.routes().policy().complains();
            server.audit(connection, header, Refusal.replyFds(header, AccessFlags.RECEIVE_FDS, MessageHeader.SENDER,
                    connection.owners().find(header, MessageHeader.SENDER)), complains);
            if (!complains) {
                Answer denied = Answer.accessDenied("the app may not receive file descriptors (missing permission RECEIVE_FDS)");
                return connection.incoming().replace(denied.toBytes(header.serial(), header.replySerial(),
                        header.text(MessageHeader.SENDER), connection.uniqueName()));
            }
        }
        return forward();
    }

    private boolean mayStillReceiveFds(MessageHeader header) {
        return (server.routes().to(header, MessageHeader.SENDER).anyFlags() & AccessFlags.RECEIVE_FDS) != 0;
    }

    /** A call is answered by whoever had the name then; a well-known name may have got its owner, or another one, since. */
    private boolean isRightPeer(MessageHeader header, Route called) {
        if (called.peer() != null && header.is(MessageHeader.SENDER, called.peer().uniqueBytes())) {
            return true;
        }
        if (called.isUnique()) {
            return header.is(MessageHeader.SENDER, called.name());
        }
        String name = new String(called.name(), StandardCharsets.UTF_8);
        Peer sender = connection.owners().find(header, MessageHeader.SENDER);
        if (sender == null || !sender.hasEverOwned(name)) {
            // a service that was started for the call answers as soon as it owns the name
            connection.view().catchUp();
            sender = connection.owners().find(header, MessageHeader.SENDER);
        }
        return sender != null && sender.hasEverOwned(name);
    }

    /** Whoever sends an app a unicast message is seen by it from then on. @return the sender's name */
    private byte[] hear(MessageHeader header) {
        byte[] known = heard.find(header, MessageHeader.SENDER);
        if (known != null) {
            return known;
        }
        if (heard.size() >= REMEMBERED) {
            forgetGone();
        }
        int from = header.start(MessageHeader.SENDER);
        byte[] sender = Arrays.copyOfRange(header.bytes(), from, from + header.length(MessageHeader.SENDER));
        heard.put(sender, sender);
        server.accounts().bytes().charge(HEARD_BYTES);
        return sender;
    }

    private void forgetGone() {
        Set<byte[]> gone = new LinkedHashSet<>();
        heard.forEach((key, name) -> {
            if (connection.owners().find(new String(name, StandardCharsets.UTF_8)) == null) {
                gone.add(name);
            }
        });
        gone.forEach(heard::remove);
        server.accounts().bytes().release((long) gone.size() * HEARD_BYTES);
    }

    /** The connection has closed. */
    void close() {
        server.accounts().bytes().release((long) heard.size() * HEARD_BYTES);
        heard.clear();
    }

    boolean hasHeardFrom(String name) {
        return heard.find(Peer.bytes(name)) != null;
    }

    private Flow.Decision forward() {
        server.countForwarded();
        return Flow.Decision.FORWARD;
    }
}
