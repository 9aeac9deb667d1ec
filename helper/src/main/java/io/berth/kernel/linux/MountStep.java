package io.berth.kernel.linux;

import io.berth.kernel.MountException;
import io.berth.kernel.MountException.Kind;

/** How far berth-mount got, in the order of its {@code enum step}, and what to tell people when it got no further. */
enum MountStep {
    DONE, GONE, ARGUMENTS, PROC, OWNER, PRIVILEGE, ENTER_OWNER, COPY, SOURCE, CLONE, SET_PRIVATE, ENTER, ROOT, DIRECTORY,
    HIDE, TARGET, CREATE, KIND, PROPAGATION, SHARED, RECORD, ATTACH, CHANGED, UNMOUNT, REMOVE;

    private static final int EISDIR = 21;
    private static final int EROFS = 30;

    boolean isSuccess() {
        return this == DONE || this == GONE;
    }

    /** @param reason the text of strerror(3) for {@code errno} */
    MountException failure(String target, int errno, String reason) {
        if (errno == Libc.ENOSYS) {
            return new MountException(Kind.NOT_SUPPORTED, "this kernel has no " + missingCall());
        }
        boolean denied = errno == Libc.EPERM || errno == Libc.EACCES;
        return switch (this) {
            case PRIVILEGE -> new MountException(Kind.DENIED, "only a helper with privilege can enter this mount namespace: its owner"
                    + " is not a user namespace below the helper's own (so it is with preserved namespaces such as snapd's)");
            case ENTER_OWNER, ENTER -> denied ? new MountException(Kind.DENIED,
                    "the mount namespace belongs to somebody over whom this helper has no privilege (" + reason + ")")
                    : failed("the mount namespace cannot be entered: " + reason);
            case SOURCE -> failed("the server's socket is not where it was made: " + reason);
            case DIRECTORY -> errno == Libc.ELOOP ? invalid("a symbolic link leads to " + target + ": the target's directory must be named directly")
                    : errno == Libc.ENOENT || errno == Libc.ENOTDIR || errno == Libc.EACCES
                    ? invalid("the directory of " + target + " in the mount namespace: " + reason) : failed("the directory of " + target + ": " + reason);
            case TARGET -> errno == Libc.ELOOP ? invalid(target + " is a symbolic link") : failed(target + ": " + reason);
            case CREATE -> denied || errno == EROFS ? invalid(target + " does not exist and cannot be made: " + reason)
                    : failed(target + " cannot be made: " + reason);
            case KIND -> invalid(target + (errno == EISDIR ? " is a directory" : " is neither a socket nor a regular file"));
            case SHARED -> invalid("what is mounted at " + target + " would appear outside of the sandbox too: the mount it is on"
                    + " is shared with the helper's own namespace (mount --make-rslave in the sandbox ends that)");
            case CHANGED -> failed("the way to " + target + " changed while it was mounted on; nothing was left there");
            case HIDE -> failed("the directory of " + target + " cannot be hidden: " + reason);
            case RECORD -> failed("what is mounted at " + target + " cannot be recorded: " + reason);
            case UNMOUNT -> failed(errno == Libc.EBUSY ? "what was mounted at " + target
                    + " cannot be reached: something else is mounted over it, or it is moved all the time"
                    : target + " cannot be unmounted: " + reason);
            case REMOVE -> failed(target + " was unmounted but cannot be removed: " + reason);
            default -> failed("mounting at " + target + " failed (" + name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ')
                    + "): " + reason);
        };
    }

    private String missingCall() {
        return switch (this) {
            case OWNER -> "NS_GET_USERNS (Linux 4.9)";
            case CLONE -> "open_tree (Linux 5.2)";
            case SET_PRIVATE -> "mount_setattr (Linux 5.12)";
            case HIDE -> "fsopen, fsconfig and fsmount (Linux 5.2)";
            case ATTACH -> "move_mount (Linux 5.2)";
            case PROPAGATION, SOURCE -> "mount ids in statx (Linux 5.8)";
            default -> "openat2 (Linux 5.6)";
        };
    }

    private static MountException invalid(String message) {
        return new MountException(Kind.INVALID, message);
    }

    private static MountException failed(String message) {
        return new MountException(Kind.FAILED, message);
    }
}
