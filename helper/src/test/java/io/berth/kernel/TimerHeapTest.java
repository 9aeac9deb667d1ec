package io.berth.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TimerHeapTest {
    private record Expected(int id, long dueNs) {
    }

    @Test
    void takeDue_randomTimesAndCancellations_comesInOrderOfTimeThenOfAdding() {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            long start = seed % 2 == 0 ? 0 : Long.MAX_VALUE - 50; // times wrap around
            TimerHeap heap = new TimerHeap();
            List<Integer> ran = new ArrayList<>();
            List<Expected> expected = new ArrayList<>();
            List<EventLoop.Timer> timers = new ArrayList<>();
            List<Expected> added = new ArrayList<>();
            for (int id = 0; id < 300; id++) {
                long delay = random.nextInt(100);
                int number = id;
                timers.add(heap.add(start, delay, () -> ran.add(number)));
                added.add(new Expected(id, delay));
                expected.add(added.get(id));
                if (random.nextInt(3) == 0) {
                    int victim = random.nextInt(id + 1);
                    timers.get(victim).cancel();
                    expected.remove(added.get(victim));
                }
            }
            expected.sort(Comparator.comparingLong(Expected::dueNs).thenComparingInt(Expected::id));
            for (long elapsed = 0; elapsed <= 100; elapsed++) {
                Runnable task;
                while ((task = heap.takeDue(start + elapsed, heap.mark())) != null) {
                    assertEquals(elapsed, expected.get(ran.size()).dueNs(), "due time, seed " + seed);
                    task.run();
                }
            }
            assertEquals(expected.stream().map(Expected::id).toList(), ran, "seed " + seed);
            assertTrue(heap.isEmpty());
        }
    }

    @Test
    void cancel_twiceOrAfterItRan_changesNothing() {
        TimerHeap heap = new TimerHeap();
        List<String> ran = new ArrayList<>();
        EventLoop.Timer first = heap.add(0, 1, () -> ran.add("first"));
        EventLoop.Timer second = heap.add(0, 2, () -> ran.add("second"));
        heap.takeDue(1, heap.mark()).run();
        first.cancel();
        assertEquals(1, heap.untilFirstNs(1));
        second.cancel();
        second.cancel();
        assertTrue(heap.isEmpty());
        assertEquals(List.of("first"), ran);
    }

    @Test
    void takeDue_addedAfterTheMark_waitsForTheNextTurn() {
        TimerHeap heap = new TimerHeap();
        long mark = heap.mark();
        heap.add(5, 0, () -> { });
        assertNull(heap.takeDue(5, mark));
        assertEquals(0, heap.untilFirstNs(5));
    }

    @Test
    void add_longestDelay_staysInTheFuture() {
        TimerHeap heap = new TimerHeap();
        heap.add(Long.MAX_VALUE - 1, Long.MAX_VALUE, () -> { });
        heap.add(Long.MAX_VALUE - 1, 3, () -> { });
        assertEquals(3, heap.untilFirstNs(Long.MAX_VALUE - 1));
    }

    @Test
    void add_longerThanTheLongest_staysBehindTheOthers() {
        TimerHeap heap = new TimerHeap();
        heap.add(0, 3, () -> { });
        heap.add(100, Long.MAX_VALUE, () -> { });
        assertEquals(3, heap.untilFirstNs(0));
    }
}
