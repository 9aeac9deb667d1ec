package io.berth.kernel.linux;

import io.berth.kernel.FdQueue;
import io.berth.kernel.NativeBuffer;
import io.berth.kernel.PeerCredentials;
import io.berth.kernel.Sockets;
import io.berth.kernel.UnixAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Unix stream sockets. {@link #receive} and {@link #send} reuse one message header each, and so belong to one thread; the
 * other methods may be called from any. Owns only memory: every fd goes to the caller. What a peer's credentials are is
 * {@link PeerReader}'s job.
 */
final class LinuxSockets implements Sockets {
    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int STREAM = SOCK_STREAM | LinuxKernel.NONBLOCK | LinuxKernel.CLOEXEC;

    private static final int MSG_CTRUNC = 0x8;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int SCM_CREDENTIALS = 2;
    private static final int SO_PASSCRED = 16;
    private static final int SCM_PIDFD = 4;

    /** struct msghdr, recvmsg(2): name, namelen, iov, iovlen, control, controllen, flags; behind it our one struct iovec. */
    private static final int IOV = 16;
    private static final int IOV_LENGTH = 24;
    private static final int CONTROL = 32;
    private static final int CONTROL_LENGTH = 40;
    private static final int FLAGS = 48;
    private static final int IOVEC_BASE = 56;
    private static final int IOVEC_LENGTH = 64;
    private static final int CONTROL_START = 72;
    /** struct cmsghdr, cmsg(3): len, level, type; then the data. */
    private static final int CMSG_HEADER = 16;
    /** Room for what a socket that was handed to us may be set to bring along: SO_PASSCRED, SO_PASSSEC, SO_PASSPIDFD. */
    private static final int OTHER_CONTROL = 512;
    /** sockaddr_un: two bytes of family, then at most 108 bytes. */
    private static final int ADDRESS_SIZE = 110;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int LONGEST_NAME = 107;

    private final Libc libc;
    private final LinuxKernel kernel;
    private final PeerReader peers;
    private final BoundAddress bound;
    private final long recvmsg;
    private final long sendmsg;
    private final long send;
    private final long accept4;
    private final NativeBuffer receiveMemory;
    private final ByteBuffer receiveHeader;
    private final NativeBuffer sendMemory;
    private final ByteBuffer sendHeader;
    private int sender;

    /** @param fdRoom how many fds one message may bring; {@link Sockets#MAX_FDS} is all that the kernel lets through */
    LinuxSockets(Libc libc, LinuxKernel kernel, int fdRoom) {
        this.libc = libc;
        this.kernel = kernel;
        peers = new PeerReader(libc);
        bound = new BoundAddress(libc);
        recvmsg = libc.function("recvmsg");
        sendmsg = libc.function("sendmsg");
        send = libc.function("send");
        accept4 = libc.function("accept4");
        receiveMemory = messageHeader(controlSpace(fdRoom) + (fdRoom == MAX_FDS ? OTHER_CONTROL : 0));
        receiveHeader = receiveMemory.bytes();
        sendMemory = messageHeader(controlSpace(MAX_FDS));
        sendHeader = sendMemory.bytes();
    }

    private NativeBuffer messageHeader(int controlCapacity) {
        NativeBuffer memory = kernel.allocate(CONTROL_START + controlCapacity);
        memory.bytes().putLong(IOV, memory.address() + IOVEC_BASE)
                .putLong(IOV_LENGTH, 1)
                .putLong(CONTROL, memory.address() + CONTROL_START);
        return memory;
    }

    /** CMSG_SPACE of that many fds. */
    private static int controlSpace(int fds) {
        return CMSG_HEADER + align(fds * Integer.BYTES);
    }

    private static int align(int size) {
        return (size + 7) & ~7;
    }

    @Override
    public int receive(int fd, long address, int length, FdQueue arrived) {
        if (length < 1) {
            throw new IllegalArgumentException("cannot receive " + length + " bytes: expected 1 or more");
        }
        receiveHeader.putLong(IOVEC_BASE, address)
                .putLong(IOVEC_LENGTH, length)
                .putLong(CONTROL_LENGTH, arrived == null ? 0 : receiveMemory.capacity() - CONTROL_START);
        sender = 0;
        int received;
        while ((received = libc.call(recvmsg, fd, receiveMemory.address(), MSG_DONTWAIT | MSG_CMSG_CLOEXEC)) < 0) {
            int errno = libc.errno();
            if (errno != Libc.EINTR) {
                return outcome("recvmsg", fd, errno);
            }
        }
        if (arrived == null) {
            return received;
        }
        int controlLength = (int) receiveHeader.getLong(CONTROL_LENGTH);
        if (controlLength >= CMSG_HEADER) {
            takeFds(CONTROL_START + controlLength, arrived);
        }
        return (receiveHeader.getInt(FLAGS) & MSG_CTRUNC) == 0 ? received : CLOSED;
    }

    private void takeFds(int end, FdQueue arrived) {
        int position = CONTROL_START;
        while (position + CMSG_HEADER <= end) {
            int length = (int) receiveHeader.getLong(position);
            if (length < CMSG_HEADER || length > end - position) {
                return;
            }
            boolean ofSocket = receiveHeader.getInt(position + 8) == SOL_SOCKET;
            int type = receiveHeader.getInt(position + 12);
            int dataEnd = position + length;
            for (int data = position + CMSG_HEADER; data + Integer.BYTES <= dataEnd; data += Integer.BYTES) {
                if (ofSocket && type == SCM_RIGHTS) {
                    arrived.add(receiveHeader.getInt(data));
                } else if (ofSocket && type == SCM_PIDFD) {
                    kernel.close(receiveHeader.getInt(data));
                }
            }
            if (ofSocket && type == SCM_CREDENTIALS) {
                sender = receiveHeader.getInt(position + CMSG_HEADER); // struct ucred begins with the pid
            }
            position += align(length);
        }
    }

    @Override
    public int send(int fd, long address, int length, int[] fds, int count) {
        if (length < 1 || count < 0 || count > MAX_FDS) {
            throw new IllegalArgumentException("cannot send " + length + " bytes and " + count
                    + " fds: expected 1 or more bytes and 0 to " + MAX_FDS + " fds");
        }
        if (count > 0) {
            prepareFds(address, length, fds, count);
        }
        int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
        int sent;
        while ((sent = count == 0
                ? libc.call(send, fd, address, length, flags)
                : libc.call(sendmsg, fd, sendMemory.address(), flags)) < 0) {
            int errno = libc.errno();
            if (errno != Libc.EINTR) {
                return outcome("sendmsg", fd, errno);
            }
        }
        return sent;
    }

    private void prepareFds(long address, int length, int[] fds, int count) {
        sendHeader.putLong(IOVEC_BASE, address)
                .putLong(IOVEC_LENGTH, length)
                .putLong(CONTROL_LENGTH, controlSpace(count))
                .putLong(CONTROL_START, CMSG_HEADER + count * Integer.BYTES)
                .putInt(CONTROL_START + 8, SOL_SOCKET)
                .putInt(CONTROL_START + 12, SCM_RIGHTS);
        for (int i = 0; i < count; i++) {
            sendHeader.putInt(CONTROL_START + CMSG_HEADER + i * Integer.BYTES, fds[i]);
        }
    }

    private int outcome(String call, int fd, int errno) {
        switch (errno) {
            case Libc.EAGAIN:
                return WOULD_BLOCK;
            case Libc.ETOOMANYREFS:
                return TOO_MANY_FDS;
            case Libc.ECONNRESET:
            case Libc.EPIPE:
            case Libc.ENOTCONN:
                return CLOSED;
            default:
                throw libc.failure(call + " fd " + fd, errno);
        }
    }

    @Override
    public int listen(Path path, int backlog) {
        UnixAddress address = new UnixAddress(path.toString(), false);
        byte[] name = nameOf(address);
        int fd = openSocket();
        try (Scratch memory = new Scratch(libc, ADDRESS_SIZE)) {
            // Linux gives the new file the mode of the socket's own inode, less the umask: no moment in which it is wider.
            if (libc.call(libc.function("fchmod"), fd, 0600) < 0) {
                throw libc.failure("fchmod of the socket for " + address);
            }
            if (libc.call(libc.function("bind"), fd, memory.address(), fill(memory, address, name)) < 0) {
                throw libc.failure("bind " + address);
            }
            if (libc.call(libc.function("listen"), fd, backlog) < 0) {
                throw libc.failure("listen " + address);
            }
            return fd;
        } catch (RuntimeException failure) {
            kernel.close(fd);
            throw failure;
        }
    }

    @Override
    public UnixAddress adopt(int fd, int backlog) {
        UnixAddress address = bound.read(fd);
        if (libc.call(libc.function("listen"), fd, backlog) < 0) {
            throw libc.failure("listen " + address);
        }
        int flags = libc.call(libc.function("fcntl"), fd, F_GETFL, 0);
        if (flags < 0 || libc.call(libc.function("fcntl"), fd, F_SETFL, flags | LinuxKernel.NONBLOCK) < 0) {
            throw libc.failure("fcntl of the socket " + address);
        }
        return address;
    }

    @Override
    public void checkConnected(int fd) {
        bound.checkConnected(fd);
    }

    @Override
    public void passCredentials(int fd) {
        try (Scratch on = new Scratch(libc, Integer.BYTES)) {
            on.putInt(0, 1);
            if (libc.call(libc.function("setsockopt"), fd, SOL_SOCKET, SO_PASSCRED, on.address(), Integer.BYTES) < 0) {
                throw libc.failure("setsockopt SO_PASSCRED fd " + fd);
            }
        }
    }

    @Override
    public int lastSender() {
        return sender;
    }

    @Override
    public int accept(int listenFd) {
        int fd = libc.call(accept4, listenFd, 0, 0, LinuxKernel.NONBLOCK | LinuxKernel.CLOEXEC);
        if (fd >= 0) {
            return fd;
        }
        int errno = libc.errno();
        if (errno == Libc.EAGAIN || errno == Libc.ECONNABORTED || errno == Libc.EINTR) {
            return WOULD_BLOCK;
        }
        if (errno == Libc.EINVAL) {
            return CLOSED;
        }
        throw libc.failure("accept fd " + listenFd, errno);
    }

    @Override
    public int connect(UnixAddress address) {
        byte[] name = nameOf(address);
        int fd = openSocket();
        try (Scratch memory = new Scratch(libc, ADDRESS_SIZE)) {
            int length = fill(memory, address, name);
            while (libc.call(libc.function("connect"), fd, memory.address(), length) < 0) {
                int errno = libc.errno();
                if (errno == Libc.EAGAIN) {
                    kernel.close(fd);
                    return WOULD_BLOCK;
                }
                if (errno != Libc.EINTR) {
                    throw libc.failure("connect " + address, errno);
                }
            }
            return fd;
        } catch (RuntimeException failure) {
            kernel.close(fd);
            throw failure;
        }
    }

    private int openSocket() {
        int fd = libc.call(libc.function("socket"), AF_UNIX, STREAM, 0);
        if (fd < 0) {
            throw libc.failure("socket");
        }
        return fd;
    }

    private static byte[] nameOf(UnixAddress address) {
        byte[] name = address.name().getBytes(StandardCharsets.UTF_8);
        if (name.length < 1 || name.length > LONGEST_NAME) {
            throw new IllegalArgumentException("socket address " + address + " has " + name.length
                    + " bytes: expected 1 to " + LONGEST_NAME);
        }
        if (!address.isAbstract() && address.name().indexOf('\0') >= 0) {
            throw new IllegalArgumentException("socket path " + address + " contains a NUL");
        }
        return name;
    }

    /** @return the length of the sockaddr_un; a path counts its ending NUL, an abstract name its leading one */
    private static int fill(Scratch memory, UnixAddress address, byte[] name) {
        memory.putShort(0, AF_UNIX);
        memory.putBytes(address.isAbstract() ? 3 : 2, name);
        return 2 + name.length + 1;
    }

    @Override
    public PeerCredentials peerCredentials(int fd) {
        return peers.read(fd);
    }

    @Override
    public int[] pair() {
        try (Scratch fds = new Scratch(libc, 8)) {
            if (libc.call(libc.function("socketpair"), AF_UNIX, STREAM, 0, fds.address()) < 0) {
                throw libc.failure("socketpair");
            }
            return new int[] {fds.getInt(0), fds.getInt(4)};
        }
    }
}
