package io.berth.kernel.linux;

import io.berth.kernel.ServiceNotifier;
import java.nio.charset.StandardCharsets;

/**
 * The datagram socket that systemd names in NOTIFY_SOCKET: a path, or an abstract name that begins with {@code @}. One
 * socket per message, because there are few. Thread-safe; keeps nothing open.
 */
public final class NotifySocket implements ServiceNotifier {
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int MSG_NOSIGNAL = 0x4000;
    /** sun_family and sun_path of sockaddr_un (unix(7)). */
    private static final int PATH_OFFSET = 2;
    private static final int LONGEST_PATH = 107;

    private final Libc libc = new Libc();
    private final String name;

    private NotifySocket(String name) {
        this.name = name;
    }

    /** @param name value of NOTIFY_SOCKET; null or empty, and then nobody is told, when there is none */
    public static ServiceNotifier of(String name) {
        return name == null || name.isEmpty() ? NONE : new NotifySocket(name);
    }

    @Override
    public void tell(String assignments) {
        byte[] path = name.getBytes(StandardCharsets.UTF_8);
        byte[] text = assignments.getBytes(StandardCharsets.UTF_8);
        boolean isAbstract = path[0] == '@';
        if (path.length > LONGEST_PATH) {
            throw libc.failure("NOTIFY_SOCKET " + name, Libc.EINVAL);
        }
        int fd = libc.call(libc.function("socket"), AF_UNIX, SOCK_DGRAM | LinuxKernel.CLOEXEC, 0);
        if (fd < 0) {
            throw libc.failure("socket");
        }
        try (Scratch address = new Scratch(libc, PATH_OFFSET + LONGEST_PATH + 1); Scratch message = new Scratch(libc, text.length)) {
            if (isAbstract) {
                path[0] = 0;
            }
            address.putShort(0, AF_UNIX);
            address.putBytes(PATH_OFFSET, path);
            message.putBytes(0, text);
            int length = PATH_OFFSET + path.length + (isAbstract ? 0 : 1);
            if (libc.call(libc.function("connect"), fd, address.address(), length) < 0) {
                throw libc.failure("connect to NOTIFY_SOCKET " + name);
            }
            if (libc.call(libc.function("send"), fd, message.address(), text.length, MSG_NOSIGNAL) < 0) {
                throw libc.failure("send to NOTIFY_SOCKET " + name);
            }
        } finally {
            libc.call(libc.function("close"), fd);
        }
    }
}
