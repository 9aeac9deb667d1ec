package io.berth.kernel.linux;

import io.berth.kernel.KernelException;
import io.berth.kernel.MountException;
import io.berth.kernel.MountException.Kind;
import io.berth.kernel.MountNamespaces;
import io.berth.kernel.NamespaceId;
import io.berth.kernel.SocketMount;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds namespaces by system calls and /proc; mounting is berth-mount's (a C program and library built with this one), with
 * privilege on a thread of this process, without as a process of its own. Owns a few words of memory.
 */
public final class LinuxMountNamespaces implements MountNamespaces {
    private static final Logger LOG = LoggerFactory.getLogger(LinuxMountNamespaces.class);
    private static final int PIDFD_OPEN = 434;
    private static final int PIDFD_SEND_SIGNAL = 424;
    /** linux/pidfd.h, since Linux 6.11. */
    private static final int PIDFD_GET_MNT_NAMESPACE = 0xff03;
    /** linux/nsfs.h, since Linux 4.11. */
    private static final int NS_GET_NSTYPE = 0xb703;
    private static final int CLONE_NEWNS = 0x20000;
    private static final int NSFS_MAGIC = 0x6e736673;
    private static final int O_PATH = 0x200000;
    private static final int O_RDWR = 2;
    private static final int O_CREAT = 0100;
    private static final int O_EXCL = 0200;
    /** Two of the flags that have other numbers on aarch64. */
    private static final boolean X86 = System.getProperty("os.arch").equals("amd64");
    private static final int O_DIRECTORY = X86 ? 0x10000 : 0x4000;
    private static final int O_NOFOLLOW = X86 ? 0x20000 : 0x8000;
    /** capabilities(7). */
    private static final long CAP_SYS_CHROOT = 1L << 18;
    private static final long CAP_SYS_ADMIN = 1L << 21;
    private static final Path OWN_FDS = Path.of("/proc/self/fd");

    private final Libc libc = new Libc();
    private final LinuxKernel kernel = new LinuxKernel(libc);
    private final MountCall call;
    private final boolean askPidFd;

    /** @param files where berth-mount and libberth-mount.so are */
    public LinuxMountNamespaces(Path files) {
        this(files, isPrivileged(), true);
    }

    LinuxMountNamespaces(Path files, boolean privileged, boolean askPidFd) {
        this.askPidFd = askPidFd;
        this.call = privileged ? new MountThread(libc, kernel, files.resolve("libberth-mount.so"))
                : new MountProgram(libc, kernel, files.resolve("berth-mount"));
    }

    private static boolean isPrivileged() {
        try {
            long capabilities = Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("CapEff:"))
                    .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16)).findAny().orElse(0);
            long needed = CAP_SYS_ADMIN | CAP_SYS_CHROOT;
            return (capabilities & needed) == needed;
        } catch (IOException noProc) {
            return false;
        }
    }

    @Override
    public int openProcess(int processId) {
        if (processId <= 0) {
            throw invalid("Pid is " + Integer.toUnsignedString(processId) + ", expected a process id");
        }
        int fd = libc.call(libc.function("syscall"), PIDFD_OPEN, processId, 0);
        if (fd < 0) {
            int errno = libc.errno();
            throw errno == Libc.ESRCH || errno == Libc.EINVAL ? invalid("there is no process " + processId)
                    : failure("pidfd_open", "(Linux 5.3)", errno);
        }
        return fd;
    }

    @Override
    public int open(int pidFd) {
        int pid = processId(pidFd).orElseThrow(() -> invalid("the process has ended, or is not one of ours to see"));
        int fd = askPidFd ? libc.call(libc.function("ioctl"), pidFd, PIDFD_GET_MNT_NAMESPACE, 0) : -1;
        int errno = askPidFd ? libc.errno() : Libc.EINVAL;
        if (fd < 0 && (errno == Libc.EINVAL || errno == Libc.ENOTTY)) {
            fd = open("/proc/" + pid + "/ns/mnt", 0);
            errno = libc.errno();
            if (fd >= 0 && libc.call(libc.function("syscall"), PIDFD_SEND_SIGNAL, pidFd, 0, 0, 0) < 0 && libc.errno() == Libc.ESRCH) {
                // what was opened may be of another process with the same id
                kernel.close(fd);
                fd = -1;
                errno = Libc.ESRCH;
            }
        }
        if (fd < 0) {
            throw errno == Libc.ESRCH || errno == Libc.ENOENT ? invalid("process " + pid + " has ended")
                    : errno == Libc.EACCES || errno == Libc.EPERM
                    ? new MountException(Kind.DENIED, "process " + pid + " belongs to somebody over whom this helper has no privilege")
                    : failure("the mount namespace of process " + pid, "", errno);
        }
        return fd;
    }

    @Override
    public int open(Path file) {
        // the file is looked at before it is opened: opening may wait, or do something
        int found = open(file.toString(), O_PATH);
        if (found < 0) {
            throw invalid(file + ": " + libc.reason(libc.errno()));
        }
        try {
            if (fileSystem(found) != NSFS_MAGIC) {
                throw invalid(file + " is not a namespace");
            }
            int fd = open(OWN_FDS.resolve(Integer.toString(found)).toString(), 0);
            if (fd < 0) {
                throw failure(file.toString(), "", libc.errno());
            }
            return fd;
        } finally {
            kernel.close(found);
        }
    }

    private int open(String path, int flags) {
        try (CStrings name = new CStrings(libc, List.of(path))) {
            return libc.call(libc.function("open"), name.string(0), flags | LinuxKernel.CLOEXEC);
        }
    }

    private int fileSystem(int fd) {
        try (Scratch status = new Scratch(libc, 256)) {
            return libc.call(libc.function("fstatfs"), fd, status.address()) < 0 ? 0 : (int) status.getLong(0);
        }
    }

    @Override
    public NamespaceId identify(int namespaceFd) {
        if (fileSystem(namespaceFd) != NSFS_MAGIC || libc.call(libc.function("ioctl"), namespaceFd, NS_GET_NSTYPE, 0) != CLONE_NEWNS) {
            throw invalid("what was given is not a mount namespace, opened for reading");
        }
        NamespaceId id = identity(OWN_FDS.resolve(Integer.toString(namespaceFd)));
        for (String everybodys : List.of("self", "1")) {
            Path link = Path.of("/proc", everybodys, "ns/mnt");
            if (Files.isReadable(link) && id.equals(identity(link))) {
                throw invalid("that is no sandbox: it shares the mount namespace of "
                        + (everybodys.equals("1") ? "the system" : "the helper"));
            }
        }
        return id;
    }

    /** Follows the link, whose target is no path. */
    private NamespaceId identity(Path link) {
        try {
            return new NamespaceId((Long) Files.getAttribute(link, "unix:dev"), (Long) Files.getAttribute(link, "unix:ino"));
        } catch (IOException gone) {
            throw new MountException(Kind.FAILED, "cannot look at " + link + ": " + gone.getMessage());
        }
    }

    @Override
    public OptionalInt processId(int pidFd) {
        try {
            return Files.readAllLines(Path.of("/proc/self/fdinfo", Integer.toString(pidFd))).stream().filter(line -> line.startsWith("Pid:"))
                    .mapToInt(line -> Integer.parseInt(line.substring(4).strip())).filter(pid -> pid > 0).findAny();
        } catch (IOException | NumberFormatException noProc) {
            return OptionalInt.empty();
        }
    }

    @Override
    public OptionalInt findProcess(NamespaceId namespace) {
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[1-9]*")) {
            for (Path process : processes) {
                OptionalInt found = isIn(process, namespace) ? hold(process, namespace) : OptionalInt.empty();
                if (found.isPresent()) {
                    return found;
                }
            }
        } catch (IOException noProc) {
            throw new MountException(Kind.FAILED, "/proc: " + noProc.getMessage());
        }
        return OptionalInt.empty();
    }

    private static boolean isIn(Path process, NamespaceId namespace) {
        try {
            return Files.readSymbolicLink(process.resolve("ns/mnt")).toString().equals(namespace.toString());
        } catch (IOException notOursOrGone) {
            return false;
        }
    }

    private OptionalInt hold(Path process, NamespaceId namespace) {
        int pidFd = -1;
        int namespaceFd = -1;
        try {
            pidFd = openProcess(Integer.parseInt(process.getFileName().toString()));
            namespaceFd = open(pidFd);
            if (identity(OWN_FDS.resolve(Integer.toString(namespaceFd))).equals(namespace)) {
                int held = pidFd;
                pidFd = -1;
                return OptionalInt.of(held);
            }
        } catch (MountException endedMeanwhile) {
            // then it is none of those
        } finally {
            closeIfOpen(pidFd);
            closeIfOpen(namespaceFd);
        }
        return OptionalInt.empty();
    }

    private void closeIfOpen(int fd) {
        if (fd >= 0) {
            kernel.close(fd);
        }
    }

    @Override
    public SocketMount mount(int namespaceFd, Path socket, String target, boolean hideDirectory, Path record) {
        int directoryFd = -1;
        int socketFd = -1;
        int recordFd = -1;
        boolean over = true;
        try {
            directoryFd = open(socket.getParent().toString(), O_PATH | O_DIRECTORY);
            socketFd = directoryFd < 0 ? -1 : open(socket.toString(), O_PATH | O_NOFOLLOW);
            if (socketFd < 0) {
                throw new MountException(Kind.FAILED, "the server's socket " + socket + ": " + libc.reason(libc.errno()));
            }
            recordFd = make(record);
            int flags = call.ownFlags() | (hideDirectory ? MountCall.HIDE_DIRECTORY : 0);
            long[] out = call.run(new MountCall.Request(true, new int[] {namespaceFd, directoryFd, socketFd, recordFd}, flags, new long[0],
                    List.of(socket.getFileName().toString(), target)));
            checkAnswer(out, target);
            over = false;
            return result(LongBuffer.wrap(out));
        } catch (MountCall.UnansweredException none) {
            over = !none.isUnderWay() && undo(namespaceFd, target, record);
            if (none.isUnderWay()) {
                undoLater(none, namespaceFd, target, record);
            }
            throw new MountException(Kind.FAILED, "mounting at " + target + ": " + none.getMessage());
        } finally {
            closeIfOpen(recordFd);
            closeIfOpen(socketFd);
            closeIfOpen(directoryFd);
            if (over) {
                delete(record);
            }
        }
    }

    private int make(Path record) {
        try (CStrings name = new CStrings(libc, List.of(record.toString()))) {
            int fd = libc.call(libc.function("open"), name.string(0), O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | LinuxKernel.CLOEXEC, 0600);
            if (fd < 0) {
                throw new MountException(Kind.FAILED, "what is mounted cannot be recorded in " + record + ": " + libc.reason(libc.errno()));
            }
            return fd;
        }
    }

    private static void delete(Path record) {
        try {
            Files.deleteIfExists(record);
        } catch (IOException stays) {
            throw new MountException(Kind.FAILED, record + " cannot be removed: " + stays.getMessage());
        }
    }

    @Override
    public Optional<SocketMount> read(Path record) {
        try {
            byte[] bytes = Files.exists(record, LinkOption.NOFOLLOW_LINKS) ? Files.readAllBytes(record) : new byte[0];
            return bytes.length < MountCall.RESULTS * Long.BYTES ? Optional.empty()
                    : Optional.of(result(ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asLongBuffer()));
        } catch (IOException unreadable) {
            throw new MountException(Kind.FAILED, record + " cannot be read: " + unreadable.getMessage());
        }
    }

    /** @param out the numbers out of berth-mount */
    private static SocketMount result(LongBuffer out) {
        return new SocketMount(out.get(2), out.get(3), out.get(4), out.get(5), out.get(6), out.get(7));
    }

    /** @return whether nothing is left; else the record tells the next helper */
    private boolean undo(int namespaceFd, String target, Path record) {
        try {
            read(record).ifPresent(made -> unmount(namespaceFd, target, made));
            return true;
        } catch (MountException stillThere) {
            return false;
        }
    }

    /** What the caller was told to have failed may still happen. */
    private void undoLater(MountCall.UnansweredException late, int namespaceFd, String target, Path record) {
        int namespace = kernel.duplicate(namespaceFd);
        Thread undo = new Thread(() -> {
            try {
                late.awaitEnd();
                if (undo(namespace, target, record)) {
                    delete(record);
                }
            } catch (MountException stays) {
                LOG.warn("after mounting at {} came to its end too late: {}", target, stays.getMessage());
            } finally {
                kernel.close(namespace);
            }
        }, "berth-mount-undo");
        undo.setDaemon(true);
        undo.start();
    }

    @Override
    public void unmount(int namespaceFd, String target, SocketMount mount) {
        try {
            checkAnswer(call.run(new MountCall.Request(false, new int[] {namespaceFd}, call.ownFlags(), new long[] {mount.mountId(),
                mount.socketDevice(), mount.socketInode(), mount.madeDevice(), mount.madeInode(), mount.coverId()}, List.of(target))), target);
        } catch (MountCall.UnansweredException late) {
            throw new MountException(Kind.FAILED, "unmounting " + target + ": " + late.getMessage());
        }
    }

    private void checkAnswer(long[] out, String target) {
        MountStep step = MountStep.values()[(int) out[0]];
        if (!step.isSuccess()) {
            int errno = (int) out[1];
            throw step.failure(target, errno, libc.reason(errno));
        }
    }

    private MountException failure(String what, String since, int errno) {
        return errno == Libc.ENOSYS ? new MountException(Kind.NOT_SUPPORTED, "this kernel has no " + what + " " + since)
                : new MountException(Kind.FAILED, what + ": " + libc.reason(errno));
    }

    private static MountException invalid(String message) {
        return new MountException(Kind.INVALID, message);
    }
}
