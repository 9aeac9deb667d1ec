package io.berth.kernel;

import java.util.Arrays;

/**
 * Tasks by the time at which they are due, as a binary heap; those due at the same time in the order in which they came.
 * Adding and cancelling cost O(log n). Knows no clock: time comes from the caller. For one thread.
 */
final class TimerHeap {
    /** The longest delay kept; longer ones are shortened to these 146 years, so that times compare by difference. */
    private static final long LONGEST_NS = 1L << 62;

    private Entry[] heap = new Entry[16];
    private int size;
    private long added;

    /** A task and its place in the heap. */
    private final class Entry implements EventLoop.Timer {
        private final long dueNs;
        private final long order;
        private final Runnable task;
        private int index;

        private Entry(long dueNs, long order, Runnable task) {
            this.dueNs = dueNs;
            this.order = order;
            this.task = task;
        }

        private boolean isBefore(Entry other) {
            long difference = dueNs - other.dueNs;
            return difference < 0 || difference == 0 && order < other.order;
        }

        @Override
        public void cancel() {
            if (index >= 0) {
                remove(this);
            }
        }
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** @return nanoseconds until the first task is due; 0 or less when it is */
    long untilFirstNs(long nowNs) {
        return heap[0].dueNs - nowNs;
    }

    EventLoop.Timer add(long nowNs, long delayNs, Runnable task) {
        Entry entry = new Entry(nowNs + Math.min(delayNs, LONGEST_NS), added++, task);
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, size * 2);
        }
        siftUp(size++, entry);
        return entry;
    }

    /** A mark for {@link #takeDue}: what is added from now on comes after it. */
    long mark() {
        return added;
    }

    /** @return the first task if it is due and was added before {@code mark}; null otherwise */
    Runnable takeDue(long nowNs, long mark) {
        if (size == 0 || untilFirstNs(nowNs) > 0 || heap[0].order >= mark) {
            return null;
        }
        Entry first = heap[0];
        remove(first);
        return first.task;
    }

    private void remove(Entry entry) {
        int hole = entry.index;
        entry.index = -1;
        Entry last = heap[--size];
        heap[size] = null;
        if (last == entry) {
            return;
        }
        siftDown(hole, last);
        if (last.index == hole) {
            siftUp(hole, last);
        }
    }

    private void siftUp(int from, Entry entry) {
        int hole = from;
        while (hole > 0) {
            int parent = (hole - 1) / 2;
            if (!entry.isBefore(heap[parent])) {
                break;
            }
            place(hole, heap[parent]);
            hole = parent;
        }
        place(hole, entry);
    }

    private void siftDown(int from, Entry entry) {
        int hole = from;
        while (2 * hole + 1 < size) {
            int child = 2 * hole + 1;
            if (child + 1 < size && heap[child + 1].isBefore(heap[child])) {
                child++;
            }
            if (!heap[child].isBefore(entry)) {
                break;
            }
            place(hole, heap[child]);
            hole = child;
        }
        place(hole, entry);
    }

    private void place(int index, Entry entry) {
        heap[index] = entry;
        entry.index = index;
    }
}
