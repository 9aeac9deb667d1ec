package io.berth.tests.bench;

import io.berth.tests.raw.Message;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A client that does nothing but call the echo service, with as little work of its own as possible: messages are made
 * beforehand, replies are only counted. For one thread; closes its socket.
 */
final class Caller implements AutoCloseable {
    /** So many calls are on their way in a {@link #burst}. */
    static final int TOGETHER = 50;

    private static final int PREFIX = 16;
    private static final int SERIAL = 8;

    private final SocketChannel channel;
    private final ByteBuffer calls;
    private final int callLength;
    private int lastSerial = 1;
    private final ByteBuffer incoming = ByteBuffer.allocateDirect(64 << 10).order(ByteOrder.LITTLE_ENDIAN);

    /** Connected and with a unique name. */
    Caller(Path socket) {
        try {
            channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
            incoming.limit(0);
            authenticate();
            Message hello = Message.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello");
            send(ByteBuffer.wrap(hello.serial(lastSerial).toBytes()));
            awaitReplies(1);
            byte[] call = Message.call(Stage.ECHO, "/", "org.example.Echo", "Say").serial(1).body("s", "hello, world!").toBytes();
            callLength = call.length;
            calls = ByteBuffer.allocateDirect(callLength * TOGETHER).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < TOGETHER; i++) {
                calls.put(call);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private void authenticate() throws IOException {
        String user = Files.getAttribute(Path.of("/proc/self"), "unix:uid").toString();
        StringBuilder hex = new StringBuilder();
        user.chars().forEach(digit -> hex.append(Integer.toHexString(digit)));
        say("\0AUTH EXTERNAL " + hex + "\r\n");
        String answer = line();
        if (!answer.startsWith("OK ")) {
            throw new IOException("authentication was answered with " + answer);
        }
        say("BEGIN\r\n");
    }

    private void say(String text) throws IOException {
        send(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        while (line.length() == 0 || line.charAt(line.length() - 1) != '\n') {
            if (!incoming.hasRemaining()) {
                fill();
            }
            line.append((char) incoming.get());
        }
        return line.toString();
    }

    /** One call and its reply. @return nanoseconds */
    long once() {
        long start = System.nanoTime();
        exchange(1);
        return System.nanoTime() - start;
    }

    /** {@link #TOGETHER} calls at once and all their replies. */
    void burst() {
        exchange(TOGETHER);
    }

    private void exchange(int count) {
        try {
            calls.position(0).limit(callLength * count);
            for (int i = 0; i < count; i++) {
                calls.putInt(i * callLength + SERIAL, ++lastSerial);
            }
            send(calls);
            awaitReplies(count);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private void send(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private void awaitReplies(int count) throws IOException {
        for (int left = count; left > 0; ) {
            while (incoming.remaining() < PREFIX) {
                fill();
            }
            int at = incoming.position();
            int length = PREFIX + (incoming.getInt(at + 12) + 7 & ~7) + incoming.getInt(at + 4);
            while (incoming.remaining() < length) {
                fill();
            }
            at = incoming.position();
            if (incoming.get(at + 1) == Message.ERROR) {
                throw new IOException("a call was answered with an error");
            }
            left -= incoming.get(at + 1) == Message.RETURN ? 1 : 0;
            incoming.position(at + length);
        }
    }

    private void fill() throws IOException {
        incoming.compact();
        int n = channel.read(incoming);
        incoming.flip();
        if (n < 0) {
            throw new EOFException("the other side has closed the connection");
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
