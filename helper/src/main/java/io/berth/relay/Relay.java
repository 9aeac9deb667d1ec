package io.berth.relay;

import io.berth.kernel.EventLoop;
import io.berth.kernel.Kernel;
import io.berth.kernel.NativeBuffer;
import io.berth.kernel.Sockets;
import io.berth.wire.MessageHeader;
import java.util.ArrayDeque;

/**
 * What all connections of one loop share: the loop, the kernel, the limits and the buffers, which only the running
 * handler uses. Loop thread.
 */
public final class Relay {
    /** So many bytes are read at once: more than a unix socket holds by default, so that one read takes all there is. */
    static final int READ_BYTES = 256 << 10;
    /** A header and an inspected body, each at its limit, and what one read adds. */
    private static final int RECEIVE_BYTES = (1 << 20) + MessageHeader.SENDER_BYTES + READ_BYTES;

    /** So many sockets at a time may keep what they do not take in a block; those who come later make arrays. */
    private static final int BLOCKS = 4;

    /** Bytes that wait for a socket, outside the heap; its owner gives it back. */
    static final class Block {
        private final NativeBuffer buffer;
        private int from;
        private int to;

        private Block(NativeBuffer buffer) {
            this.buffer = buffer;
        }

        NativeBuffer buffer() {
            return buffer;
        }

        int from() {
            return from;
        }

        int to() {
            return to;
        }

        int length() {
            return to - from;
        }

        /** Forgets the first bytes. */
        void drop(int bytes) {
            from += bytes;
        }
    }

    private final Kernel kernel;
    private final EventLoop loop;
    private final Limits limits;
    private final Sockets sockets;
    private final NativeBuffer receiveBuffer;
    private final NativeBuffer viewBuffer;
    private final NativeBuffer sendBuffer;
    private final MessageHeader header = new MessageHeader();
    private final ArrayDeque<Block> freeBlocks = new ArrayDeque<>();
    private final Budgets budgets;
    private final Congestion congestion;

    public Relay(Kernel kernel, EventLoop loop, Limits limits) {
        this.kernel = kernel;
        this.loop = loop;
        this.limits = limits;
        this.sockets = kernel.sockets();
        this.budgets = Budgets.of(limits, kernel.raiseFileLimit());
        this.congestion = new Congestion(this);
        // touched only as far as used: the tail costs address space, not memory
        this.receiveBuffer = kernel.allocate(RECEIVE_BYTES);
        this.viewBuffer = kernel.allocate(RECEIVE_BYTES);
        this.sendBuffer = kernel.allocate(READ_BYTES);
        for (int i = 0; i < BLOCKS; i++) {
            freeBlocks.push(new Block(kernel.allocate(READ_BYTES)));
        }
    }

    Kernel kernel() {
        return kernel;
    }

    Sockets sockets() {
        return sockets;
    }

    /** The loop that all of it runs on. */
    public EventLoop loop() {
        return loop;
    }

    Limits limits() {
        return limits;
    }

    NativeBuffer receiveBuffer() {
        return receiveBuffer;
    }

    /** For the views of buses, which are read also while a message stands in the other buffer. */
    NativeBuffer viewBuffer() {
        return viewBuffer;
    }

    NativeBuffer sendBuffer() {
        return sendBuffer;
    }

    /** @return a copy of these bytes; null when there is no block for them, to be given back with {@link #free} */
    Block takeBlock(NativeBuffer source, int from, int to) {
        if (freeBlocks.isEmpty() || to - from > READ_BYTES) {
            return null;
        }
        Block block = freeBlocks.pop();
        block.buffer.bytes().put(0, source.bytes(), from, to - from);
        block.from = 0;
        block.to = to - from;
        return block;
    }

    void free(Block block) {
        freeBlocks.push(block);
    }

    /** What all connections may make us keep. */
    Budgets budgets() {
        return budgets;
    }

    /** Who is read when much is kept. */
    Congestion congestion() {
        return congestion;
    }

    /** Reused for every message. */
    MessageHeader header() {
        return header;
    }

    void closeAll(int[] fds) {
        for (int fd : fds) {
            kernel.close(fd);
        }
    }
}
