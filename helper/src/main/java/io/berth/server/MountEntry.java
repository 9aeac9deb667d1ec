package io.berth.server;

import io.berth.kernel.NamespaceId;
import io.berth.kernel.SocketMount;
import java.util.List;

/**
 * A mount as the {@link StateFile} keeps it.
 *
 * @param namespace where it is
 * @param file      that keeps the namespace; empty when there is none
 * @param target    path inside
 * @param made      what is there; with {@code mountId} 0 before that is known
 */
public record MountEntry(NamespaceId namespace, String file, String target, SocketMount made) {
    public static final String KIND = "mount";

    StateFile.Entry toEntry() {
        return new StateFile.Entry(KIND, text(namespace.device()), text(namespace.inode()), file, target, text(made.mountId()),
                text(made.socketDevice()), text(made.socketInode()), text(made.madeDevice()), text(made.madeInode()), text(made.coverId()));
    }

    private static String text(long number) {
        return Long.toString(number);
    }

    /** @throws IllegalArgumentException when no helper wrote it */
    static MountEntry of(StateFile.Entry entry) {
        List<String> fields = entry.fields();
        if (!entry.kind().equals(KIND) || fields.size() != 10) {
            throw new IllegalArgumentException(entry + " is not a mount");
        }
        return new MountEntry(new NamespaceId(number(fields, 0), number(fields, 1)), fields.get(2), fields.get(3),
                new SocketMount(number(fields, 4), number(fields, 5), number(fields, 6), number(fields, 7), number(fields, 8), number(fields, 9)));
    }

    private static long number(List<String> fields, int index) {
        return Long.parseLong(fields.get(index));
    }
}
