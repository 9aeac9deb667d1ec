package io.berth.transport;

import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.freedesktop.dbus.FileDescriptor;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.exceptions.MessageTypeException;
import org.freedesktop.dbus.messages.Message;
import org.freedesktop.dbus.messages.MessageFactory;
import org.freedesktop.dbus.spi.message.IMessageReader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cuts what a {@link UnixChannel} receives into messages and gives each the file descriptors that its header counts.
 * Parsing what is inside is left to dbus-java. For one thread; closing it closes the channel.
 */
final class FdMessageReader implements IMessageReader {
    private static final Logger LOG = LoggerFactory.getLogger(FdMessageReader.class);
    /** D-Bus Specification, "Message Format": 64 MiB of header fields, 128 MiB in all. */
    private static final int MAX_FIELDS = 64 << 20;
    private static final int MAX_MESSAGE = 128 << 20;
    private static final byte PROTOCOL_VERSION = 1;
    private static final byte LAST_KNOWN_TYPE = 4;

    private final UnixChannel channel;
    private final byte[] buffer = new byte[Envelope.CHUNK];
    private int start;
    private int end;
    private int largestBody = MAX_MESSAGE;
    private Consumer<Message> onTooLarge = message -> { };

    FdMessageReader(UnixChannel channel) {
        this.channel = channel;
    }

    /**
     * @param bytes      messages with longer bodies are not kept in memory
     * @param onTooLarge gets such a message without its body and fds, on the reading thread
     */
    void limitBody(int bytes, Consumer<Message> onTooLarge) {
        this.largestBody = bytes;
        this.onTooLarge = onTooLarge;
    }

    /**
     * Waits for a message.
     *
     * @return null for one that is to be ignored: of a future type, too large, or one that dbus-java cannot read
     * @throws EOFException the other side has closed
     */
    @Override
    public Message readMessage() throws IOException, DBusException {
        byte[] fixed = take(HeaderFields.FIXED);
        boolean big = fixed[0] == 'B';
        if (!big && fixed[0] != 'l' || fixed[3] != PROTOCOL_VERSION) {
            throw new IOException("not a D-Bus message: byte order " + fixed[0] + ", protocol version " + fixed[3]);
        }
        long bodyLength = Message.demarshallint(fixed, 4, fixed[0], 4);
        long fieldsLength = Message.demarshallint(fixed, 12, fixed[0], 4);
        if (fieldsLength > MAX_FIELDS || bodyLength > MAX_MESSAGE) {
            throw new IOException("a D-Bus message of " + bodyLength + " bytes with " + fieldsLength
                    + " bytes of header fields");
        }
        byte[] head = Arrays.copyOf(fixed, HeaderFields.FIXED + (int) (fieldsLength + 7 & ~7L));
        fill(head, HeaderFields.FIXED);
        HeaderFields fields = new HeaderFields(head);
        List<FileDescriptor> fds = takeFds(fields.fileDescriptors());
        Message message = null;
        try {
            fields.dropUnknown();
            if (bodyLength > largestBody) {
                skip(bodyLength);
                Message headOnly = parse(fields, new byte[0], List.of());
                if (headOnly != null) {
                    onTooLarge.accept(headOnly);
                }
            } else {
                message = parse(fields, take((int) bodyLength), fds);
            }
        } finally {
            if (message == null) {
                ReceivedFds.release(fds);
            }
        }
        return message;
    }

    private static Message parse(HeaderFields fields, byte[] body, List<FileDescriptor> fds) {
        byte[] head = fields.bytes();
        byte type = head[1];
        if (type > LAST_KNOWN_TYPE) {
            return null;
        }
        // as dbus-java wants it: the first 12 bytes; then the length of the fields, 4 bytes of nothing, and the fields
        byte[] fieldArray = new byte[fields.length() - HeaderFields.FIXED + 8];
        System.arraycopy(head, 12, fieldArray, 0, 4);
        System.arraycopy(head, HeaderFields.FIXED, fieldArray, 8, fieldArray.length - 8);
        try {
            return MessageFactory.createMessage(type, Arrays.copyOf(head, 12), fieldArray, body, fds);
        } catch (DBusException | MessageTypeException | RuntimeException unreadable) {
            LOG.debug("ignoring a message that cannot be read", unreadable);
            return null;
        }
    }

    private List<FileDescriptor> takeFds(int count) throws IOException {
        if (count == 0) {
            return List.of();
        }
        List<FileDescriptor> fds = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int fd = channel.takeFd();
            if (fd < 0) {
                ReceivedFds.release(fds);
                throw new IOException("a message says that it has " + count + " file descriptors, but " + i + " came");
            }
            fds.add(ReceivedFds.own(fd));
        }
        return fds;
    }

    private byte[] take(int length) throws IOException {
        byte[] taken = new byte[length];
        fill(taken, 0);
        return taken;
    }

    private void fill(byte[] target, int offset) throws IOException {
        int at = offset;
        while (at < target.length) {
            if (start == end && target.length - at >= buffer.length) {
                at += check(channel.receive(target, at, target.length - at));
                continue;
            }
            refill();
            int count = Math.min(end - start, target.length - at);
            System.arraycopy(buffer, start, target, at, count);
            start += count;
            at += count;
        }
    }

    private void skip(long length) throws IOException {
        long left = length;
        while (left > 0) {
            refill();
            int count = (int) Math.min(end - start, left);
            start += count;
            left -= count;
        }
    }

    private void refill() throws IOException {
        if (start == end) {
            start = 0;
            end = 0;
            end = check(channel.receive(buffer, 0, buffer.length));
        }
    }

    private static int check(int count) throws EOFException {
        if (count < 0) {
            throw new EOFException("the bus has closed the connection");
        }
        return count;
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
