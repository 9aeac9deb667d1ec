package io.berth.transport;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import org.freedesktop.dbus.FileDescriptor;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.exceptions.MessageTypeException;
import org.freedesktop.dbus.messages.Message;
import org.freedesktop.dbus.messages.MessageFactory;
import org.freedesktop.dbus.spi.message.IMessageReader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cuts what a {@link UnixChannel} receives into messages and gives each the file descriptors that its header counts. Parsing
 * what is inside is left to dbus-java. Whatever anybody sends, the worst is that it is not read: what is too long, malformed or
 * has lost its fds is skipped by its length, and only where that is wrong nothing more can be read. For one thread; closing it
 * closes the channel.
 */
final class FdMessageReader implements IMessageReader {
    private static final Logger LOG = LoggerFactory.getLogger(FdMessageReader.class);
    /** D-Bus Specification, "Message Format": 64 MiB of header fields, 128 MiB in all. */
    private static final int MAX_FIELDS = 64 << 20;
    private static final int MAX_MESSAGE = 128 << 20;
    /** Bytes of header fields worth reading: a name, a path, a member and so on are 255 bytes each, or somewhat more. */
    private static final int LARGEST_HEADER = 256 << 10;
    private static final byte PROTOCOL_VERSION = 1;
    private static final byte LAST_KNOWN_TYPE = 4;

    private final UnixChannel channel;
    private final byte[] buffer = new byte[Envelope.CHUNK];
    private int start;
    private int end;
    private int largestBody = MAX_MESSAGE;
    private int mostValues = MAX_MESSAGE;
    private BiConsumer<Message, String> onUnread = (message, reason) -> { };

    FdMessageReader(UnixChannel channel) {
        this.channel = channel;
    }

    /**
     * @param bytes    messages with longer bodies are not kept in memory
     * @param values   nor are those with more values, as {@link ValueReader} counts
     * @param onUnread gets such a message, or one whose body is malformed or whose fds were lost, without body and fds, on the
     *                 reading thread, and why
     */
    void limitBody(int bytes, int values, BiConsumer<Message, String> onUnread) {
        this.largestBody = bytes;
        this.mostValues = values;
        this.onUnread = onUnread;
    }

    /**
     * Waits for a message.
     *
     * @return null for one that was not read: of a future type, too large, malformed
     * @throws EOFException the other side has closed
     * @throws IOException  that, or what came begins no message: nothing more can be read
     */
    @Override
    public Message readMessage() throws IOException {
        long from = channel.received() - (end - start);
        byte[] fixed = take(HeaderFields.FIXED);
        boolean big = fixed[0] == 'B';
        if (!big && fixed[0] != 'l' || fixed[3] != PROTOCOL_VERSION) {
            throw new IOException("not a D-Bus message: byte order " + fixed[0] + ", protocol version " + fixed[3]);
        }
        long bodyLength = Message.demarshallint(fixed, 4, fixed[0], 4) & 0xffffffffL;
        long fieldsLength = Message.demarshallint(fixed, 12, fixed[0], 4) & 0xffffffffL;
        if (fieldsLength > MAX_FIELDS || bodyLength > MAX_MESSAGE) {
            throw new IOException("a D-Bus message of " + bodyLength + " bytes with " + fieldsLength
                    + " bytes of header fields");
        }
        long paddedLength = fieldsLength + 7 & ~7L;
        if (fieldsLength > LARGEST_HEADER) {
            skip(paddedLength + bodyLength);
            return unread("a header of " + fieldsLength + " bytes");
        }
        HeaderFields fields = new HeaderFields(Arrays.copyOf(fixed, HeaderFields.FIXED + (int) paddedLength));
        fill(fields.bytes(), HeaderFields.FIXED);
        int fds;
        try {
            fields.dropUnknown();
            fds = fields.fileDescriptors();
        } catch (IOException malformed) {
            skip(bodyLength);
            return unread(malformed.getMessage());
        }
        return readBody(fields, (int) bodyLength, from, fds);
    }

    private Message readBody(HeaderFields fields, int bodyLength, long from, int fdCount) throws IOException {
        if (bodyLength > largestBody) {
            skip(bodyLength);
            return unread(fields, "more than " + largestBody + " bytes");
        }
        byte[] body = take(bodyLength);
        try {
            new ValueReader(ByteBuffer.wrap(body).order(fields.order()), mostValues).skipAll(fields.signature());
        } catch (IOException unfit) {
            return unread(fields, unfit.getMessage());
        }
        List<FileDescriptor> fds = takeFds(from, fdCount);
        if (fds.size() != fdCount) {
            return unread(fields, fdCount + " file descriptors, some of which were lost on the way: too many are open");
        }
        Message message = parse(fields, body, fds);
        if (message == null) {
            ReceivedFds.release(fds);
        }
        return message;
    }

    /** Says nothing above the level for debugging, because anybody may send such messages without end. */
    private static Message unread(String reason) {
        LOG.debug("a message was not read: {}", reason);
        return null;
    }

    private Message unread(HeaderFields fields, String reason) {
        Message headOnly = parse(fields, new byte[0], List.of());
        if (headOnly != null) {
            onUnread.accept(headOnly, reason);
        }
        return unread(reason);
    }

    private static Message parse(HeaderFields fields, byte[] body, List<FileDescriptor> fds) {
        byte[] head = fields.bytes();
        byte type = head[1];
        if (type > LAST_KNOWN_TYPE || type <= 0) {
            return null;
        }
        // as dbus-java wants it: the first 12 bytes; then the length of the fields, 4 bytes of nothing, and the fields
        byte[] fieldArray = new byte[fields.length() - HeaderFields.FIXED + 8];
        System.arraycopy(head, 12, fieldArray, 0, 4);
        System.arraycopy(head, HeaderFields.FIXED, fieldArray, 8, fieldArray.length - 8);
        try {
            return MessageFactory.createMessage(type, Arrays.copyOf(head, 12), fieldArray, body, fds);
        } catch (DBusException | MessageTypeException | RuntimeException unreadable) {
            return unread(unreadable.toString());
        }
    }

    private List<FileDescriptor> takeFds(long from, int count) {
        int[] taken = count == 0 ? null : channel.takeFds(from, count);
        List<FileDescriptor> fds = new ArrayList<>();
        for (int i = 0; taken != null && i < count; i++) {
            fds.add(ReceivedFds.own(taken[i]));
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
