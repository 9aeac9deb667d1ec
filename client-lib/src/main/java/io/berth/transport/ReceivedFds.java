package io.berth.transport;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.freedesktop.dbus.FileDescriptor;

/**
 * File descriptors that arrived in messages and belong to nobody yet. dbus-java hands them out as bare numbers and never
 * closes one; here each is owned until it is taken, and closed when it is released, or when the garbage collector finds
 * that nobody can take it any more (noticed when the next one arrives). Thread-safe.
 */
public final class ReceivedFds {
    private static final Map<Integer, Untaken> UNTAKEN = new ConcurrentHashMap<>();
    private static final ReferenceQueue<FileDescriptor> FORGOTTEN = new ReferenceQueue<>();

    private ReceivedFds() {
    }

    /**
     * Makes an fd one that has been received, so that it is closed when it is released, as one to be sent is after sending.
     *
     * @param fd owned from now on by what is returned, until it is taken
     */
    public static FileDescriptor own(int fd) {
        FileDescriptor descriptor = new FileDescriptor(fd);
        UNTAKEN.put(fd, new Untaken(descriptor, fd));
        closeForgotten();
        return descriptor;
    }

    /**
     * Takes a received file descriptor out of the message it came in.
     *
     * @return the number, which the caller closes
     * @throws IllegalStateException when it was taken or released before, or never received
     */
    public static int take(FileDescriptor descriptor) {
        Untaken untaken = UNTAKEN.get(descriptor.getIntFileDescriptor());
        if (untaken == null || !untaken.refersTo(descriptor) || !UNTAKEN.remove(untaken.fd, untaken)) {
            throw new IllegalStateException(descriptor + " is not a received file descriptor that may still be taken");
        }
        return untaken.fd;
    }

    /** Closes those of them that nobody has taken; the others are left alone. */
    public static void release(Collection<FileDescriptor> descriptors) {
        for (FileDescriptor descriptor : descriptors) {
            Untaken untaken = UNTAKEN.get(descriptor.getIntFileDescriptor());
            if (untaken != null && untaken.refersTo(descriptor)) {
                untaken.closeOnce();
            }
        }
    }

    private static void closeForgotten() {
        for (Object next = FORGOTTEN.poll(); next != null; next = FORGOTTEN.poll()) {
            ((Untaken) next).closeOnce();
        }
    }

    private static final class Untaken extends PhantomReference<FileDescriptor> {
        private final int fd;

        private Untaken(FileDescriptor descriptor, int fd) {
            super(descriptor, FORGOTTEN);
            this.fd = fd;
        }

        private void closeOnce() {
            if (UNTAKEN.remove(fd, this)) {
                NativeSockets.close(fd);
            }
        }
    }
}
