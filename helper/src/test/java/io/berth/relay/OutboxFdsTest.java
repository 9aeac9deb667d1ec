package io.berth.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.kernel.FdQueue;
import io.berth.kernel.LoopThread;
import io.berth.kernel.NativeBuffer;
import io.berth.kernel.NoFdLeft;
import io.berth.kernel.linux.LinuxKernel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** File descriptors that were given to an outbox are closed whatever becomes of it, and nothing that is gone is counted. */
@ExtendWith(NoFdLeft.class)
class OutboxFdsTest {
    private final LinuxKernel kernel = new LinuxKernel();
    private LoopThread loop;
    private Accounts accounts;
    private Relay relay;
    private NativeBuffer buffer;
    private int[] pair;
    private Outbox outbox;

    @BeforeEach
    void open() {
        loop = new LoopThread(kernel);
        relay = new Relay(kernel, loop, Limits.defaults());
        accounts = new Accounts(relay, relay.budgets());
        buffer = relay.receiveBuffer();
        connect();
    }

    private void connect() {
        pair = kernel.sockets().pair();
        outbox = new Outbox(relay, accounts, pair[0]);
    }

    @AfterEach
    void close() {
        disconnect();
        loop.close();
    }

    private void disconnect() {
        outbox.abandon();
        kernel.close(pair[0]);
        if (pair[1] >= 0) {
            kernel.close(pair[1]);
        }
    }

    private void otherSideLeaves() {
        kernel.close(pair[1]);
        pair[1] = -1;
    }

    /** Some that nobody else has. */
    private int[] fds() {
        return kernel.pipe();
    }

    /** Writes messages of one size until the socket is full: the last one waits, with its fds, in a block. */
    private void fill() {
        while (outbox.isEmpty()) {
            outbox.write(buffer, 0, 1000, fds());
        }
    }

    @Test
    void write_toWhoHasLeft_closesThem() {
        otherSideLeaves();
        outbox.write(buffer, 0, 100, fds());
        assertTrue(outbox.isBroken());
        outbox.write(buffer, 0, 100, fds());
        outbox.write(new byte[100], fds());
        assertTrue(outbox.isEmpty());
    }

    @Test
    void waiting_givenUp_areClosed() {
        fill();
        outbox.write(buffer, 0, 1000, fds());
        outbox.write(new byte[1000], fds());
        assertEquals(3000, outbox.waitingBytes());
        outbox.abandon();
        assertEquals(0, outbox.waitingBytes());
    }

    @Test
    void waiting_whoTakesThemHasLeft_areClosedByTheNextFlush() {
        fill();
        outbox.write(new byte[1000], fds());
        otherSideLeaves();
        outbox.flush();
        assertTrue(outbox.isBroken());
        assertEquals(0, outbox.waitingBytes());
    }

    @Test
    void givenUp_manyTimes_isNeitherCountedNorKeepsABlock() {
        for (int i = 0; i < 100; i++) {
            fill();
            outbox.write(new byte[200_000], Outbox.NO_FDS);
            disconnect();
            connect();
        }
        disconnect();
        assertEquals(0, accounts.bytes().used());
        connect();
        for (int i = 0; i < 4; i++) {
            assertFalse(relay.takeBlock(buffer, 0, 10) == null, "block " + i);
        }
    }

    @Test
    void waiting_taken_comeWithTheirOwnMessage() {
        fill();
        outbox.write(new byte[10], Outbox.NO_FDS);
        outbox.write(new byte[10], fds());
        outbox.write(new byte[10], fds());
        FdQueue arrived = new FdQueue();
        NativeBuffer taken = kernel.allocate(1 << 20);
        int bytes = 0;
        while (kernel.sockets().receive(pair[1], taken.address(), taken.capacity(), arrived) > 0) {
            closeAll(arrived);
        }
        outbox.flush();
        assertTrue(outbox.isEmpty());
        int came = 0;
        int n;
        while ((n = kernel.sockets().receive(pair[1], taken.address(), taken.capacity(), arrived)) > 0) {
            bytes += n;
            came += arrived.size();
            closeAll(arrived);
        }
        assertEquals(1030, bytes);
        assertEquals(6, came);
    }

    private void closeAll(FdQueue arrived) {
        while (arrived.size() > 0) {
            kernel.close(arrived.remove());
        }
    }
}
