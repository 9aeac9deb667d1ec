package io.berth.kernel.linux;

import io.berth.kernel.Journal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The native protocol of systemd-journald (systemd.io, "Native Journal Protocol"): one datagram per entry, each field as
 * {@code NAME=value} on a line or, when the value has control characters, with its length before it. An entry that is too
 * large for a datagram is not taken. One socket per entry, because there are few; thread-safe; keeps nothing open.
 */
public final class JournalSocket implements Journal {
    /** Where systemd-journald listens (systemd-journald.service(8)). */
    public static final String PATH = "/run/systemd/journal/socket";
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    /** sun_family and sun_path of sockaddr_un (unix(7)). */
    private static final int PATH_OFFSET = 2;

    private final Libc libc = new Libc();
    private final byte[] path;
    private final boolean standardError;

    /**
     * @param path   of the socket, at most 107 bytes
     * @param stream value of JOURNAL_STREAM, by which the service manager tells that it has connected standard error to the
     *               journal: {@code DEVICE:INODE} (systemd.exec(5)); null for none
     */
    public JournalSocket(String path, String stream) {
        this.path = path.getBytes(StandardCharsets.UTF_8);
        this.standardError = stream != null && stream.equals(fileOfStandardError());
    }

    private static String fileOfStandardError() {
        try {
            Map<String, Object> file = Files.readAttributes(Path.of("/proc/self/fd/2"), "unix:dev,ino");
            return file.get("dev") + ":" + file.get("ino");
        } catch (IOException closed) {
            return "";
        }
    }

    @Override
    public boolean isStandardError() {
        return standardError;
    }

    @Override
    public boolean write(Map<String, String> fields) {
        byte[] entry = encode(fields);
        int fd = libc.call(libc.function("socket"), AF_UNIX, SOCK_DGRAM | LinuxKernel.CLOEXEC, 0);
        if (fd < 0) {
            return false;
        }
        try (Scratch address = new Scratch(libc, PATH_OFFSET + path.length + 1); Scratch message = new Scratch(libc, entry.length)) {
            address.putShort(0, AF_UNIX);
            address.putBytes(PATH_OFFSET, path);
            message.putBytes(0, entry);
            return libc.call(libc.function("sendto"), fd, message.address(), entry.length, MSG_DONTWAIT | MSG_NOSIGNAL,
                    address.address(), PATH_OFFSET + path.length + 1) == entry.length;
        } finally {
            libc.call(libc.function("close"), fd);
        }
    }

    private static byte[] encode(Map<String, String> fields) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        fields.forEach((name, value) -> {
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            out.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
            if (value.chars().anyMatch(c -> c < ' ')) {
                out.write('\n');
                out.writeBytes(ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(bytes.length).array());
            } else {
                out.write('=');
            }
            out.writeBytes(bytes);
            out.write('\n');
        });
        return out.toByteArray();
    }
}
