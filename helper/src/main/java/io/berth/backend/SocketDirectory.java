package io.berth.backend;

import io.berth.server.StateFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory of this helper's sockets: {@code berth/PID-N} in the runtime directory, 0700 from its first moment. A lock
 * that the kernel releases with the process tells which directories a crashed helper left; those are removed at start,
 * as far as they hold what a helper makes, after the things in their {@link StateFile} were undone. Owns the directory until
 * {@link #close}.
 *
 * <p>Helpers come and go one at a time, by the lock {@code berth/lock}. That empty file stays after the last one: a helper
 * that waits for the lock while the file is removed would get it on a file that no other one finds.
 */
public final class SocketDirectory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SocketDirectory.class);
    private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> PRIVATE_FILE = PosixFilePermissions.fromString("rw-------");
    private static final String LOCK = "lock";

    /** Undoes what a helper that was killed has left outside its directory. */
    public interface Undo {
        /**
         * @param entry of a thing that may never have been done, or be gone by now: that is no failure
         * @throws IOException when it is there and cannot be undone now; the next helper tries again
         */
        void undo(StateFile.Entry entry) throws IOException;
    }

    private final Path directory;
    private final FileChannel lock;

    private SocketDirectory(Path directory, FileChannel lock) {
        this.directory = directory;
        this.lock = lock;
    }

    /**
     * @param runtimeDirectory {@code XDG_RUNTIME_DIR}
     * @param undo             told what helpers that were killed have left, the last first
     * @throws IOException naming what is not as it must be
     */
    public static SocketDirectory open(Path runtimeDirectory, Undo undo) throws IOException {
        Path base = runtimeDirectory.resolve("berth");
        try {
            Files.createDirectory(base, PosixFilePermissions.asFileAttribute(PRIVATE));
        } catch (FileAlreadyExistsException e) {
            checkPrivate(base);
        }
        try (FileChannel all = openLock(base); FileLock held = all.lock()) {
            removeStale(base, undo);
            for (int n = 0; ; n++) {
                Path own = base.resolve(ProcessHandle.current().pid() + "-" + n);
                try {
                    Files.createDirectory(own, PosixFilePermissions.asFileAttribute(PRIVATE));
                } catch (FileAlreadyExistsException e) {
                    continue;
                }
                FileChannel lock = openLock(own);
                lock.lock();
                return new SocketDirectory(own, lock);
            }
        }
    }

    private static void checkPrivate(Path base) throws IOException {
        PosixFileAttributes found = Files.readAttributes(base, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        Object me = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        Object owner = Files.getAttribute(base, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        if (!found.isDirectory() || !owner.equals(me) || !found.permissions().equals(PRIVATE)) {
            throw new IOException(base + " is not a directory of user " + me + " with mode rwx------ (it belongs to " + owner
                    + ", mode " + PosixFilePermissions.toString(found.permissions()) + ")");
        }
    }

    private static FileChannel openLock(Path directory) throws IOException {
        return FileChannel.open(directory.resolve(LOCK), Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
                PosixFilePermissions.asFileAttribute(PRIVATE_FILE));
    }

    private static void removeStale(Path base, Undo undo) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(base)) {
            for (Path entry : entries) {
                if (entry.getFileName().toString().matches("[0-9]+-[0-9]+") && Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)
                        && Files.exists(entry.resolve(LOCK), LinkOption.NOFOLLOW_LINKS)) {
                    removeIfStale(entry, undo);
                }
            }
        }
    }

    private static void removeIfStale(Path entry, Undo undo) {
        try (FileChannel lock = openLock(entry); FileLock held = lock.tryLock()) {
            if (held != null) {
                LOG.info("removing {}, left by a helper that was killed", entry);
                List<StateFile.Entry> left = StateFile.read(entry);
                for (int i = left.size() - 1; i >= 0; i--) {
                    undo.undo(left.get(i));
                }
                removeContents(entry);
            }
        } catch (IOException e) {
            LOG.warn("{} stays: {}", entry, e.toString());
        }
    }

    /** Sockets by number, the state file and the lock; what else is there is somebody else's and keeps the directory. */
    private static void removeContents(Path directory) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "[0-9]*")) {
            for (Path entry : entries) {
                if (Files.readAttributes(entry, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS).isOther()) {
                    Files.delete(entry);
                }
            }
        }
        StateFile.delete(directory);
        Files.deleteIfExists(directory.resolve(LOCK));
        Files.delete(directory);
    }

    /** Where the socket of a server goes. */
    public Path socket(String serverId) {
        return directory.resolve(serverId);
    }

    public Path path() {
        return directory;
    }

    @Override
    public void close() throws IOException {
        // not while another one looks for stale directories: this one, half removed, would be taken for one
        try (FileChannel all = openLock(directory.getParent()); FileLock held = all.lock()) {
            removeContents(directory);
        } finally {
            lock.close();
        }
    }
}
