package io.berth.tests.house;

import io.berth.tests.raw.ConnectionClosed;
import io.berth.tests.raw.Libc;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A service on the bus that answers every call with what it was given, on a thread of its own. Owns its connection; closing
 * ends thread and connection. Other threads only send on it.
 */
public final class EchoService implements AutoCloseable {
    private static final Duration LONG = Duration.ofMinutes(10);

    private final RawClient connection;
    private final Thread thread;
    private final CountDownLatch released = new CountDownLatch(1);

    public EchoService(PrivateBus bus, String... names) {
        connection = bus.connect();
        for (String name : names) {
            connection.own(name);
        }
        thread = new Thread(this::run, "echo");
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        try {
            while (true) {
                Message message = connection.await("call", LONG, any -> true);
                for (int fd : message.fds()) {
                    Libc.LIBC.close(fd);
                }
                if (message.type() == Message.CALL && (message.flags() & Message.NO_REPLY_EXPECTED) == 0) {
                    connection.send(Message.reply(message.sender(), message.serial()).bodyOf(message));
                } else if (message.replySerial() != 0) {
                    released.countDown();
                }
            }
        } catch (ConnectionClosed | IllegalStateException closed) {
            connection.close();
        }
    }

    public String uniqueName() {
        return connection.uniqueName();
    }

    /** Gives a name back, and waits until the bus has said so. Once. */
    public void release(String name) {
        connection.send(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "ReleaseName").body("s", name));
        try {
            if (!released.await(RawClient.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("ReleaseName was not answered");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        connection.socket().endSending();
        ThreadEnd.await(thread, "the bus did not close the connection of " + uniqueName());
    }
}
