package io.berth.relay;

import io.berth.api.AuditRecord;
import io.berth.wire.BodyReader;
import io.berth.wire.MalformedException;
import io.berth.wire.MatchRule;
import io.berth.wire.MessageHeader;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Tells of every message of one server's clients what it was and what became of it, as records; there is one only while
 * somebody wants to know. Refusals come as they are audited, what passes when it has been judged. Leaving out what was told
 * before is the receiver's. Loop thread.
 */
final class Observer {
    private static final Set<String> QUESTIONS = Set.of("GetNameOwner", "NameHasOwner", "ListQueuedOwners", "GetConnectionUnixUser",
            "GetConnectionUnixProcessID", "GetConnectionCredentials", "GetConnectionSELinuxSecurityContext",
            "GetConnectionAppArmorSecurityContext", "GetAdtAuditSessionData");

    /** Has a judge observed, whenever the server is. */
    record Judge(Flow.Judge judge, ConfinedConnection connection, boolean incoming) implements Flow.Judge {
        @Override
        public boolean needsBody(MessageHeader header) {
            return judge.needsBody(header);
        }

        @Override
        public Flow.Decision judge(MessageHeader header, ByteBuffer buffer, int body) {
            Observer observer = connection.server().observer();
            if (observer == null) {
                return judge.judge(header, buffer, body);
            }
            observer.audited = false;
            Flow.Decision decision = judge.judge(header, buffer, body);
            if (decision != Flow.Decision.HOLD) {
                observer.onJudged(connection, header, incoming, buffer, body);
            }
            return decision;
        }
    }

    private final RelayServer server;
    private final RelayEvents events;
    private boolean audited;

    Observer(RelayServer server, RelayEvents events) {
        this.server = server;
        this.events = events;
    }

    /** What does not simply pass. */
    void onAudit(long kind, Supplier<AuditRecord> record) {
        audited = true;
        events.onObserved(kind, record);
    }

    private void onJudged(ConfinedConnection connection, MessageHeader header, boolean incoming, ByteBuffer buffer, int body) {
        boolean reply = header.type() != MessageHeader.METHOD_CALL && header.type() != MessageHeader.SIGNAL;
        if (incoming ? Bus.isFrom(header) : reply && header.unixFds() == 0) {
            return;
        }
        boolean toDriver = !incoming && header.is(MessageHeader.DESTINATION, Bus.NAME_BYTES);
        if (toDriver && header.type() == MessageHeader.METHOD_CALL) {
            aboutName(connection, header, new BodyReader(buffer, body, header.bodyLength(), header.isBigEndian()));
        }
        if ((!audited || toDriver) && !(reply && header.unixFds() == 0)) {
            tell(connection, header, incoming, Refusal.operation(header), header.text(incoming ? MessageHeader.SENDER : MessageHeader.DESTINATION));
        }
    }

    /** What a call to the bus is about, where it is about a name. */
    private void aboutName(ConfinedConnection connection, MessageHeader header, BodyReader arguments) {
        String member = header.text(MessageHeader.MEMBER);
        if (audited || !header.text(MessageHeader.SIGNATURE).startsWith("s")) {
            return;
        }
        String text = arguments.string();
        if (member.equals("RequestName")) {
            tell(connection, header, false, "own", text);
        } else if (member.equals("StartServiceByName")) {
            tell(connection, header, false, "start", text);
        } else if (QUESTIONS.contains(member)) {
            see(connection, header, text);
        } else if (member.equals("AddMatch")) {
            watched(text).forEach(name -> see(connection, header, name));
        }
    }

    private void see(ConfinedConnection connection, MessageHeader header, String name) {
        if (name.equals(Bus.NAME) || name.equals(connection.uniqueName())) {
            return;
        }
        if (connection.sees(name)) {
            tell(connection, header, false, "see", name);
        } else {
            Refusal hidden = Refusal.unseen(name, connection.owners().find(name));
            events.onObserved(AuditKind.of(header, "denied", "see", false, name, hidden.rule()), () ->
                    server.record("denied", "see", false, connection, header, name, hidden.rule(), hidden.suggestion().get(), ""));
        }
    }

    /** Names whose coming and going a match rule is about. */
    private static Set<String> watched(String text) {
        try {
            return MatchRule.parse(text).ownersWatched();
        } catch (MalformedException refused) {
            return Set.of();
        }
    }

    private void tell(ConfinedConnection connection, MessageHeader header, boolean incoming, String operation, String name) {
        Peer peer = connection.owners().find(name);
        boolean free = peer != null && peer.confined() != null && peer.confined().server() == server;
        String rule = free ? AuditRecord.SAME_SERVER : "";
        events.onObserved(AuditKind.of(header, "allowed", operation, incoming, name, rule), () ->
                server.record("allowed", operation, incoming, connection, header, name, rule, "", ""));
    }
}
