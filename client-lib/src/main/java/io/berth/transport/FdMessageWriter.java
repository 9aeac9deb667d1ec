package io.berth.transport;

import java.io.IOException;
import java.util.List;
import org.freedesktop.dbus.FileDescriptor;
import org.freedesktop.dbus.messages.Message;
import org.freedesktop.dbus.spi.message.IMessageWriter;

/**
 * Sends messages with their file descriptors, which stay the sender's. Any thread may write; each message is written
 * whole. Closing it closes the channel.
 */
final class FdMessageWriter implements IMessageWriter {
    private final UnixChannel channel;
    private final boolean carriesFds;

    /** @param carriesFds whether the other side has agreed to file descriptors */
    FdMessageWriter(UnixChannel channel, boolean carriesFds) {
        this.channel = channel;
        this.carriesFds = carriesFds;
    }

    /** @throws IOException also when the message has file descriptors and the bus takes none */
    @Override
    public void writeMessage(Message message) throws IOException {
        List<FileDescriptor> descriptors = message.getFiledescriptors();
        if (!descriptors.isEmpty() && !carriesFds) {
            throw new IOException("this bus takes no file descriptors");
        }
        byte[] bytes = join(message.getWireData());
        if (!descriptors.isEmpty()) {
            HeaderFields header = new HeaderFields(bytes);
            if (header.fileDescriptors() != descriptors.size()) {
                bytes = header.withFileDescriptors(bytes, descriptors.size());
            }
        }
        int[] fds = descriptors.stream().mapToInt(FileDescriptor::getIntFileDescriptor).toArray();
        synchronized (this) {
            channel.send(bytes, fds);
        }
    }

    private static byte[] join(byte[][] pieces) {
        int length = 0;
        for (byte[] piece : pieces) {
            length += piece == null ? 0 : piece.length;
        }
        byte[] whole = new byte[length];
        int at = 0;
        for (byte[] piece : pieces) {
            if (piece != null) {
                System.arraycopy(piece, 0, whole, at, piece.length);
                at += piece.length;
            }
        }
        return whole;
    }

    @Override
    public boolean isClosed() {
        return !channel.isOpen();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
