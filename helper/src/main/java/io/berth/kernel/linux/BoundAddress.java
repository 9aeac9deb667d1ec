package io.berth.kernel.linux;

import io.berth.kernel.UnixAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Asks how a socket of somebody else's is bound, and whether it can be listened on or is connected (unix(7)). Keeps nothing; thread-safe. */
final class BoundAddress {
    private static final int SOL_SOCKET = 1;
    private static final int SO_TYPE = 3;
    private static final int SO_DOMAIN = 39;
    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int ADDRESS_ROOM = 128;
    private static final int FAMILY_LENGTH = 2;
    private static final String TO_LISTEN = "a unix stream socket that is bound to an absolute path or an abstract name and not connected";

    private final Libc libc;

    BoundAddress(Libc libc) {
        this.libc = libc;
    }

    /** @throws IllegalArgumentException saying what the fd is instead of a bound unix stream socket that is not connected */
    UnixAddress read(int fd) {
        checkUnixStream(fd, TO_LISTEN);
        try (Scratch memory = new Scratch(libc, ADDRESS_ROOM + 4)) {
            if (name(fd, "getpeername", memory) >= 0) {
                throw refusal("a connected socket");
            }
            int length = name(fd, "getsockname", memory);
            if (length < 0) {
                throw libc.failure("getsockname fd " + fd);
            }
            if (length <= FAMILY_LENGTH) {
                throw refusal("a socket without an address");
            }
            return address(memory.getBytes(FAMILY_LENGTH, length - FAMILY_LENGTH));
        }
    }

    /** @throws IllegalArgumentException saying what the fd is instead of a connected unix stream socket */
    void checkConnected(int fd) {
        String expected = "a connected unix stream socket";
        checkUnixStream(fd, expected);
        try (Scratch memory = new Scratch(libc, ADDRESS_ROOM + 4)) {
            if (name(fd, "getpeername", memory) < 0) {
                throw refusal("a socket that is not connected", expected);
            }
        }
    }

    private void checkUnixStream(int fd, String expected) {
        int domain = option(fd, SO_DOMAIN);
        if (domain < 0) {
            throw refusal("no socket", expected);
        }
        if (domain != AF_UNIX) {
            throw refusal("a socket of address family " + domain, expected);
        }
        int type = option(fd, SO_TYPE);
        if (type != SOCK_STREAM) {
            throw refusal("a unix socket of type " + type, expected);
        }
    }

    /** A path ends at its first NUL, if it has one; an abstract name begins with a NUL and has every byte of the length. */
    private static UnixAddress address(byte[] name) {
        boolean isAbstract = name[0] == 0;
        int start = isAbstract ? 1 : 0;
        int end = start;
        while (end < name.length && (isAbstract || name[end] != 0)) {
            end++;
        }
        String text = decode(name, start, end - start);
        if (!isAbstract && !text.startsWith("/")) {
            throw refusal("bound to the relative path '" + text + "'");
        }
        return new UnixAddress(text, isAbstract);
    }

    private static String decode(byte[] name, int start, int length) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(name, start, length)).toString();
        } catch (CharacterCodingException malformed) {
            throw refusal("bound to a name that is not UTF-8");
        }
    }

    /** @return -1 for what is no socket */
    private int option(int fd, int option) {
        try (Scratch memory = new Scratch(libc, 8)) {
            memory.putInt(4, 4);
            int result = libc.call(libc.function("getsockopt"), fd, SOL_SOCKET, option, memory.address(), memory.address(4));
            return result < 0 ? -1 : memory.getInt(0);
        }
    }

    /** @return the length of the address in {@code memory}, -1 when there is none */
    private int name(int fd, String call, Scratch memory) {
        memory.putInt(ADDRESS_ROOM, ADDRESS_ROOM);
        int result = libc.call(libc.function(call), fd, memory.address(), memory.address(ADDRESS_ROOM));
        return result < 0 ? -1 : memory.getInt(ADDRESS_ROOM);
    }

    private static IllegalArgumentException refusal(String what) {
        return refusal(what, TO_LISTEN);
    }

    private static IllegalArgumentException refusal(String what, String expected) {
        return new IllegalArgumentException("the file descriptor is " + what + ", expected " + expected);
    }
}
