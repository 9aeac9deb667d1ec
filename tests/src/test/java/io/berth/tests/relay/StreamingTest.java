package io.berth.tests.relay;

import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.MemoryPeak;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Bodies of any size pass through bounded memory, byte for byte. */
class StreamingTest {
    private static final String NAME = "org.test.Service";
    private static final int BIG = 64 << 20;
    private static final long ALLOWED_GROWTH_KIB = 16 * 1024;

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private static byte[] noise(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static Message awaitBig(RawClient client) {
        return client.await("the big message", RawClient.PATIENCE.multipliedBy(3),
                message -> message.type() == Message.RETURN || message.is(Message.CALL, "Big"));
    }

    @Test
    void message_of64MiBEachWay_arrivesWholeInBoundedMemory() {
        RawClient service = HOUSE.service(NAME);
        RawClient app = HOUSE.app(talk(NAME));
        byte[] out = noise(BIG, 1);
        byte[] back = noise(BIG, 2);
        MemoryPeak peak = new MemoryPeak(HOUSE.daemon().pid());
        CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> app.send(Message.call(NAME, "/", "org.test.I", "Big").body("ay", out)));
        Message call = awaitBig(service);
        sent.join();
        assertArrayEquals(out, (byte[]) call.arg());
        CompletableFuture<Void> answered = CompletableFuture.runAsync(
                () -> service.send(Message.reply(call.sender(), call.serial()).body("ay", back)));
        Message reply = awaitBig(app);
        answered.join();
        assertArrayEquals(back, (byte[]) reply.arg());
        assertTrue(peak.growthKib() < ALLOWED_GROWTH_KIB, "the daemon grew by " + peak.growthKib() + " KiB");
    }

    @Test
    void refusedMessage_of64MiB_isSkippedInBoundedMemory() {
        HOUSE.service("org.test.Hidden");
        RawClient app = HOUSE.app(talk(NAME));
        MemoryPeak peak = new MemoryPeak(HOUSE.daemon().pid());
        Message answer = app.answer(Message.call("org.test.Hidden", "/", "org.test.I", "Big").body("ay", new byte[BIG]));
        assertEquals("org.freedesktop.DBus.Error.ServiceUnknown", answer.errorName());
        app.sync();
        assertTrue(peak.growthKib() < ALLOWED_GROWTH_KIB, "the daemon grew by " + peak.growthKib() + " KiB");
    }

    @Test
    void messages_ofEverySizeAroundTheBuffers_arriveWhole() {
        RawClient service = HOUSE.service(NAME);
        RawClient app = HOUSE.app(talk(NAME));
        List<Integer> sizes = new ArrayList<>();
        for (int power = 10; power <= 18; power++) {
            for (int around = -300; around <= 20; around += 20) {
                sizes.add((1 << power) + around);
            }
        }
        CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
            for (int size : sizes) {
                app.send(Message.call(NAME, "/", "org.test.I", "Sized").flags(Message.NO_REPLY_EXPECTED).body("ay", noise(size, size)));
            }
        });
        for (int size : sizes) {
            byte[] arrived = (byte[]) service.awaitCall("Sized").arg();
            assertTrue(Arrays.equals(noise(size, size), arrived), "message of " + size + " bytes");
        }
        sent.join();
    }

    @Test
    void message_cutIntoEveryPiece_arrivesWhole() {
        RawClient service = HOUSE.service(NAME);
        RawClient app = HOUSE.app(talk(NAME));
        byte[] bytes = Message.call(NAME, "/", "org.test.I", "Cut").serial(7).flags(Message.NO_REPLY_EXPECTED).body("s", "whole").toBytes();
        for (int cut = 1; cut < bytes.length; cut++) {
            app.sendBytes(Arrays.copyOf(bytes, cut));
            app.sendBytes(Arrays.copyOfRange(bytes, cut, bytes.length));
            assertEquals("whole", service.awaitCall("Cut").arg());
        }
        for (byte each : bytes) {
            app.sendBytes(new byte[] {each});
        }
        assertEquals("whole", service.awaitCall("Cut").arg());
    }

    @Test
    void message_halfSentThenGone_otherAppsWorkOn() {
        RawClient service = HOUSE.service(NAME);
        byte[] bytes = Message.call(NAME, "/", "org.test.I", "Half").serial(7).body("ay", new byte[1 << 20]).toBytes();
        for (int cut : new int[] {1, 15, 16, 100, 200, 70_000, 1_000_000}) {
            try (RawClient app = HOUSE.server(talk(NAME)).connect()) {
                app.sendBytes(Arrays.copyOf(bytes, cut));
            }
        }
        RawClient other = HOUSE.app(talk(NAME));
        other.send(Message.call(NAME, "/", "org.test.I", "Do"));
        assertEquals(other.uniqueName(), service.awaitCall("Do").sender());
        assertEquals(List.of(), service.drainFromPeers());
    }
}
