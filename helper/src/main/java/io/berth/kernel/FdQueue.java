package io.berth.kernel;

import java.util.Arrays;

/** File descriptors in the order in which they came. It owns nothing: who takes one closes it. Not thread-safe. */
public final class FdQueue {
    private int[] fds = new int[4];
    private int head;
    private int size;

    public int size() {
        return size;
    }

    public void add(int fd) {
        if (size == fds.length) {
            int[] grown = new int[size * 2];
            for (int i = 0; i < size; i++) {
                grown[i] = fds[(head + i) % size];
            }
            fds = grown;
            head = 0;
        }
        fds[(head + size) % fds.length] = fd;
        size++;
    }

    /** @throws IllegalStateException when it is empty */
    public int remove() {
        if (size == 0) {
            throw new IllegalStateException("no file descriptor left");
        }
        int fd = fds[head];
        head = (head + 1) % fds.length;
        size--;
        return fd;
    }

    @Override
    public String toString() {
        int[] shown = new int[size];
        for (int i = 0; i < size; i++) {
            shown[i] = fds[(head + i) % fds.length];
        }
        return Arrays.toString(shown);
    }
}
