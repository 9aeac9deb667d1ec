package io.berth.tests.house;

import io.berth.tests.raw.ConnectionClosed;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.RawListener;
import io.berth.tests.raw.RawSocket;
import io.berth.tests.raw.Variant;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A bus that a test can make misbehave: it takes every client in, answers what a client needs to get going, writes down what
 * each said, and says what the test gives it. Each connection has a thread of its own; closing ends them all.
 */
public final class FakeBus implements AutoCloseable {
    public static final String GUID = "0123456789abcdef0123456789abcdef";
    private static final Duration LONG = Duration.ofMinutes(10);

    private final Path path;
    private final RawListener listener;
    private final List<Peer> peers = new CopyOnWriteArrayList<>();
    private final Thread acceptor;
    private volatile boolean closing;
    private volatile boolean holdingHello;
    private volatile boolean holdingLabels;
    private volatile boolean holdingOwners;
    private final Map<String, String> labels = new ConcurrentHashMap<>();

    public FakeBus(Path path) {
        this.path = path;
        listener = new RawListener(path);
        acceptor = new Thread(this::accept, "fake bus");
        acceptor.start();
    }

    /** One connection to the fake bus. */
    public final class Peer {
        private final RawClient connection;
        private final String name;
        private final List<String> lines = new CopyOnWriteArrayList<>();
        private final List<Message> messages = new CopyOnWriteArrayList<>();
        private final Thread thread;
        private volatile boolean gone;

        private Peer(RawSocket socket, String name) {
            this.connection = new RawClient(socket);
            this.name = name;
            this.thread = new Thread(this::serve, "fake bus " + name);
        }

        private void serve() {
            try {
                authenticate();
                while (true) {
                    Message message = connection.await("message", LONG, any -> true);
                    messages.add(message);
                    boolean held = holdingHello && "Hello".equals(message.member())
                            || holdingLabels && "GetConnectionCredentials".equals(message.member())
                            || holdingOwners && "GetNameOwner".equals(message.member());
                    if (message.type() == Message.CALL && RawClient.BUS.equals(message.destination()) && !held) {
                        connection.send(answer(message));
                    }
                }
            } catch (ConnectionClosed | IllegalStateException | IllegalArgumentException ended) {
                gone = true;
            }
        }

        private void authenticate() {
            while (lines.isEmpty() || !lines.get(lines.size() - 1).equals("BEGIN")) {
                String line = connection.readLine();
                lines.add(line.startsWith("\0") ? line.substring(1) : line);
                if (line.contains("NEGOTIATE_UNIX_FD")) {
                    connection.sendText("AGREE_UNIX_FD\r\n");
                } else if (line.contains("AUTH EXTERNAL ") || line.startsWith("DATA")) {
                    connection.sendText("OK " + GUID + "\r\n");
                } else if (line.contains("AUTH EXTERNAL")) {
                    connection.sendText("DATA\r\n");
                }
            }
        }

        private Message answer(Message call) {
            Message reply = Message.reply(name, call.serial()).field(Message.SENDER, new Variant("s", RawClient.BUS));
            return switch (call.member()) {
                case "Hello" -> reply.body("s", name);
                case "GetId" -> reply.body("s", GUID);
                case "ListNames", "ListActivatableNames", "ListQueuedOwners" -> reply.body("as", List.of(RawClient.BUS));
                case "NameHasOwner" -> reply.body("b", false);
                case "GetConnectionCredentials" -> labels.isEmpty() ? reply : credentials(call, reply);
                case "Get" -> reply.body("v", new Variant("as", List.of()));
                case "GetNameOwner" -> Message.error(name, call.serial(), "org.freedesktop.DBus.Error.NameHasNoOwner")
                        .field(Message.SENDER, new Variant("s", RawClient.BUS)).body("s", "no owner");
                default -> reply;
            };
        }

        private Message credentials(Message call, Message reply) {
            String label = labels.get((String) call.arg());
            return label == null ? Message.error(name, call.serial(), "org.freedesktop.DBus.Error.NameHasNoOwner")
                    .field(Message.SENDER, new Variant("s", RawClient.BUS)).body("s", "no owner")
                    : reply.body("a{sv}", Map.of("ProcessID", new Variant("u", 4711),
                            "LinuxSecurityLabel", new Variant("ay", (label + "\0").getBytes(StandardCharsets.US_ASCII))));
        }

        /** Answers what was asked about credentials while that was held. */
        public void tellLabels() {
            holdingLabels = false;
            messages.stream().filter(message -> "GetConnectionCredentials".equals(message.member())).forEach(call -> connection.send(answer(call)));
        }

        public String name() {
            return name;
        }

        /** The authentication as it was spoken. */
        public List<String> lines() {
            return lines;
        }

        public List<Message> messages() {
            return messages;
        }

        /** Answers the Hello that was held. */
        public void welcome() {
            connection.send(answer(messages.get(0)));
        }

        /** @param fds borrowed */
        public void say(byte[] bytes, int... fds) {
            connection.sendBytes(bytes, fds);
        }

        /** Answers what was asked about owners while that was held. */
        public void tellOwners() {
            holdingOwners = false;
            messages.stream().filter(message -> "GetNameOwner".equals(message.member())).forEach(call -> connection.send(answer(call)));
        }

        /** The other side has ended the connection, or said what is no D-Bus. */
        public boolean gone() {
            return gone;
        }
    }

    private void accept() {
        while (!closing) {
            RawSocket socket = listener.accept(Duration.ofMillis(100));
            if (socket != null) {
                Peer peer = new Peer(socket, ":1." + peers.size());
                peers.add(peer);
                peer.thread.start(); // whoever has been answered is among them
            }
        }
    }

    /** From now on Hello waits until {@link Peer#welcome}. */
    public void holdHello() {
        holdingHello = true;
    }

    /** From now on the bus tells labels; of itself too. @param label as the kernel writes it */
    public void label(String name, String label) {
        labels.put(name, label);
    }

    /** From now on nobody learns labels until {@link Peer#tellLabels}. */
    public void holdLabels() {
        holdingLabels = true;
    }

    /** From now on nobody learns owners until {@link Peer#tellOwners}. */
    public void holdOwners() {
        holdingOwners = true;
    }

    public String address() {
        return "unix:path=" + path;
    }

    /** Every connection so far, oldest first. */
    public List<Peer> peers() {
        return new ArrayList<>(peers);
    }

    @Override
    public void close() throws IOException {
        closing = true;
        ThreadEnd.await(acceptor, "the fake bus still accepts");
        listener.close();
        Files.delete(path);
        for (Peer peer : peers) {
            peer.connection.socket().endSending();
            ThreadEnd.await(peer.thread, "the daemon kept its connection to a bus that ended: " + peer.name);
            peer.connection.close();
        }
    }
}
