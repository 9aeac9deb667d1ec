package io.berth.relay;

import io.berth.kernel.NativeBuffer;
import io.berth.kernel.Sockets;
import java.util.ArrayDeque;

/**
 * What is on its way to one socket. Writes at once where it can and keeps what the socket does not take. It owns every
 * file descriptor given to it and closes it when it is sent or never will be; the socket itself belongs to the
 * {@link Endpoint}. Loop thread.
 */
final class Outbox {
    static final int[] NO_FDS = {};

    /** Bytes that wait; the file descriptors go with the first of them. */
    private static final class Chunk {
        /** What it takes in memory beside the bytes. */
        static final int OBJECT_BYTES = 64;

        final byte[] bytes;
        final long sinceNs;
        int from;
        int[] fds;

        Chunk(byte[] bytes, int[] fds, long sinceNs) {
            this.bytes = bytes;
            this.fds = fds;
            this.sinceNs = sinceNs;
        }

        long keptBytes() {
            return bytes.length + OBJECT_BYTES;
        }
    }

    private final Relay relay;
    private final Accounts accounts;
    private final int socket;
    /** What waits first, when a block was free for it: long messages pass without a new array for each piece. */
    private Relay.Block block;
    private int[] blockFds = NO_FDS;
    /** What waits behind the block. */
    private ArrayDeque<Chunk> waiting;
    private int waitingBytes;
    private int blockBytes;
    private long sinceNs;
    private long keptBytes;
    private boolean broken;
    private boolean stalled;

    Outbox(Relay relay, Accounts accounts, int socket) {
        this.relay = relay;
        this.accounts = accounts;
        this.socket = socket;
    }

    boolean isEmpty() {
        return waitingBytes == 0;
    }

    int waitingBytes() {
        return waitingBytes;
    }

    /** More waits than one side may make us keep. */
    boolean isOverLimit() {
        return waitingBytes > relay.limits().queuedBytes();
    }

    /** Something waits for which the kernel will not say when it can go: flush again after a while. */
    boolean isStalled() {
        return stalled && !isEmpty();
    }

    /** The other side does not take anything any more; what comes is thrown away. */
    boolean isBroken() {
        return broken;
    }

    /** Takes {@code fds}. */
    void write(NativeBuffer buffer, int from, int to, int[] fds) {
        if (!isEmpty()) {
            flush();
        }
        int at = from;
        int[] unsent = fds;
        while (at < to && isEmpty() && !broken) {
            int sent = send(buffer, at, to, unsent);
            if (sent < 0) {
                break;
            }
            unsent = NO_FDS;
            at += sent;
        }
        if (at == to || broken) {
            accounts.close(unsent);
            return;
        }
        block = isEmpty() ? relay.takeBlock(buffer, at, to) : block;
        if (isEmpty() && block != null) {
            blockFds = unsent;
            waitingBytes = block.length();
            blockBytes = waitingBytes;
            sinceNs = relay.loop().nowNs();
            keep(blockBytes);
        } else {
            byte[] rest = new byte[to - at];
            buffer.bytes().get(at, rest);
            keep(rest, unsent);
        }
    }

    /** Queues a message and tries to send; takes {@code fds}. */
    void write(byte[] message, int[] fds) {
        if (broken) {
            accounts.close(fds);
            return;
        }
        keep(message, fds);
    }

    private void keep(byte[] bytes, int[] fds) {
        if (waiting == null) {
            waiting = new ArrayDeque<>();
        }
        Chunk chunk = new Chunk(bytes, fds, relay.loop().nowNs());
        waiting.add(chunk);
        waitingBytes += bytes.length;
        keep(chunk.keptBytes());
    }

    /** @param change in bytes of memory */
    private void keep(long change) {
        keptBytes += change;
        accounts.keep(change);
        relay.congestion().onKept();
    }

    private void forget(long change) {
        keptBytes -= change;
        accounts.keep(-change);
    }

    /** Memory that it takes. */
    long keptBytes() {
        return keptBytes;
    }

    /** File descriptors that wait. */
    int keptFds() {
        int fds = blockFds.length;
        if (waiting != null) {
            for (Chunk chunk : waiting) {
                fds += chunk.fds.length;
            }
        }
        return fds;
    }

    /** Since when what goes next has been waiting, as {@link System#nanoTime()}; of no meaning when it is empty. */
    long sinceNs() {
        return block != null || waiting == null ? sinceNs : waiting.peek().sinceNs;
    }

    /** Sends as much as the socket takes. */
    void flush() {
        while (!isEmpty() && !broken) {
            if (!(block != null ? flushBlock() : flushChunks())) {
                return;
            }
        }
    }

    /** Sends once. @return whether anything went */
    private boolean flushBlock() {
        int sent = send(block.buffer(), block.from(), block.to(), blockFds);
        if (sent < 0) {
            return false;
        }
        blockFds = NO_FDS;
        waitingBytes -= sent;
        block.drop(sent);
        if (block.length() == 0) {
            freeBlock();
        }
        return true;
    }

    private boolean flushChunks() {
        NativeBuffer scratch = relay.sendBuffer();
        int length = gather(scratch);
        Chunk head = waiting.peek();
        int sent = send(scratch, 0, length, head.fds);
        if (sent < 0) {
            return false;
        }
        head.fds = NO_FDS;
        drop(sent);
        return true;
    }

    private void freeBlock() {
        forget(blockBytes);
        relay.free(block);
        block = null;
        blockFds = NO_FDS;
    }

    /** Copies chunks together up to the next one with file descriptors. */
    private int gather(NativeBuffer scratch) {
        int length = 0;
        for (Chunk chunk : waiting) {
            if (length == scratch.capacity() || length > 0 && chunk.fds.length > 0) {
                break;
            }
            int n = Math.min(chunk.bytes.length - chunk.from, scratch.capacity() - length);
            scratch.bytes().put(length, chunk.bytes, chunk.from, n);
            length += n;
        }
        return length;
    }

    private void drop(int sent) {
        waitingBytes -= sent;
        for (int left = sent; left > 0; ) {
            Chunk head = waiting.peek();
            int n = Math.min(left, head.bytes.length - head.from);
            head.from += n;
            left -= n;
            if (head.from == head.bytes.length) {
                waiting.remove();
                forget(head.keptBytes());
            }
        }
        if (waitingBytes == 0) {
            waiting = null;
        }
    }

    /** @return bytes sent, or -1 for now or for ever; file descriptors are closed when they are sent */
    private int send(NativeBuffer buffer, int from, int to, int[] fds) {
        int sent = relay.sockets().send(socket, buffer.address() + from, to - from, fds, fds.length);
        stalled = sent == Sockets.TOO_MANY_FDS;
        if (sent > 0) {
            accounts.close(fds);
            return sent;
        }
        if (sent == Sockets.CLOSED) {
            abandon();
        }
        return -1;
    }

    /** Throws away what waits and whatever comes later. */
    void abandon() {
        broken = true;
        if (block != null) {
            accounts.close(blockFds);
            freeBlock();
        }
        if (waiting != null) {
            waiting.forEach(chunk -> accounts.close(chunk.fds));
            waiting = null;
        }
        forget(keptBytes);
        waitingBytes = 0;
    }
}
