package io.berth.relay;

import io.berth.kernel.EventLoop;
import io.berth.kernel.Kernel;
import io.berth.kernel.NativeBuffer;
import io.berth.kernel.Sockets;
import io.berth.wire.MessageHeader;

/**
 * What all connections of one loop share: the loop, the kernel, the limits and the buffers, which only the running
 * handler uses. Loop thread.
 */
public final class Relay {
    /** So many bytes are read at once: more than a unix socket holds by default, so that one read takes all there is. */
    static final int READ_BYTES = 256 << 10;
    /** A header and an inspected body, each at its limit, and what one read adds. */
    private static final int RECEIVE_BYTES = (1 << 20) + READ_BYTES;

    private final Kernel kernel;
    private final EventLoop loop;
    private final Limits limits;
    private final Sockets sockets;
    private final NativeBuffer receiveBuffer;
    private final NativeBuffer viewBuffer;
    private final NativeBuffer sendBuffer;
    private final MessageHeader header = new MessageHeader();

    public Relay(Kernel kernel, EventLoop loop, Limits limits) {
        this.kernel = kernel;
        this.loop = loop;
        this.limits = limits;
        this.sockets = kernel.sockets();
        // touched only as far as used: the tail costs address space, not memory
        this.receiveBuffer = kernel.allocate(RECEIVE_BYTES);
        this.viewBuffer = kernel.allocate(RECEIVE_BYTES);
        this.sendBuffer = kernel.allocate(READ_BYTES);
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
