package io.berth.server;

import io.berth.kernel.NamespaceId;
import io.berth.kernel.SocketMount;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A mount as the {@link StateFile} keeps it.
 *
 * @param namespace where it is
 * @param file      that keeps the namespace; empty when there is none
 * @param target    path inside
 * @param record    where what is there can be read while {@code made} is not known
 * @param made      what is there; null while that is not known
 */
public record MountEntry(NamespaceId namespace, String file, String target, Path record, SocketMount made) {
    public static final String KIND = "mount";
    /** Numbers of fields. */
    private static final int BEFORE = 5;
    private static final int ALL = 11;

    StateFile.Entry toEntry() {
        List<String> fields = new ArrayList<>(List.of(text(namespace.device()), text(namespace.inode()), file, target, record.toString()));
        if (made != null) {
            fields.addAll(List.of(text(made.mountId()), text(made.socketDevice()), text(made.socketInode()), text(made.madeDevice()),
                    text(made.madeInode()), text(made.coverId())));
        }
        return new StateFile.Entry(KIND, fields);
    }

    private static String text(long number) {
        return Long.toString(number);
    }

    /** @throws IllegalArgumentException when no helper wrote it */
    static MountEntry of(StateFile.Entry entry) {
        List<String> fields = entry.fields();
        if (!entry.kind().equals(KIND) || fields.size() != BEFORE && fields.size() != ALL) {
            throw new IllegalArgumentException(entry + " is not a mount");
        }
        return new MountEntry(new NamespaceId(number(fields, 0), number(fields, 1)), fields.get(2), fields.get(3), Path.of(fields.get(4)),
                fields.size() == BEFORE ? null : new SocketMount(number(fields, 5), number(fields, 6), number(fields, 7), number(fields, 8),
                number(fields, 9), number(fields, 10)));
    }

    private static long number(List<String> fields, int index) {
        return Long.parseLong(fields.get(index));
    }
}
