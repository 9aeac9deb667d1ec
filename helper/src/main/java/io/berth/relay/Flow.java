package io.berth.relay;

import io.berth.kernel.FdQueue;
import io.berth.kernel.NativeBuffer;
import io.berth.kernel.Sockets;
import io.berth.wire.MalformedException;
import io.berth.wire.MessageHeader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One direction of a connection: reads a source, cuts the bytes into messages, asks its {@link Judge} about each one and
 * passes what may pass to a sink: the same bytes, from the buffer they were read into. Neighbours that pass go out in one
 * write. Bodies are streamed: what is kept between two reads is at most a header, or an inspected message.
 *
 * <p>When the sink does not take everything, the source is not read until it did. What comes from a bus may be anybody's: there a
 * message whose header is too long or cannot be read is skipped, by its length, and nothing but the loss of that ends the flow.
 * Without a sink no fds are received. Owns the file descriptors that it has read; the endpoints are the connection's. Loop thread.
 */
final class Flow {
    /** What becomes of one message. */
    enum Decision {
        FORWARD,
        DROP,
        /** The header is {@link #replacement}, the body follows as it is. */
        REWRITE,
        /** The whole message is {@link #replacement}; the one that came is dropped. */
        REPLACE,
        /** Stop before this message and ask again after {@link #resume()}. */
        HOLD
    }

    /** Decides about messages. */
    interface Judge {
        /** Whether the body must be there, whole, when the message is judged. */
        boolean needsBody(MessageHeader header);

        /**
         * @param body where the body begins in {@code buffer}
         * @throws MalformedException the connection cannot go on
         */
        Decision judge(MessageHeader header, ByteBuffer buffer, int body);
    }

    private static final byte[] NOTHING = {};
    /** Most headers are shorter; an array of this length is kept for the next time. */
    private static final int USUAL_HEADER = 512;

    private final Relay relay;
    private final Accounts accounts;
    private final NativeBuffer buffer;
    private final MessageHeader header;
    private final Endpoint source;
    private final Outbox sink;
    private final Judge judge;
    private final boolean skips;
    private final int longestHeader;
    private final FdQueue fds = new FdQueue();
    private final List<byte[]> deferred = new ArrayList<>();
    private byte[] held = NOTHING;
    private int heldLength;
    private long heldSinceNs;
    private boolean begun;
    private int deferredBytes;
    private int[] runFds = Outbox.NO_FDS;
    /** While judging: where the bytes begin that may pass and have not yet been given to the sink. */
    private int run;
    /** While judging: where the message that is being judged begins; equal to {@link #run} at any other time. */
    private int at;
    private int bodyLeft;
    private boolean dropping;
    /** The message at {@link #at} is to be skipped. */
    private boolean unreadable;
    /** Where the bytes of the last read begin, and how many file descriptors they brought. */
    private int fresh;
    private int freshFds;
    private boolean paused;
    private boolean yielded;
    private long messages;
    private boolean closed;
    private byte[] replacement;

    /** A flow from an app to a bus, with the buffer that all of them share: what the app says wrong ends its connection. */
    static Flow toBus(Relay relay, Accounts accounts, Endpoint source, Outbox sink, Judge judge) {
        return new Flow(relay, accounts, relay.receiveBuffer(), relay.header(), false, source, sink, judge);
    }

    /** A flow from a bus to an app, with the buffer that all of them share. */
    static Flow toApp(Relay relay, Accounts accounts, Endpoint source, Outbox sink, Judge judge) {
        return new Flow(relay, accounts, relay.receiveBuffer(), relay.header(), true, source, sink, judge);
    }

    /**
     * A flow from a bus that ends here.
     *
     * @param buffer for this flow alone, since it may be read while another one judges
     */
    static Flow toHere(Relay relay, Accounts accounts, NativeBuffer buffer, MessageHeader header, Endpoint source, Judge judge) {
        return new Flow(relay, accounts, buffer, header, true, source, null, judge);
    }

    private Flow(Relay relay, Accounts accounts, NativeBuffer buffer, MessageHeader header, boolean fromBus, Endpoint source, Outbox sink,
            Judge judge) {
        this.relay = relay;
        this.accounts = accounts;
        this.buffer = buffer;
        this.header = header;
        this.source = source;
        this.sink = sink;
        this.judge = judge;
        this.skips = fromBus;
        this.longestHeader = relay.limits().headerBytes() + (fromBus ? MessageHeader.SENDER_BYTES : 0);
    }

    /** For the judge: what to send with REWRITE or REPLACE. */
    Decision rewrite(byte[] header) {
        replacement = header;
        return Decision.REWRITE;
    }

    /** For the judge: what to send with REPLACE. */
    Decision replace(byte[] message) {
        replacement = message;
        return Decision.REPLACE;
    }

    /** Bytes that were read before this flow began. */
    void hold(ByteBuffer bytes, FdQueue withFds) {
        heldLength = bytes.remaining();
        held = new byte[heldLength];
        bytes.get(held);
        keepHeld(true);
        while (withFds.size() > 0) {
            fds.add(withFds.remove());
        }
    }

    /** Judge no further message until {@link #resume()}. */
    void pause() {
        paused = true;
    }

    boolean isPaused() {
        return paused;
    }

    /** Something is held that may be a message. */
    boolean hasHeld() {
        return heldLength > 0;
    }

    /** Memory that it takes. */
    long keptBytes() {
        return heldLength + deferredBytes;
    }

    /** How long the message that has begun has been there, in nanoseconds; 0 when none has. */
    long heldNs(long nowNs) {
        return heldLength == 0 ? 0 : nowNs - heldSinceNs;
    }

    /** Received file descriptors that no message has claimed. */
    int unclaimedFds() {
        return fds.size();
    }

    /** The middle of a message is on its way to the sink. */
    boolean isInsideMessage() {
        return bodyLeft > 0 && !dropping;
    }

    /** Goes on with what was held. */
    void resume() {
        paused = false;
        if (heldLength > 0) {
            fresh = heldLength;
            freshFds = 0;
            process(restore());
        }
    }

    /**
     * Puts a message of our own between two others; at once, or as soon as the one that is being passed has ended. From
     * inside a judge: before the message that is being judged.
     *
     * @return whether it went at once
     */
    boolean inject(byte[] message) {
        if (isInsideMessage()) {
            deferred.add(message);
            deferredBytes += message.length;
            accounts.keep(message.length);
            return false;
        }
        pass(at);
        sink.write(message, Outbox.NO_FDS);
        return true;
    }

    int deferredMessages() {
        return deferred.size();
    }

    /**
     * Reads once and passes on what it can.
     *
     * @param mostBytes to read
     * @return false when nothing will ever come any more
     * @throws MalformedException the stream cannot go on
     */
    boolean readOnce(int mostBytes) {
        int filled = restore();
        fresh = filled;
        freshFds = -fds.size();
        int n = relay.sockets().receive(source.socket(), buffer.address() + filled, mostBytes, sink == null ? null : fds);
        freshFds += fds.size();
        accounts.descriptors().charge(freshFds);
        if (n == Sockets.WOULD_BLOCK) {
            keep(0, filled);
            return true;
        }
        if (n <= 0) {
            return false;
        }
        if (fds.size() > relay.limits().fdsInFlight()) {
            throw new MalformedException(fds.size() + " file descriptors that no message claims");
        }
        process(filled + n);
        return true;
    }

    private void process(int end) {
        at = 0;
        run = 0;
        while (passBody(end) && !paused && isWhole(end)) {
            if (unreadable) {
                skip(end);
                continue;
            }
            Decision decision = judge.judge(header, buffer.bytes(), at + header.headerLength());
            if (decision == Decision.HOLD) {
                paused = true;
                break;
            }
            if (decision != Decision.FORWARD || header.unixFds() > 0) {
                pass(at);
            }
            take(decision);
            if (isRefused(decision) && sink != null && !accounts.mayRefuseMore()) {
                paused = true;
                yielded = true;
                break;
            }
        }
        pass(at);
        int left = at;
        at = 0;
        run = 0;
        keep(left, end);
    }

    private static boolean isRefused(Decision decision) {
        return decision == Decision.DROP || decision == Decision.REPLACE;
    }

    /** Whether it has stopped for others, whose turn it is, and is to be resumed in the next turn of the loop; once. */
    boolean takeYielded() {
        boolean taken = yielded;
        yielded = false;
        return taken;
    }

    /** How many messages have begun to pass or to be dropped. */
    long messages() {
        return messages;
    }

    /** Steps over what is there of the body of the last message. @return whether it has ended */
    private boolean passBody(int end) {
        int n = Math.min(bodyLeft, end - at);
        at += n;
        bodyLeft -= n;
        run = dropping ? at : run;
        if (bodyLeft > 0) {
            return false;
        }
        if (!deferred.isEmpty()) {
            pass(at);
            deferred.forEach(message -> sink.write(message, Outbox.NO_FDS));
            forgetDeferred();
        }
        return true;
    }

    /** Does what was decided with the message at {@link #at}; all before it has been passed unless it is to follow it. */
    private void take(Decision decision) {
        int[] messageFds = takeFds(sink == null ? 0 : header.unixFds());
        messages++;
        at += header.headerLength();
        bodyLeft = header.bodyLength();
        dropping = decision == Decision.DROP || decision == Decision.REPLACE;
        if (decision == Decision.FORWARD) {
            runFds = messageFds.length > 0 ? messageFds : runFds;
            return;
        }
        run = at;
        if (dropping) {
            accounts.close(messageFds);
        }
        if (decision != Decision.DROP) {
            sink.write(replacement, dropping ? Outbox.NO_FDS : messageFds);
            replacement = null;
        }
    }

    /** Reads the header at {@code at}; whether as much of the message is there as judging or skipping it needs. */
    private boolean isWhole(int end) {
        ByteBuffer bytes = buffer.bytes();
        if (end - at < MessageHeader.PREFIX) {
            return false;
        }
        int length = MessageHeader.headerLength(bytes, at);
        unreadable = length > longestHeader && skips;
        if (unreadable) {
            return true;
        }
        if (length > longestHeader) {
            throw new MalformedException("header of " + length + " bytes, at most " + longestHeader);
        }
        if (end - at < length) {
            return false;
        }
        readHeader(bytes);
        if (unreadable) {
            return true;
        }
        if (sink != null && header.unixFds() > Sockets.MAX_FDS) {
            throw new MalformedException("header says " + header.unixFds() + " file descriptors, at most " + Sockets.MAX_FDS
                    + " go with one message (unix(7), SCM_RIGHTS)");
        }
        if (sink != null && header.unixFds() > fds.size()) {
            throw new MalformedException("header says " + header.unixFds() + " file descriptors, " + fds.size() + " came");
        }
        if (header.bodyLength() == 0 || !judge.needsBody(header)) {
            return true;
        }
        if (header.bodyLength() > relay.limits().inspectedBytes()) {
            throw new MalformedException("body of " + header.bodyLength() + " bytes to or from the bus driver, at most "
                    + relay.limits().inspectedBytes());
        }
        return end - at >= length + header.bodyLength();
    }

    private void readHeader(ByteBuffer bytes) {
        try {
            header.read(bytes, at);
        } catch (MalformedException malformed) {
            if (!skips) {
                throw malformed;
            }
            unreadable = true;
        }
    }

    /** The message at {@link #at} is not read; how long it is has been found right. */
    private void skip(int end) {
        pass(at);
        int length = MessageHeader.headerLength(buffer.bytes(), at) + MessageHeader.bodyLength(buffer.bytes(), at);
        boolean older = at < fresh;
        // a bus sends fds with the first byte of their message, and a read ends with those that have some (unix(7)): they belong to
        // the last message that begins in what was read at once
        if (length >= (older ? fresh : end) - at) {
            accounts.close(takeFds(older ? fds.size() - freshFds : fds.size()));
        }
        dropping = true;
        bodyLeft = length;
    }

    /** Gives the sink what may pass up to {@code to}. */
    private void pass(int to) {
        if (run < to) {
            sink.write(buffer, run, to, runFds);
            runFds = Outbox.NO_FDS;
        }
        run = to;
    }

    private int[] takeFds(int count) {
        if (count == 0) {
            return Outbox.NO_FDS;
        }
        int[] taken = new int[count];
        for (int i = 0; i < count; i++) {
            taken[i] = fds.remove();
        }
        return taken;
    }

    private int restore() {
        int n = heldLength;
        buffer.bytes().put(0, held, 0, n);
        forgetHeld();
        return n;
    }

    private void keep(int from, int end) {
        if (closed) {
            return;
        }
        if (from < end) {
            heldLength = end - from;
            if (held.length < heldLength) {
                held = new byte[Math.max(heldLength, USUAL_HEADER)];
            }
            buffer.bytes().get(from, held, 0, heldLength);
            keepHeld(from > 0);
            return;
        }
        begun = false;
        if (fds.size() > 0) {
            throw new MalformedException(fds.size() + " file descriptors that no message claims");
        }
    }

    /** Closes the file descriptors that nobody will take. */
    void close() {
        closed = true;
        closeFds();
        accounts.close(runFds);
        runFds = Outbox.NO_FDS;
        forgetHeld();
        held = NOTHING;
        forgetDeferred();
    }

    /** @param another whether what is held begins with another message than before */
    private void keepHeld(boolean another) {
        accounts.keep(heldLength);
        if (another || !begun) {
            heldSinceNs = relay.loop().nowNs();
            begun = true;
        }
        relay.congestion().onKept();
    }

    private void forgetDeferred() {
        accounts.keep(-deferredBytes);
        deferredBytes = 0;
        deferred.clear();
    }

    private void forgetHeld() {
        if (heldLength > 0) {
            accounts.keep(-heldLength);
            heldLength = 0;
        }
        if (held.length > USUAL_HEADER) {
            held = NOTHING;
        }
    }

    private void closeFds() {
        accounts.close(fds);
    }
}
