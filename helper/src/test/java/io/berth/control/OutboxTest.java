package io.berth.control;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class OutboxTest {
    @Test
    void entries_added_areSentInOrderUntilClosed() {
        List<Integer> sent = new CopyOnWriteArrayList<>();
        Outbox outbox = new Outbox("outbox", log -> log);
        for (int i = 0; i < 100; i++) {
            int number = i;
            outbox.add(() -> sent.add(number));
        }
        outbox.flush(10_000);
        assertEquals(100, sent.size());
        assertEquals(99, sent.get(99));
        outbox.add(() -> sent.add(100));
        outbox.close();
        await().until(() -> sent.size() == 101);
        await().until(() -> Thread.getAllStackTraces().keySet().stream().noneMatch(thread -> thread.getName().equals("outbox")));
    }

    @Test
    void entryThatCannotBeMade_isAFaultOfItsThread() throws Exception {
        CompletableFuture<String> told = new CompletableFuture<>();
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, fault) -> told.complete(thread.getName() + ": " + fault.getMessage()));
        try (Outbox outbox = new Outbox("outbox", log -> log)) {
            outbox.add(() -> {
                throw new IllegalStateException("expected by this test");
            });
            assertEquals("outbox: expected by this test", told.get(10, TimeUnit.SECONDS));
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
    }

    @Test
    void busThatIsGone_dropsTheRest() {
        AtomicInteger sent = new AtomicInteger();
        try (Outbox outbox = new Outbox("outbox", log -> log)) {
            outbox.add(() -> {
                throw new IOException("expected by this test");
            });
            outbox.add(sent::incrementAndGet);
            outbox.flush(10_000);
        }
        assertEquals(0, sent.get());
    }

    @Test
    void room_whenVeryMuchWaits_isWaitedFor() throws Exception {
        CountDownLatch slow = new CountDownLatch(1);
        try (Outbox outbox = new Outbox("outbox", log -> log)) {
            for (int i = 0; i < 1100; i++) {
                outbox.add(() -> {
                    try {
                        slow.await();
                    } catch (InterruptedException interrupted) {
                        throw new IllegalStateException(interrupted);
                    }
                });
            }
            Thread waiting = new Thread(outbox::awaitRoom);
            waiting.start();
            await().until(() -> waiting.getState() == Thread.State.WAITING);
            long start = System.nanoTime();
            outbox.flush(50);
            assertTrue(System.nanoTime() - start >= 50_000_000, "flush gives up in time");
            slow.countDown();
            waiting.join(10_000);
            assertFalse(waiting.isAlive());
        }
    }
}
