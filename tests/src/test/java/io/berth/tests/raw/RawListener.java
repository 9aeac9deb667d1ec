package io.berth.tests.raw;

import static io.berth.tests.raw.Libc.LIBC;
import static io.berth.tests.raw.Libc.RUNTIME;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;

/** A unix socket that waits for clients. Owns its fd; what it accepts belongs to the caller. One thread accepts, any closes. */
public final class RawListener implements AutoCloseable {
    private static final int CLOEXEC = 02000000;
    private static final int POLLIN = 1;

    private final int fd;

    public RawListener(Path path) {
        fd = LIBC.socket(1, 1 | CLOEXEC, 0);
        byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
        Pointer address = Memory.allocateDirect(RUNTIME, 110, true);
        address.putShort(0, (short) 1);
        address.put(2, name, 0, name.length);
        if (LIBC.bind(fd, address, 2 + name.length + 1) < 0 || LIBC.listen(fd, 100) < 0) {
            int errno = Libc.errno();
            LIBC.close(fd);
            throw new IllegalStateException("listen " + path + ": errno " + errno);
        }
    }

    public int fd() {
        return fd;
    }

    /** @return null when nobody came in time or the listener was closed */
    public RawSocket accept(Duration timeout) {
        Pointer poll = Memory.allocateDirect(RUNTIME, 8, true);
        poll.putInt(0, fd);
        poll.putShort(4, (short) POLLIN);
        if (LIBC.poll(poll, 1, (int) timeout.toMillis()) <= 0) {
            return null;
        }
        int accepted = LIBC.accept4(fd, null, null, CLOEXEC);
        return accepted < 0 ? null : new RawSocket(accepted);
    }

    @Override
    public void close() {
        LIBC.close(fd);
    }
}
