package io.berth.transport;

import java.io.IOException;

/**
 * A file descriptor that stands for one process (pidfd_open(2)) and never for another that gets the same id later; to be
 * sent in a message. Thread-safe; owns the fd.
 */
public final class ProcessDescriptor implements AutoCloseable {
    private int fd;

    private ProcessDescriptor(int fd) {
        this.fd = fd;
    }

    /**
     * @param pid of a process that cannot have been waited for yet, such as a child of one's own
     * @throws IOException there is no such process, or the kernel has no such descriptors
     */
    public static ProcessDescriptor open(long pid) throws IOException {
        return new ProcessDescriptor(NativeSockets.openProcess(pid));
    }

    /** The fd to send; it stays this object's. @throws IllegalStateException when it is closed */
    public synchronized int fd() {
        if (fd < 0) {
            throw new IllegalStateException("the process descriptor is closed");
        }
        return fd;
    }

    @Override
    public synchronized void close() {
        if (fd >= 0) {
            NativeSockets.close(fd);
            fd = -1;
        }
    }
}
