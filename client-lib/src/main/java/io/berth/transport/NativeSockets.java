package io.berth.transport;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.LastError;
import com.kenai.jffi.Library;
import com.kenai.jffi.MemoryIO;
import com.kenai.jffi.Type;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The few calls of the C library that the JDK does not offer for unix sockets, all arguments as 64-bit integers
 * (x86-64, aarch64). Every failure is an IOException with the text of strerror(3). Thread-safe; owns nothing.
 */
final class NativeSockets {
    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int O_CLOEXEC = 0x80000;
    private static final int SHUT_RDWR = 2;
    private static final int EINTR = 4;
    private static final int PIDFD_OPEN = 434;
    private static final int O_PATH = 0x200000;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int FIRST_OF_OURS = 3;
    static final int STANDARD_INPUT = 0;
    /** MSG_NOSIGNAL. */
    static final int NO_SIGNAL = 0x4000;
    /** sun_family and sun_path of sockaddr_un (unix(7)). */
    private static final int PATH_OFFSET = 2;
    private static final int PATH_LENGTH = 108;

    private static final MemoryIO MEMORY = MemoryIO.getInstance();
    private static final Invoker INVOKER = Invoker.getInstance();
    private static final CallContext NONE = context(0);
    private static final CallContext ONE = context(1);
    private static final CallContext TWO = context(2);
    private static final CallContext THREE = context(3);
    private static final CallContext FOUR = context(4);
    private static final long SOCKET = function("socket");
    private static final long CONNECT = function("connect");
    private static final long SOCKETPAIR = function("socketpair");
    private static final long OPEN = function("open");
    private static final long FCNTL = function("fcntl");
    private static final long DUP2 = function("dup2");
    private static final long RECVMSG = function("recvmsg");
    private static final long SENDMSG = function("sendmsg");
    private static final long PIPE2 = function("pipe2");
    private static final long SHUTDOWN = function("shutdown");
    private static final long CLOSE = function("close");
    private static final long GETEUID = function("geteuid");
    private static final long SYSCALL = function("syscall");
    private static final long STRERROR = function("strerror");

    private NativeSockets() {
    }

    private static CallContext context(int arguments) {
        Type[] types = new Type[arguments];
        Arrays.fill(types, Type.SINT64);
        return new CallContext(Type.SINT64, types, CallingConvention.DEFAULT, true);
    }

    private static long function(String name) {
        long address = Library.getDefault().getSymbolAddress(name);
        if (address == 0) {
            throw new UnsatisfiedLinkError("the C library has no function " + name);
        }
        return address;
    }

    /** @return a connected, blocking, close-on-exec fd that the caller owns */
    static int connect(BusLocation location) throws IOException {
        String complaint = "cannot connect to " + location;
        byte[] name = location.name().getBytes(StandardCharsets.UTF_8);
        int first = location.isAbstract() ? PATH_OFFSET + 1 : PATH_OFFSET;
        if (name.length == 0 || name.length >= PATH_LENGTH) {
            throw new IOException(complaint + ": a socket's name has 1 to " + (PATH_LENGTH - 1) + " bytes, this one " + name.length);
        }
        int fd = (int) INVOKER.invokeL3(THREE, SOCKET, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            throw failure("socket");
        }
        long address = MEMORY.allocateMemory(PATH_OFFSET + PATH_LENGTH, true);
        try {
            MEMORY.putShort(address, (short) AF_UNIX);
            MEMORY.putByteArray(address + first, name, 0, name.length);
            // an abstract name ends where the length says, a path at its NUL
            int length = first + name.length + (location.isAbstract() ? 0 : 1);
            while ((int) INVOKER.invokeL3(THREE, CONNECT, fd, address, length) < 0) {
                if (LastError.getInstance().get() != EINTR) {
                    IOException failure = failure(complaint);
                    close(fd);
                    throw failure;
                }
            }
        } finally {
            MEMORY.freeMemory(address);
        }
        return fd;
    }

    /** socketpair(2) of stream sockets, close-on-exec; the caller owns both. */
    static int[] socketPair() throws IOException {
        long ends = MEMORY.allocateMemory(8, true);
        try {
            if ((int) INVOKER.invokeL4(FOUR, SOCKETPAIR, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
                throw failure("socketpair");
            }
            return new int[] {MEMORY.getInt(ends), MEMORY.getInt(ends + 4)};
        } finally {
            MEMORY.freeMemory(ends);
        }
    }

    /** open(2) with O_PATH. @return a close-on-exec fd that the caller owns */
    static int openPath(Path file) throws IOException {
        byte[] name = file.toString().getBytes(StandardCharsets.UTF_8);
        long text = MEMORY.allocateMemory(name.length + 1L, true);
        try {
            MEMORY.putByteArray(text, name, 0, name.length);
            int fd = (int) INVOKER.invokeL2(TWO, OPEN, text, O_PATH | O_CLOEXEC);
            if (fd < 0) {
                throw failure("open " + file);
            }
            return fd;
        } finally {
            MEMORY.freeMemory(text);
        }
    }

    /** fcntl(2) with F_DUPFD_CLOEXEC. @return none of the standard streams; the caller owns it */
    static int duplicate(int fd) throws IOException {
        int copy = (int) INVOKER.invokeL3(THREE, FCNTL, fd, F_DUPFD_CLOEXEC, FIRST_OF_OURS);
        if (copy < 0) {
            throw failure("fcntl F_DUPFD_CLOEXEC " + fd);
        }
        return copy;
    }

    /** dup2(2): {@code target} is inherited by programs that are started. */
    static void duplicateTo(int fd, int target) throws IOException {
        if ((int) INVOKER.invokeL2(TWO, DUP2, fd, target) < 0) {
            throw failure("dup2 " + fd + " " + target);
        }
    }

    /** recvmsg(2), repeated when a signal interrupts it. @param messageHeader address of a msghdr */
    static int receive(int fd, long messageHeader, int flags) throws IOException {
        return transfer(RECVMSG, "recvmsg", fd, messageHeader, flags);
    }

    /** sendmsg(2), repeated when a signal interrupts it. @param messageHeader address of a msghdr */
    static int send(int fd, long messageHeader, int flags) throws IOException {
        return transfer(SENDMSG, "sendmsg", fd, messageHeader, flags);
    }

    private static int transfer(long function, String name, int fd, long header, int flags) throws IOException {
        while (true) {
            int count = (int) INVOKER.invokeL3(THREE, function, fd, header, flags);
            if (count >= 0) {
                return count;
            }
            if (LastError.getInstance().get() != EINTR) {
                throw failure(name);
            }
        }
    }

    /** pipe2(2). @return read end and write end, close-on-exec; the caller owns both */
    static int[] pipe() throws IOException {
        long ends = MEMORY.allocateMemory(8, true);
        try {
            if ((int) INVOKER.invokeL2(TWO, PIPE2, ends, O_CLOEXEC) < 0) {
                throw failure("pipe2");
            }
            return new int[] {MEMORY.getInt(ends), MEMORY.getInt(ends + 4)};
        } finally {
            MEMORY.freeMemory(ends);
        }
    }

    /** pidfd_open(2), of Linux 5.3 and later. @return a close-on-exec fd that the caller owns */
    static int openProcess(long pid) throws IOException {
        int fd = (int) INVOKER.invokeL3(THREE, SYSCALL, PIDFD_OPEN, pid, 0);
        if (fd < 0) {
            throw failure("pidfd_open of process " + pid);
        }
        return fd;
    }

    /** Wakes every thread that reads or writes there. */
    static void shutdown(int fd) {
        INVOKER.invokeL2(TWO, SHUTDOWN, fd, SHUT_RDWR);
    }

    /** Never fails: on Linux the fd is gone whatever close(2) returns. */
    static void close(int fd) {
        INVOKER.invokeL1(ONE, CLOSE, fd);
    }

    static long userId() {
        return INVOKER.invokeL0(NONE, GETEUID) & 0xffffffffL;
    }

    private static IOException failure(String what) {
        int errno = LastError.getInstance().get();
        long text = INVOKER.invokeL1(ONE, STRERROR, errno);
        return new IOException(what + ": " + new String(MEMORY.getZeroTerminatedByteArray(text), StandardCharsets.UTF_8));
    }
}
