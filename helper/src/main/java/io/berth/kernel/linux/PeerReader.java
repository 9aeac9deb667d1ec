package io.berth.kernel.linux;

import io.berth.kernel.PeerCredentials;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Asks the kernel who is at the other end of a unix socket (unix(7), socket(7)). Keeps nothing; thread-safe. */
final class PeerReader {
    private static final int SOL_SOCKET = 1;
    private static final int SO_PEERCRED = 17;
    private static final int SO_PEERSEC = 31;
    private static final int SO_PEERGROUPS = 59;
    private static final int SO_PEERPIDFD = 77;
    private static final int LENGTH = 0;
    private static final int VALUE = 8;

    private final Libc libc;
    private final long getsockopt;

    PeerReader(Libc libc) {
        this.libc = libc;
        getsockopt = libc.function("getsockopt");
    }

    PeerCredentials read(int fd) {
        try (Scratch memory = new Scratch(libc, VALUE + 12)) {
            int errno = ask(fd, SO_PEERCRED, memory, 12);
            if (errno != 0) {
                throw libc.failure("getsockopt SO_PEERCRED fd " + fd, errno);
            }
            int[] groups = groups(fd);
            byte[] label = label(fd);
            return new PeerCredentials(memory.getInt(VALUE + 4), memory.getInt(VALUE + 8), memory.getInt(VALUE), groups, label,
                    pidFd(fd));
        }
    }

    private int[] groups(int fd) {
        byte[] bytes = variable(fd, SO_PEERGROUPS, "SO_PEERGROUPS", 64 * Integer.BYTES);
        int[] groups = new int[bytes.length / Integer.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asIntBuffer().get(groups);
        return groups;
    }

    private byte[] label(int fd) {
        byte[] bytes = variable(fd, SO_PEERSEC, "SO_PEERSEC", 256);
        int length = bytes.length;
        while (length > 0 && bytes[length - 1] == 0) {
            length--;
        }
        return Arrays.copyOf(bytes, length);
    }

    /** A value of any length; nothing when this kernel or this socket has none. */
    private byte[] variable(int fd, int option, String name, int guess) {
        int capacity = guess;
        while (true) {
            try (Scratch memory = new Scratch(libc, VALUE + capacity)) {
                int errno = ask(fd, option, memory, capacity);
                switch (errno) {
                    case 0:
                        return memory.getBytes(VALUE, memory.getInt(LENGTH));
                    case Libc.ERANGE:
                        capacity = Math.max(capacity * 2, memory.getInt(LENGTH));
                        break;
                    case Libc.ENOPROTOOPT:
                    case Libc.ENODATA:
                        return new byte[0];
                    default:
                        throw libc.failure("getsockopt " + name + " fd " + fd, errno);
                }
            }
        }
    }

    /** @return -1 before Linux 6.5, and where the process is gone already so that its pid means nothing */
    private int pidFd(int fd) {
        try (Scratch memory = new Scratch(libc, VALUE + Integer.BYTES)) {
            int errno = ask(fd, SO_PEERPIDFD, memory, Integer.BYTES);
            switch (errno) {
                case 0:
                    return memory.getInt(VALUE);
                case Libc.ENOPROTOOPT:
                case Libc.ENODATA:
                case Libc.ESRCH:
                case Libc.EINVAL:
                    return -1;
                default:
                    throw libc.failure("getsockopt SO_PEERPIDFD fd " + fd, errno);
            }
        }
    }

    /** @return 0 or an error number; the length that the kernel wrote is at LENGTH */
    private int ask(int fd, int option, Scratch memory, int capacity) {
        memory.putInt(LENGTH, capacity);
        int result = libc.call(getsockopt, fd, SOL_SOCKET, option, memory.address(VALUE), memory.address(LENGTH));
        return result < 0 ? libc.errno() : 0;
    }
}
