package io.berth.kernel;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.berth.kernel.linux.LinuxKernel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoFdLeft.class)
@Timeout(60)
class LoopThreadTest {
    private static final long MS = 1_000_000;

    private final Kernel kernel = new LinuxKernel();
    private LoopThread loop;

    @BeforeEach
    void openLoop() {
        loop = new LoopThread(kernel);
    }

    /** Harmless where the loop ran: it is closed then. */
    @AfterEach
    void closeLoop() {
        loop.close();
    }

    private static Thread start(LoopThread loop) {
        Thread thread = new Thread(loop, "loop");
        thread.start();
        return thread;
    }

    @Test
    void execute_fromManyThreads_runsEachOnceInTheOrderOfItsThread() throws Exception {
        Thread loopThread = start(loop);
        int perThread = 25_000;
        int[] next = new int[4];
        AtomicInteger wrong = new AtomicInteger();
        List<Thread> producers = new ArrayList<>();
        for (int p = 0; p < next.length; p++) {
            int producer = p;
            Thread thread = new Thread(() -> {
                for (int i = 0; i < perThread; i++) {
                    int number = i;
                    loop.execute(() -> {
                        if (next[producer]++ != number || Thread.currentThread() != loopThread) {
                            wrong.incrementAndGet();
                        }
                    });
                }
            });
            producers.add(thread);
            thread.start();
        }
        for (Thread producer : producers) {
            producer.join();
        }
        loop.stop();
        loopThread.join();
        assertEquals(0, wrong.get());
        for (int count : next) {
            assertEquals(perThread, count);
        }
    }

    @Test
    void submit_result_comesBackToTheCaller() throws Exception {
        Thread thread = start(loop);
        assertSame(thread, loop.submit(Thread::currentThread).get(10, TimeUnit.SECONDS));
        loop.stop();
        thread.join();
    }

    @Test
    void execute_afterStop_isDroppedAndEarlierTasksRan() throws Exception {
        List<String> ran = new ArrayList<>();
        loop.execute(() -> {
            loop.execute(() -> ran.add("handed over by a task"));
            loop.stop();
        });
        loop.run();
        loop.execute(() -> ran.add("too late"));
        assertEquals(List.of("handed over by a task"), ran);
        assertThrows(IllegalStateException.class, loop::run);
        loop.stop();
    }

    @Test
    void schedule_severalTimes_runInOrderAndNeverEarly() {
        List<String> ran = new ArrayList<>();
        long start = System.nanoTime();
        schedule(ran, "30", 30 * MS, start);
        schedule(ran, "10", 10 * MS, start);
        schedule(ran, "0", 0, start);
        schedule(ran, "20", 20 * MS, start);
        schedule(ran, "20 again", 20 * MS, start);
        EventLoop.Timer cancelled = loop.schedule(38 * MS, () -> ran.add("cancelled"));
        loop.schedule(12 * MS, cancelled::cancel);
        loop.schedule(40 * MS, loop::stop);
        loop.run();
        assertEquals(List.of("0", "10", "20", "20 again", "30"), ran);
    }

    private void schedule(List<String> ran, String name, long delayNs, long start) {
        loop.schedule(delayNs, () -> {
            ran.add(System.nanoTime() - start >= delayNs ? name : name + " too early");
            if (loop.nowNs() - start < delayNs) {
                ran.add(name + " before its time by nowNs");
            }
        });
    }

    @Test
    void schedule_againFromItself_lettingOtherEventsIn() {
        int event = kernel.openEvent();
        kernel.signalEvent(event);
        AtomicInteger turns = new AtomicInteger();
        Runnable[] again = new Runnable[1];
        again[0] = () -> {
            turns.incrementAndGet();
            loop.schedule(0, again[0]);
        };
        loop.schedule(0, again[0]);
        EventLoop.Watch[] watch = new EventLoop.Watch[1];
        watch[0] = loop.watch(event, Poller.READ, events -> {
            kernel.clearEvent(event);
            loop.schedule(5 * MS, () -> {
                watch[0].cancel();
                loop.stop();
            });
        });
        loop.run();
        assertTrue(turns.get() > 1, "turns " + turns);
        kernel.close(event);
    }

    @Test
    void schedule_partOfAMillisecond_doesNotSpin() {
        CountingKernel counting = new CountingKernel();
        LoopThread counted = new LoopThread(counting);
        counted.schedule(20 * MS + 900_000, counted::stop);
        counted.run();
        assertTrue(counting.poller.waits.get() <= 3, counting.poller.waits + " waits");
    }

    @Test
    void schedule_negativeDelay_isRefused() {
        assertThrows(IllegalArgumentException.class, () -> loop.schedule(-1, () -> { }));
    }

    @Test
    void cancel_inTheSameBatch_noEventOfItComesAndItsSlotIsSafe() {
        int[] events = {kernel.openEvent(), kernel.openEvent(), kernel.openEvent()};
        int quiet = kernel.openEvent();
        EventLoop.Watch[] watches = new EventLoop.Watch[3];
        List<Integer> delivered = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int number = i;
            kernel.signalEvent(events[i]);
            watches[i] = loop.watch(events[i], Poller.READ, ready -> {
                delivered.add(number);
                for (int other = 0; other < 3; other++) {
                    watches[other].cancel();
                }
                // the slots are free again: a new watch on a quiet fd takes one of them
                loop.watch(quiet, Poller.READ, stale -> wrong.add("event of a quiet fd"));
            });
        }
        loop.schedule(5 * MS, loop::stop);
        loop.run();
        assertEquals(1, delivered.size());
        assertEquals(List.of(), wrong);
        assertEquals(1, loop.watchCount());
        kernel.close(quiet);
        for (int event : events) {
            kernel.close(event);
        }
    }

    @Test
    void interest_takenAwayInTheSameBatch_noEventOfThatKindComes() {
        int[] first = kernel.sockets().pair();
        EventLoop.Watch[] watches = new EventLoop.Watch[2];
        List<Integer> delivered = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            int number = i;
            watches[i] = loop.watch(first[i], Poller.WRITE, events -> {
                delivered.add(number);
                watches[0].interest(0);
                watches[1].interest(0);
            });
        }
        loop.schedule(5 * MS, loop::stop);
        loop.run();
        assertEquals(1, delivered.size());
        kernel.close(first[0]);
        kernel.close(first[1]);
    }

    @Test
    void interest_unchanged_makesNoSystemCall() {
        CountingKernel counting = new CountingKernel();
        try (LoopThread counted = new LoopThread(counting)) {
            int event = counting.openEvent();
            EventLoop.Watch watch = counted.watch(event, Poller.READ, events -> { });
            for (int i = 0; i < 10; i++) {
                watch.interest(Poller.READ);
            }
            assertEquals(0, counting.poller.changes.get());
            watch.interest(Poller.READ | Poller.WRITE);
            watch.interest(Poller.READ | Poller.WRITE);
            assertEquals(1, counting.poller.changes.get());
            watch.cancel();
            watch.cancel();
            watch.interest(Poller.WRITE);
            assertEquals(1, counting.poller.changes.get());
            counting.close(event);
        }
    }

    @Test
    void run_nothingToDo_sleepsWithoutWakingUp() throws Exception {
        CountingKernel counting = new CountingKernel();
        LoopThread counted = new LoopThread(counting);
        Thread thread = start(counted);
        counted.submit(() -> null).get(10, TimeUnit.SECONDS);
        await().until(() -> thread.getState() == Thread.State.RUNNABLE && counting.poller.waits.get() >= 1);
        int before = counting.poller.waits.get();
        await().during(Duration.ofMillis(300)).atMost(Duration.ofSeconds(5))
                .until(() -> counting.poller.waits.get() <= before + 1);
        counted.stop();
        thread.join();
    }

    @Test
    void execute_fromTheLoopThread_makesNoWakeUpCall() throws Exception {
        CountingKernel counting = new CountingKernel();
        LoopThread counted = new LoopThread(counting);
        AtomicInteger left = new AtomicInteger(1000);
        counted.execute(new Runnable() {
            @Override
            public void run() {
                if (left.decrementAndGet() > 0) {
                    counted.execute(this);
                } else {
                    counted.stop();
                }
            }
        });
        counted.run();
        assertEquals(0, left.get());
        assertEquals(0, counting.signals.get());
    }

    @Test
    void run_handlerThrows_endsWithThatException() {
        int event = kernel.openEvent();
        kernel.signalEvent(event);
        loop.watch(event, Poller.READ, events -> {
            throw new IllegalStateException("broken handler");
        });
        assertEquals("broken handler", assertThrows(IllegalStateException.class, loop::run).getMessage());
        kernel.close(event);
    }

    @Test
    void run_taskOrTimerThrows_endsWithThatException() {
        loop.execute(() -> {
            throw new AssertionError("broken task");
        });
        assertEquals("broken task", assertThrows(AssertionError.class, loop::run).getMessage());
        LoopThread other = new LoopThread(kernel);
        other.schedule(0, () -> {
            throw new IllegalArgumentException("broken timer");
        });
        assertEquals("broken timer", assertThrows(IllegalArgumentException.class, other::run).getMessage());
    }

    @Test
    void submit_outcome_comesBackAndTheLoopGoesOn() throws Exception {
        Thread thread = start(loop);
        CompletableFuture<Object> refused = loop.submit(() -> {
            throw new MountException(MountException.Kind.DENIED, "an outcome");
        });
        ExecutionException failure = assertThrows(ExecutionException.class, () -> refused.get(10, TimeUnit.SECONDS));
        assertEquals("an outcome", failure.getCause().getMessage());
        assertEquals(1, loop.submit(() -> 1).get(10, TimeUnit.SECONDS));
        loop.stop();
        thread.join();
    }

    @Test
    void submit_whatNobodyExpects_endsTheLoopUnanswered() {
        for (Throwable fault : List.of(new IllegalArgumentException("broken"), new IOException("checked"), new NoClassDefFoundError("io/berth/None"))) {
            LoopThread faulty = new LoopThread(kernel);
            CompletableFuture<Object> unanswered = faulty.submit(() -> {
                if (fault instanceof Error error) {
                    throw error;
                }
                throw (Exception) fault;
            });
            Throwable thrown = assertThrows(Throwable.class, faulty::run);
            assertTrue(thrown == fault || thrown.getCause() == fault, thrown.toString());
            assertFalse(unanswered.isDone());
        }
    }

    @Test
    void watch_fromAnotherThread_isRefused() throws Exception {
        Thread thread = start(loop);
        loop.submit(() -> null).get(10, TimeUnit.SECONDS);
        IllegalStateException refused = assertThrows(IllegalStateException.class, () -> loop.schedule(0, () -> { }));
        assertTrue(refused.getMessage().endsWith("not from the loop thread loop"), refused.getMessage());
        assertThrows(IllegalStateException.class, () -> loop.watch(0, 0, events -> { }));
        loop.stop();
        thread.join();
    }

    @Test
    void watch_manyFds_eachGetsItsOwnEvents() {
        int count = 600;
        int[] fds = new int[count];
        int[] heard = new int[count];
        AtomicInteger remaining = new AtomicInteger(count);
        for (int i = 0; i < count; i++) {
            int number = i;
            fds[i] = kernel.openEvent();
            kernel.signalEvent(fds[i]);
            EventLoop.Watch[] watch = new EventLoop.Watch[1];
            watch[0] = loop.watch(fds[i], Poller.READ, events -> {
                heard[number]++;
                watch[0].cancel();
                if (remaining.decrementAndGet() == 0) {
                    loop.stop();
                }
            });
        }
        loop.run();
        for (int i = 0; i < count; i++) {
            assertEquals(1, heard[i], "events of watch " + i);
            kernel.close(fds[i]);
        }
        assertEquals(0, loop.watchCount());
    }

    @Test
    void run_manyEvents_allocatesNothing() {
        Sockets sockets = kernel.sockets();
        int[] pair = sockets.pair();
        NativeBuffer memory = kernel.allocate(16);
        FdQueue arrived = new FdQueue();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        AtomicInteger count = new AtomicInteger();
        AtomicReference<Long> start = new AtomicReference<>();
        AtomicReference<Long> allocated = new AtomicReference<>();
        EventLoop.Watch[] watches = new EventLoop.Watch[2];
        for (int i = 0; i < 2; i++) {
            int fd = pair[i];
            int number = i;
            watches[i] = loop.watch(fd, Poller.READ, events -> {
                sockets.receive(fd, memory.address(), 16, arrived);
                sockets.send(fd, memory.address(), 16, null, 0);
                watches[number].interest(Poller.READ | (count.get() % 2 == 0 ? Poller.PRIORITY : 0));
                int now = count.incrementAndGet();
                if (now == 30_000) {
                    start.set(threads.getCurrentThreadAllocatedBytes());
                } else if (now == 60_000) {
                    allocated.set(threads.getCurrentThreadAllocatedBytes() - start.get());
                    loop.stop();
                }
            });
        }
        sockets.send(pair[0], memory.address(), 16, null, 0);
        loop.run();
        assertTrue(allocated.get() < 30_000, allocated + " bytes in 30,000 events");
        kernel.close(pair[0]);
        kernel.close(pair[1]);
        assertFalse(arrived.size() > 0);
    }
}
