package io.berth.tests.lifetime;

import static io.berth.tests.raw.Libc.LIBC;
import static io.berth.tests.raw.Libc.RUNTIME;

import io.berth.tests.raw.Libc;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;

/** A socket that a launcher has made and hands over. Owns its fd; the file stays. For one thread. */
public final class BoundSocket implements AutoCloseable {
    static final int AF_UNIX = 1;
    static final int AF_INET = 2;
    static final int STREAM = 1;
    static final int DATAGRAM = 2;
    private static final int CLOEXEC = 02000000;
    private static final int SHUT_RDWR = 2;

    private final int fd;

    private BoundSocket(int fd) {
        this.fd = fd;
    }

    /** Not bound. */
    static BoundSocket of(int family, int type) {
        int fd = LIBC.socket(family, type | CLOEXEC, 0);
        if (fd < 0) {
            throw new IllegalStateException("socket: errno " + Libc.errno());
        }
        return new BoundSocket(fd);
    }

    public static BoundSocket at(Path path) {
        return of(AF_UNIX, STREAM).bind(path.toString() + '\0');
    }

    static BoundSocket abstractly(String name) {
        return of(AF_UNIX, STREAM).bind('\0' + name);
    }

    /** @param name all bytes of the address behind its family */
    BoundSocket bind(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        Pointer address = address(bytes);
        if (LIBC.bind(fd, address, 2 + bytes.length) < 0) {
            throw new IllegalStateException("bind: errno " + Libc.errno());
        }
        return this;
    }

    BoundSocket connect(Path path) {
        byte[] bytes = (path.toString() + '\0').getBytes(StandardCharsets.UTF_8);
        if (LIBC.connect(fd, address(bytes), 2 + bytes.length) < 0) {
            throw new IllegalStateException("connect: errno " + Libc.errno());
        }
        return this;
    }

    private static Pointer address(byte[] bytes) {
        Pointer address = Memory.allocateDirect(RUNTIME, 110, true);
        address.putShort(0, (short) AF_UNIX);
        address.put(2, bytes, 0, bytes.length);
        return address;
    }

    public BoundSocket listen() {
        if (LIBC.listen(fd, 10) < 0) {
            throw new IllegalStateException("listen: errno " + Libc.errno());
        }
        return this;
    }

    void shutDown() {
        LIBC.shutdown(fd, SHUT_RDWR);
    }

    public int fd() {
        return fd;
    }

    @Override
    public void close() {
        LIBC.close(fd);
    }
}
