package io.berth.tests.relay;

import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.EchoService;
import io.berth.tests.house.MemoryPeak;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Encoder;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A client that dawdles costs bounded memory, and nobody else's time. */
class SlowClientTest {
    private static final String NAME = "org.test.Service";
    private static final Duration WATCHED = Duration.ofSeconds(4);
    private static final long ALLOWED_GROWTH_KIB = 16 * 1024;

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private ScheduledExecutorService clock;
    private RawClient slow;
    private RawClient quick;
    private EchoService echo;

    @BeforeEach
    void connect() {
        clock = Executors.newSingleThreadScheduledExecutor();
        echo = HOUSE.keep(new EchoService(HOUSE.bus(), NAME));
        ContainerServer server = HOUSE.server(talk(NAME));
        slow = HOUSE.app(server);
        quick = HOUSE.app(talk(NAME));
        HOUSE.helper().setAccess(server, talk(NAME), talk("org.test.Flood"));
    }

    @AfterEach
    void stop() throws InterruptedException {
        clock.shutdownNow();
        clock.awaitTermination(10, TimeUnit.SECONDS);
    }

    /** @return the 99th percentile in microseconds of the quick app's round trips while the slow one is slow */
    private long latencyUs() {
        long end = System.nanoTime() + WATCHED.toNanos();
        long[] taken = new long[1_000_000];
        int count = 0;
        while (System.nanoTime() < end && count < taken.length) {
            long start = System.nanoTime();
            quick.call(NAME, "/", "org.test.I", "Do");
            taken[count++] = (System.nanoTime() - start) / 1000;
        }
        Arrays.sort(taken, 0, count);
        return taken[count * 99 / 100];
    }

    /** The slow one keeps anybody who has to wait for it waiting for a second; what a busy machine does is far below. */
    private void checkOthersAreQuick() {
        long taken = latencyUs();
        assertTrue(taken < 300_000, "99 % of the round trips of another app took up to " + taken + " us");
    }

    @Test
    void clientThatSendsAByteASecond_othersAreQuick() {
        byte[] message = Message.call(NAME, "/", "org.test.I", "Do").serial(7).body("s", "x").toBytes();
        int[] sent = {0};
        clock.scheduleAtFixedRate(() -> slow.sendBytes(new byte[] {message[sent[0]++]}), 0, 1, TimeUnit.SECONDS);
        checkOthersAreQuick();
        assertTrue(sent[0] >= 3);
    }

    @Test
    void clientThatReadsAByteASecond_othersAreQuickAndMemoryIsBounded() {
        MemoryPeak peak = new MemoryPeak(HOUSE.daemon().pid());
        flood();
        byte[] one = new byte[1];
        int[] read = {0};
        clock.scheduleAtFixedRate(() -> read[0] += slow.socket().receive(one, 0, 1, Duration.ofSeconds(5)), 0, 1, TimeUnit.SECONDS);
        checkOthersAreQuick();
        assertTrue(read[0] >= 3);
        assertTrue(peak.growthKib() < ALLOWED_GROWTH_KIB, "the daemon grew by " + peak.growthKib() + " KiB");
    }

    @Test
    void clientThatNeverReads_otherAppsAndTheSenderGoOn() {
        MemoryPeak peak = new MemoryPeak(HOUSE.daemon().pid());
        flood();
        checkOthersAreQuick();
        assertTrue(peak.growthKib() < ALLOWED_GROWTH_KIB, "the daemon grew by " + peak.growthKib() + " KiB");
        assertEquals(true, HOUSE.unconfined().bus("NameHasOwner", "s", echo.uniqueName()).arg());
    }

    /** A client of refused calls that reads no answer: the daemon's own errors pile up for it. */
    @Test
    void clientThatNeverReadsItsErrors_memoryIsBounded() {
        MemoryPeak peak = new MemoryPeak(HOUSE.daemon().pid());
        Encoder calls = new Encoder(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 500; i++) {
            calls.bytes(Message.call("org.test.Hidden", "/", "org.test.I", "Do").serial(7).toBytes());
        }
        byte[] bytes = calls.toBytes();
        assertThrows(IllegalStateException.class, () -> {
            for (int i = 0; i < 1000; i++) {
                slow.socket().send(bytes, Duration.ofSeconds(1));
            }
        }, "the daemon took " + 1000 * bytes.length + " bytes and never waited");
        assertTrue(peak.growthKib() < ALLOWED_GROWTH_KIB, "the daemon grew by " + peak.growthKib() + " KiB");
        assertEquals(Message.RETURN, quick.call(NAME, "/", "org.test.I", "Do").type());
    }

    /** 32 MiB for the slow client, in signals to it alone. */
    private void flood() {
        RawClient sender = HOUSE.service("org.test.Flood");
        byte[] bulk = new byte[64 * 1024];
        for (int i = 0; i < 512; i++) {
            sender.send(Message.signal(slow.uniqueName(), "/", "org.test.I", "Bulk").body("ay", bulk));
        }
        sender.sync();
    }
}
