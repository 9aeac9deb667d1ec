package io.berth.tests.house;

import io.berth.tests.raw.Libc;

/** Pipes as tests pass them around: who reads a byte from one end knows which file the other side got. Stateless. */
public final class Descriptors {
    private static final int CLOEXEC = 02000000;

    private Descriptors() {
    }

    /** @return read end and write end; the caller owns both */
    public static int[] pipe() {
        int[] ends = new int[2];
        if (Libc.LIBC.pipe2(ends, CLOEXEC) != 0) {
            throw new IllegalStateException("pipe2: errno " + Libc.errno());
        }
        return ends;
    }

    public static void write(int fd, int value) {
        if (Libc.LIBC.write(fd, new byte[] {(byte) value}, 1) != 1) {
            throw new IllegalStateException("write: errno " + Libc.errno());
        }
    }

    /** Waits for one byte. @return 0 to 255, -1 at the end */
    public static int read(int fd) {
        byte[] one = new byte[1];
        return Libc.LIBC.read(fd, one, 1) == 1 ? one[0] & 0xff : -1;
    }

    public static void close(int... fds) {
        for (int fd : fds) {
            Libc.LIBC.close(fd);
        }
    }
}
