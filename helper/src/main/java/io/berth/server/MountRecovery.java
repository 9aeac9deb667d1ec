package io.berth.server;

import io.berth.kernel.Kernel;
import io.berth.kernel.MountException;
import io.berth.kernel.MountNamespaces;
import io.berth.kernel.NamespaceId;
import io.berth.kernel.SocketMount;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Undoes the mounts of a helper that was killed. A namespace is found by its file or by a process in it; if neither is there,
 * it is gone and the mount with it. What is unmounted is the socket that was mounted and nothing else, so that a namespace
 * that got the number of another by chance is safe.
 */
public final class MountRecovery {
    private final MountNamespaces namespaces;
    private final Kernel kernel;

    public MountRecovery(MountNamespaces namespaces, Kernel kernel) {
        this.namespaces = namespaces;
        this.kernel = kernel;
    }

    /**
     * Waits for file systems.
     *
     * @param entry of kind {@link MountEntry#KIND}
     * @throws IOException when it is there and cannot be undone
     */
    public void undo(StateFile.Entry entry) throws IOException {
        int fd = -1;
        try {
            MountEntry mount = MountEntry.of(entry);
            Optional<SocketMount> made = mount.made() == null ? namespaces.read(mount.record()) : Optional.of(mount.made());
            fd = made.isEmpty() ? -1 : open(mount);
            if (fd >= 0) {
                namespaces.unmount(fd, mount.target(), made.get());
            }
        } catch (MountException | IllegalArgumentException failure) {
            throw new IOException(failure.getMessage(), failure);
        } finally {
            if (fd >= 0) {
                kernel.close(fd);
            }
        }
    }

    /** @return -1 when it is gone */
    private int open(MountEntry mount) {
        int byFile = mount.file().isEmpty() ? -1 : openFile(Path.of(mount.file()), mount.namespace());
        return byFile >= 0 ? byFile : openProcess(mount.namespace());
    }

    private int openFile(Path file, NamespaceId wanted) {
        int fd = -1;
        try {
            fd = namespaces.open(file);
            if (namespaces.identify(fd).equals(wanted)) {
                return fd;
            }
        } catch (MountException notThere) {
            // nothing keeps it there any more
        }
        if (fd >= 0) {
            kernel.close(fd);
        }
        return -1;
    }

    private int openProcess(NamespaceId wanted) {
        OptionalInt process = namespaces.findProcess(wanted);
        if (process.isEmpty()) {
            return -1;
        }
        try {
            return namespaces.open(process.getAsInt());
        } catch (MountException endedMeanwhile) {
            return -1;
        } finally {
            kernel.close(process.getAsInt());
        }
    }
}
