package io.berth.relay;

import io.berth.api.AccessFlags;
import io.berth.policy.NeverAllowed;
import io.berth.policy.Verdict;
import io.berth.wire.MalformedException;
import io.berth.wire.MessageHeader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Decides about what an app says. Calls to the bus driver are {@link DriverCalls}'. A refused call is replaced by a Ping
 * to the driver with the call's own serial: the error takes the place of the Ping's reply, so that replies and errors
 * come in the order of the calls. Loop thread.
 */
final class OutgoingJudge implements Flow.Judge {
    private final ConfinedConnection connection;
    private final RelayServer server;
    private final Accounts accounts;
    private final PendingReplies replies;
    private final PendingReplies callers;
    private final DriverCalls driver;
    private LabelMediation labels;
    private int answerBytes;

    OutgoingJudge(ConfinedConnection connection) {
        this.connection = connection;
        this.server = connection.server();
        this.accounts = server.accounts();
        int limit = connection.relay().limits().pendingReplies();
        this.replies = new PendingReplies(limit, accounts.calls(), accounts);
        this.callers = new PendingReplies(limit, null, accounts);
        this.driver = new DriverCalls(connection, this);
        this.labels = LabelMediation.of(connection, this);
    }

    /** The server has other rules from now on; what the app may not own any more is released. */
    void onPolicyChanged() {
        labels = LabelMediation.of(connection, this);
        driver.releaseWhatIsNotAllowed();
    }

    /** What the label policy of the server says. */
    LabelMediation labels() {
        return labels;
    }

    /** What the app waits for: the {@link Route} it called, a {@link DriverReply}, or an {@link Answer}. */
    PendingReplies replies() {
        return replies;
    }

    /** Whom the app owes a reply: unique names as bytes. */
    PendingReplies callers() {
        return callers;
    }

    DriverCalls driver() {
        return driver;
    }

    @Override
    public boolean needsBody(MessageHeader header) {
        return isToDriver(header);
    }

    private static boolean isToDriver(MessageHeader header) {
        return header.is(MessageHeader.DESTINATION, Bus.NAME_BYTES);
    }

    @Override
    public Flow.Decision judge(MessageHeader header, ByteBuffer buffer, int body) {
        if (Bus.isOwnSerial(header.serial())) {
            throw new MalformedException("serial " + Integer.toUnsignedString(header.serial()) + " is reserved, expected below "
                    + Integer.toUnsignedString(Bus.FIRST_OWN_SERIAL));
        }
        if (connection.uniqueName().isEmpty()) {
            return hello(header);
        }
        return switch (header.type()) {
            case MessageHeader.METHOD_CALL -> call(header, buffer, body);
            case MessageHeader.SIGNAL -> signal(header);
            case MessageHeader.METHOD_RETURN, MessageHeader.ERROR -> reply(header);
            default -> Flow.Decision.DROP;
        };
    }

    /** The bus disconnects whoever says anything before Hello. */
    private Flow.Decision hello(MessageHeader header) {
        if (header.type() != MessageHeader.METHOD_CALL || !isToDriver(header) || !header.text(MessageHeader.MEMBER).equals("Hello")
                || !header.expectsReply()) {
            throw new MalformedException("the first message is not a call of Hello");
        }
        Flow.Decision other = labels.send(header);
        if (other != null) {
            return other;
        }
        replies.add(header.serial(), DriverReply.HELLO, false);
        connection.onHelloSent();
        return Flow.Decision.FORWARD;
    }

    private Flow.Decision call(MessageHeader header, ByteBuffer buffer, int body) {
        if (header.expectsReply()) {
            Answer problem = serialProblem(header.serial());
            if (problem != null) {
                connection.injectIncoming(problem.toBytes(connection.calls().serial(), header.serial(), Bus.NAME, connection.uniqueName()));
                return Flow.Decision.DROP;
            }
        }
        Flow.Decision other = labels.send(header);
        if (other != null) {
            return other;
        }
        if (isToDriver(header)) {
            return driver.judge(header, buffer, body);
        }
        if (!header.has(MessageHeader.DESTINATION)) {
            return driver.judgeUnaddressed(header);
        }
        Route route = server.routes().to(header, MessageHeader.DESTINATION);
        if (NeverAllowed.isAppRegistration(header)) {
            return refuse(header, Refusal.appRegistration(header));
        }
        if (route.sees() && route.isForbiddenHelperCall(header)) {
            return refuse(header, Refusal.helperCall(header));
        }
        return send(header, AccessFlags.CALL, route);
    }

    /** A call that cannot wait for its reply among the others. */
    private Answer serialProblem(int serial) {
        if (replies.isFull()) {
            return Answer.limitsExceeded("the limit of " + accounts.calls().share() + " calls that wait for a reply is reached");
        }
        return replies.find(serial) < 0 ? null
                : Answer.accessDenied("serial " + Integer.toUnsignedString(serial) + " belongs to a call that still waits for its reply");
    }

    private Flow.Decision signal(MessageHeader header) {
        Flow.Decision other = isToDriver(header) ? Flow.Decision.DROP : labels.send(header);
        if (other != null) {
            return other;
        }
        if (!header.has(MessageHeader.DESTINATION)) {
            // to whom a broadcast goes is not known here, so only a rule about everybody can let file descriptors out
            if (header.unixFds() > 0 && (server.routes().everybody().flags(header) & AccessFlags.SEND_FDS) == 0) {
                return refuse(header, Refusal.broadcastFds(header));
            }
            server.countForwarded();
            return Flow.Decision.FORWARD;
        }
        return send(header, AccessFlags.SIGNAL, server.routes().to(header, MessageHeader.DESTINATION));
    }

    private Flow.Decision send(MessageHeader header, int permission, Route firstRoute) {
        Route route = firstRoute;
        int needed = header.unixFds() > 0 ? permission | AccessFlags.SEND_FDS : permission;
        Verdict verdict = route.check(needed, header);
        if (verdict != Verdict.ALLOWED) {
            // the owner may have changed a moment ago
            connection.view().catchUp();
            route = server.routes().to(header, MessageHeader.DESTINATION);
            verdict = route.check(needed, header);
        }
        if (verdict == Verdict.UNSEEN && connection.sees(header.text(MessageHeader.DESTINATION))) {
            verdict = Verdict.MISSING;
        }
        if (verdict != Verdict.ALLOWED) {
            Refusal refusal = Refusal.of(verdict, permission, needed, header, route);
            if (!verdict.passes()) {
                return refuse(header, refusal);
            }
            server.audit(connection, header, refusal, true);
        }
        if (header.expectsReply()) {
            replies.add(header.serial(), route, (route.flags(header) & AccessFlags.RECEIVE_FDS) != 0);
        }
        server.countForwarded();
        return route.isByAlias(needed, header)
                ? connection.outgoing().rewrite(header.withDestination(route.peer().uniqueBytes())) : Flow.Decision.FORWARD;
    }

    private Flow.Decision reply(MessageHeader header) {
        int slot = callers.find(header.replySerial());
        while (slot >= 0 && !isFor(header, (byte[]) callers.awaited(slot))) {
            slot = callers.findAfter(slot, header.replySerial());
        }
        if (slot < 0) {
            server.audit(connection, header, Refusal.unrequestedReply(header, MessageHeader.DESTINATION), false);
            return Flow.Decision.DROP;
        }
        boolean fds = callers.mayCarryFds(slot);
        callers.remove(slot);
        if (header.unixFds() > 0 && !(fds && mayStillSendFds(header))) {
            boolean complains = server.routes().policy().complains();
            server.audit(connection, header, Refusal.replyFds(header, AccessFlags.SEND_FDS, MessageHeader.DESTINATION,
                    connection.owners().find(header, MessageHeader.DESTINATION)), complains);
            if (!complains) {
                Answer denied = Answer.accessDenied("the app may not send file descriptors (missing permission SEND_FDS)");
                return connection.outgoing().replace(denied.toBytes(header.serial(), header.replySerial(), null,
                        header.text(MessageHeader.DESTINATION)));
            }
        }
        server.countForwarded();
        return Flow.Decision.FORWARD;
    }

    private boolean mayStillSendFds(MessageHeader header) {
        return (server.routes().to(header, MessageHeader.DESTINATION).anyFlags() & AccessFlags.SEND_FDS) != 0;
    }

    private static boolean isFor(MessageHeader header, byte[] name) {
        return header.is(MessageHeader.DESTINATION, name);
    }

    /** Refuses: the error comes in the place of the reply; what expects none just does not reach the bus. */
    Flow.Decision refuse(MessageHeader header, Refusal refusal) {
        server.audit(connection, header, refusal, false);
        return answer(header, refusal.answer());
    }

    /** Answers a call in the place of its reply, without the call reaching the bus. */
    Flow.Decision answer(MessageHeader header, Answer answer) {
        if (!header.expectsReply()) {
            return Flow.Decision.DROP;
        }
        if (connection.uniqueName().isEmpty()) {
            // before Hello the bus answers nothing else that could be replaced
            connection.injectIncoming(answer.toBytes(connection.calls().serial(), header.serial(), Bus.NAME, null));
            return Flow.Decision.DROP;
        }
        replies.add(header.serial(), answer, false);
        keep(answer.bytes());
        return connection.outgoing().replace(Bus.ping(header.serial()));
    }

    /** An answer of ours has got its place. */
    void onAnswered(Answer answer) {
        keep(-answer.bytes());
    }

    private void keep(int bytes) {
        if (connection.isOpen()) {
            answerBytes += bytes;
            accounts.keep(bytes);
        }
    }

    /** Memory that answers take which wait. */
    int keptBytes() {
        return answerBytes;
    }

    void close() {
        accounts.keep(-answerBytes);
        answerBytes = 0;
        replies.close();
        callers.close();
        driver.close();
    }

    /** Whether this caller waits for an answer of the app; for its names see {@link IncomingJudge}. */
    void onCall(byte[] caller, int serial, boolean replyMayCarryFds) {
        callers.add(serial, caller, replyMayCarryFds);
    }

    /** Forgets callers that have left the bus. */
    void forgetGoneCallers() {
        callers.removeIf(caller -> connection.owners().find(new String((byte[]) caller, StandardCharsets.UTF_8)) == null);
    }
}
