package io.berth.tests.raw;

import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;

/**
 * A D-Bus client that does exactly what a test says, right or wrong, and nothing by itself: it sends a message, reads the next
 * one, and messages that were read while looking for another wait in their order. The same class is the app behind a container
 * socket and the service on the bus. One thread reads; any may send. Owns its socket and the fds in messages that nobody took.
 */
public final class RawClient implements AutoCloseable {
    public static final String BUS = "org.freedesktop.DBus";
    public static final String BUS_PATH = "/org/freedesktop/DBus";
    public static final Duration PATIENCE = Duration.ofSeconds(10);

    private final RawSocket socket;
    private final Deque<Message> waiting = new ArrayDeque<>();
    private byte[] buffer = new byte[64 * 1024];
    private int filled;
    private int lastSerial;
    private String uniqueName;

    public RawClient(RawSocket socket) {
        this.socket = socket;
    }

    /** Connected and nothing said yet. */
    public static RawClient open(Path socketPath) {
        return new RawClient(RawSocket.connect(socketPath));
    }

    /** Connected, authenticated, and with a unique name. */
    public static RawClient connect(Path socketPath) {
        RawClient client = open(socketPath);
        try {
            client.authenticate();
            client.hello();
            return client;
        } catch (RuntimeException | Error failure) {
            client.close();
            throw failure;
        }
    }

    public RawSocket socket() {
        return socket;
    }

    /**
     * EXTERNAL with our uid and fds, a line at a time, each answer read.
     *
     * @return the guid of what listens
     */
    public String authenticate() {
        sendBytes(new byte[] {0});
        String guid = expectLine("AUTH EXTERNAL " + hex(Integer.toString(Libc.LIBC.getuid())), "OK ");
        expectLine("NEGOTIATE_UNIX_FD", "AGREE_UNIX_FD");
        sendText("BEGIN\r\n");
        return guid;
    }

    /** What follows this start of the answer. */
    private String expectLine(String line, String start) {
        sendText(line + "\r\n");
        String answer = readLine();
        if (!answer.startsWith(start)) {
            throw new IllegalStateException(line + " was answered with " + answer);
        }
        return answer.substring(start.length());
    }

    public String hello() {
        uniqueName = (String) call(BUS, BUS_PATH, BUS, "Hello").arg();
        return uniqueName;
    }

    public String uniqueName() {
        return uniqueName;
    }

    public static String hex(String text) {
        StringBuilder hex = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            hex.append(String.format("%02x", b));
        }
        return hex.toString();
    }

    public void sendText(String text) {
        sendBytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public synchronized void sendBytes(byte[] bytes, int... fds) {
        socket.send(bytes, PATIENCE, fds);
    }

    /** Gives the message the next serial unless it has one. @return its serial */
    public synchronized int send(Message message) {
        if (message.serial() == 0) {
            message.serial(++lastSerial);
        }
        sendBytes(message.toBytes(), message.fds());
        return message.serial();
    }

    /** Gives each the next serial and sends all in one write. */
    public synchronized void sendTogether(Message... messages) {
        Encoder all = new Encoder(ByteOrder.LITTLE_ENDIAN);
        for (Message message : messages) {
            if (message.serial() == 0) {
                message.serial(++lastSerial);
            }
            all.bytes(message.toBytes());
        }
        sendBytes(all.toBytes());
    }

    public Message call(String destination, String path, String interfaceName, String member) {
        return call(Message.call(destination, path, interfaceName, member));
    }

    /** @return the reply. @throws DBusError the error that came instead */
    public Message call(Message call) {
        Message answer = answer(call);
        if (answer.type() == Message.ERROR) {
            throw new DBusError(answer);
        }
        return answer;
    }

    /** @return reply or error */
    public Message answer(Message call) {
        int serial = send(call);
        return await("an answer to " + call, message -> message.replySerial() == serial);
    }

    /** A method of the bus driver. */
    public Message bus(String member, String signature, Object... args) {
        return call(Message.call(BUS, BUS_PATH, BUS, member).body(signature, args));
    }

    public Message bus(String member) {
        return call(BUS, BUS_PATH, BUS, member);
    }

    public void match(String rule) {
        bus("AddMatch", "s", rule);
    }

    /** Owns a name or fails. */
    public void own(String name) {
        long outcome = (Long) bus("RequestName", "su", name, 4).arg();
        if (outcome != 1) {
            throw new IllegalStateException("RequestName " + name + " gave " + outcome);
        }
    }

    /** Everything that the bus had for us before this call has been read afterwards. */
    public void sync() {
        bus("GetId");
    }

    /** The first message, waiting or still to come, that fits; the ones before it stay. */
    public Message await(String what, Predicate<Message> wanted) {
        return await(what, PATIENCE, wanted);
    }

    public Message await(String what, Duration timeout, Predicate<Message> wanted) {
        for (Iterator<Message> each = waiting.iterator(); each.hasNext(); ) {
            Message message = each.next();
            if (wanted.test(message)) {
                each.remove();
                return message;
            }
        }
        long deadline = System.nanoTime() + timeout.toNanos();
        while (true) {
            Message message = read(Duration.ofNanos(deadline - System.nanoTime()));
            if (message == null) {
                throw new AssertionError("no " + what + " in " + timeout + "; came: " + waiting);
            }
            if (wanted.test(message)) {
                return message;
            }
            waiting.add(message);
        }
    }

    public Message awaitCall(String member) {
        return await("call " + member, message -> message.is(Message.CALL, member));
    }

    public Message awaitSignal(String member) {
        return await("signal " + member, message -> message.is(Message.SIGNAL, member));
    }

    /** The next message, waiting or still to come. */
    public Message next() {
        return await("message", message -> true);
    }

    /** What was read and not asked for, oldest first; the caller owns their fds. */
    public List<Message> drain() {
        List<Message> all = new ArrayList<>(waiting);
        waiting.clear();
        return all;
    }

    /** The same without what the bus driver said. */
    public List<Message> drainFromPeers() {
        return drain().stream().filter(message -> !BUS.equals(message.sender())).toList();
    }

    /** Reads until the other side closes; what came before waits. @throws AssertionError it stays open */
    public void awaitClose() {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        try {
            Message message;
            while ((message = read(Duration.ofNanos(deadline - System.nanoTime()))) != null) {
                waiting.add(message);
            }
        } catch (ConnectionClosed expected) {
            return;
        }
        throw new AssertionError("the connection is still open after " + PATIENCE + "; came: " + waiting);
    }

    /** Reads one message off the socket. @return null when none came in time @throws ConnectionClosed end of stream */
    private Message read(Duration timeout) {
        long deadline = System.nanoTime() + timeout.toNanos();
        long size;
        while ((size = Message.size(buffer, filled)) < 0 || filled < size) {
            if (size > buffer.length) {
                buffer = Arrays.copyOf(buffer, (int) size);
            }
            if (!fill(deadline)) {
                return null;
            }
        }
        Message message = Message.parse(take((int) size));
        int[] fds = new int[message.fdCount()];
        for (int i = 0; i < fds.length; i++) {
            fds[i] = socket.takeFd();
        }
        message.arrived(fds);
        return message;
    }

    /** One line of the authentication, without its end. */
    public String readLine() {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            for (int i = 1; i < filled; i++) {
                if (buffer[i - 1] == '\r' && buffer[i] == '\n') {
                    String line = new String(buffer, 0, i - 1, StandardCharsets.ISO_8859_1);
                    take(i + 1);
                    return line;
                }
            }
            if (!fill(deadline)) {
                throw new AssertionError("no line in " + PATIENCE);
            }
        }
    }

    private boolean fill(long deadline) {
        Duration left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
        int count = socket.receive(buffer, filled, buffer.length - filled, left);
        if (count == RawSocket.END) {
            throw new ConnectionClosed();
        }
        filled += Math.max(count, 0);
        return count > 0;
    }

    private byte[] take(int count) {
        byte[] taken = Arrays.copyOf(buffer, count);
        System.arraycopy(buffer, count, buffer, 0, filled - count);
        filled -= count;
        return taken;
    }

    @Override
    public void close() {
        for (Message message : waiting) {
            for (int fd : message.fds()) {
                Libc.LIBC.close(fd);
            }
        }
        waiting.clear();
        socket.close();
    }

    @Override
    public String toString() {
        return uniqueName == null ? "client without a name" : uniqueName;
    }
}
