package io.berth.wire;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** A blocking connection to a bus, made of nothing but the classes under test and the JDK's socket. */
final class BusClient implements AutoCloseable {
    static final String BUS = "org.freedesktop.DBus";
    static final String BUS_PATH = "/org/freedesktop/DBus";

    /** One message that came. */
    record Received(MessageHeader header, BodyReader body) {
    }

    private final SocketChannel channel;
    private final ByteBuffer input = ByteBuffer.allocate(1 << 20).limit(0);
    private final String guid;
    private final String uniqueName;
    private int serial;

    BusClient(PrivateBus bus) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(bus.address().name()));
        int uid = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        SaslClient sasl = new SaslClient(uid, true);
        send(sasl.start());
        send(call("Hello"));
        while (sasl.read(input) == SaslServer.State.RUNNING) {
            fill();
        }
        if (sasl.guid() == null || !sasl.fdsAgreed()) {
            throw new IOException("not authenticated: " + sasl.failure());
        }
        guid = sasl.guid();
        uniqueName = receive().body().string();
        receive(); // NameAcquired
    }

    String guid() {
        return guid;
    }

    String uniqueName() {
        return uniqueName;
    }

    int nextSerial() {
        return ++serial;
    }

    /** A call of the bus itself. */
    MessageWriter call(String member) {
        return MessageWriter.methodCall(nextSerial(), BUS, BUS_PATH, BUS, member);
    }

    void send(MessageWriter message) throws IOException {
        send(message.toBytes());
    }

    void send(byte[] bytes) throws IOException {
        ByteBuffer output = ByteBuffer.wrap(bytes);
        while (output.hasRemaining()) {
            channel.write(output);
        }
    }

    Received receive() throws IOException {
        while (input.remaining() < MessageHeader.PREFIX) {
            fill();
        }
        MessageHeader header = new MessageHeader();
        while (input.remaining() < MessageHeader.headerLength(input, input.position())) {
            fill();
        }
        header.read(input, input.position());
        int length = header.headerLength() + header.bodyLength();
        while (input.remaining() < length) {
            fill();
        }
        byte[] body = new byte[header.bodyLength()];
        input.get(input.position() + header.headerLength(), body);
        input.position(input.position() + length);
        return new Received(header, new BodyReader(ByteBuffer.wrap(body), 0, body.length, header.isBigEndian()));
    }

    /** The next reply or error; what else comes, as by eavesdropping, is passed over. */
    Received receiveReply() throws IOException {
        Received next;
        do {
            next = receive();
        } while (next.header().replySerial() == 0);
        return next;
    }

    private void fill() throws IOException {
        input.compact();
        int count = channel.read(input);
        input.flip();
        if (count < 0) {
            throw new IOException("the bus closed the connection");
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
