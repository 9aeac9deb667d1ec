package io.berth.transport;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayDeque;
import java.util.Set;

/**
 * A connected unix stream socket to a bus, which carries file descriptors beside its bytes. It only blocks; nothing can be
 * selected. One thread may read while another writes; closing it wakes both. Owns its fd, and those that have arrived
 * until somebody takes them.
 */
final class UnixChannel extends SocketChannel {
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;

    private static final int[] NO_FDS = new int[0];

    private final int fd;
    private final Envelope incoming = new Envelope();
    private final Envelope outgoing = new Envelope();
    private final ArrayDeque<Arrival> arrived = new ArrayDeque<>();
    private final Object life = new Object();
    private int users;
    private boolean closed;
    private long received;

    /**
     * What one read brought. A bus sends fds with the first byte of their message, and a read ends with those that have some
     * (unix(7)): so they are those of a message that begins in these bytes.
     *
     * @param from of the bytes, counted from the first that was ever received
     * @param to   behind the last of them
     * @param fds  all of the message's, or none when some were lost
     */
    private record Arrival(long from, long to, int[] fds) {
    }

    private UnixChannel(int fd) {
        super(SelectorProvider.provider());
        this.fd = fd;
    }

    static UnixChannel connect(BusLocation location) throws IOException {
        return new UnixChannel(NativeSockets.connect(location));
    }

    /**
     * Reads once; what fds come are kept for {@link #takeFd}.
     *
     * @return bytes read, 1 or more; -1 at end of stream
     */
    int receive(byte[] target, int offset, int length) throws IOException {
        enter();
        try {
            int wanted = Math.min(length, Envelope.CHUNK);
            incoming.expect(wanted);
            int count = NativeSockets.receive(fd, incoming.address(), MSG_CMSG_CLOEXEC);
            collectFds(count);
            if (count == 0) {
                return -1;
            }
            incoming.get(target, offset, count);
            return count;
        } finally {
            leave();
        }
    }

    private void collectFds(int count) {
        int[] fds = incoming.fds();
        boolean lost = incoming.isTruncated();
        if (lost) {
            closeAll(fds);
        }
        if (lost || fds.length > 0) {
            synchronized (arrived) {
                arrived.add(new Arrival(received, received + count, lost ? NO_FDS : fds));
            }
        }
        received += count;
    }

    /** How many bytes have been read. For the reading thread. */
    long received() {
        return received;
    }

    /**
     * Takes the fds of a message, and closes those of messages before it.
     *
     * @param from  where the message begins, as {@link #received} counts
     * @param count 1 or more
     * @return the caller's from now on; null when so many have not come with it
     */
    int[] takeFds(long from, int count) {
        synchronized (arrived) {
            while (!arrived.isEmpty() && arrived.peek().to <= from) {
                closeAll(arrived.remove().fds);
            }
            Arrival next = arrived.peek();
            return next == null || next.from > from || next.fds.length != count ? null : arrived.remove().fds;
        }
    }

    private static void closeAll(int[] fds) {
        for (int each : fds) {
            NativeSockets.close(each);
        }
    }

    /** Writes all of it; the fds, which stay the caller's, go with the first byte. */
    void send(byte[] source, int[] fds) throws IOException {
        if (fds.length > Envelope.MAX_FDS) {
            throw new IOException("a message with " + fds.length + " file descriptors; at most " + Envelope.MAX_FDS + " can be sent");
        }
        enter();
        try {
            int sent = 0;
            while (sent < source.length) {
                int wanted = Math.min(source.length - sent, Envelope.CHUNK);
                outgoing.put(source, sent, wanted, sent == 0 ? fds : NO_FDS);
                sent += NativeSockets.send(fd, outgoing.address(), MSG_NOSIGNAL);
            }
        } finally {
            leave();
        }
    }

    private void enter() throws ClosedChannelException {
        synchronized (life) {
            if (closed) {
                throw new ClosedChannelException();
            }
            users++;
        }
    }

    private void leave() {
        synchronized (life) {
            users--;
            if (closed && users == 0) {
                release();
            }
        }
    }

    @Override
    protected void implCloseSelectableChannel() {
        synchronized (life) {
            closed = true;
            NativeSockets.shutdown(fd);
            if (users == 0) {
                release();
            }
        }
    }

    private void release() {
        NativeSockets.close(fd);
        synchronized (arrived) {
            arrived.forEach(arrival -> closeAll(arrival.fds));
            arrived.clear();
        }
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        byte[] bytes = new byte[Math.min(target.remaining(), Envelope.CHUNK)];
        int count = receive(bytes, 0, bytes.length);
        if (count > 0) {
            target.put(bytes, 0, count);
        }
        return count;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        byte[] bytes = new byte[source.remaining()];
        source.get(bytes);
        send(bytes, NO_FDS);
        return bytes.length;
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) {
        throw new UnsupportedOperationException("scattering read");
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
        long written = 0;
        for (int i = offset; i < offset + length; i++) {
            written += write(sources[i]);
        }
        return written;
    }

    @Override
    protected void implConfigureBlocking(boolean block) {
        if (!block) {
            throw new UnsupportedOperationException("this channel always blocks");
        }
    }

    @Override
    public boolean isConnected() {
        return isOpen();
    }

    @Override
    public boolean isConnectionPending() {
        return false;
    }

    @Override
    public boolean connect(SocketAddress remote) {
        throw new UnsupportedOperationException("already connected");
    }

    @Override
    public boolean finishConnect() {
        return true;
    }

    @Override
    public SocketChannel bind(SocketAddress local) {
        throw new UnsupportedOperationException("already connected");
    }

    @Override
    public <T> SocketChannel setOption(SocketOption<T> name, T value) {
        throw new UnsupportedOperationException(name.name());
    }

    @Override
    public <T> T getOption(SocketOption<T> name) {
        throw new UnsupportedOperationException(name.name());
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return Set.of();
    }

    @Override
    public SocketChannel shutdownInput() {
        throw new UnsupportedOperationException("half a shutdown");
    }

    @Override
    public SocketChannel shutdownOutput() {
        throw new UnsupportedOperationException("half a shutdown");
    }

    @Override
    public Socket socket() {
        throw new UnsupportedOperationException("not an internet socket");
    }

    @Override
    public SocketAddress getRemoteAddress() {
        return null;
    }

    @Override
    public SocketAddress getLocalAddress() {
        return null;
    }
}
