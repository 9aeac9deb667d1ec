/*
 * berth-probe: tries what Berth asks of the kernel, and prints one line for each ability: NAME ERRNO TEXT, with 0 when it is
 * there. Release numbers say too little: distributions carry calls back, and containers and security modules forbid them.
 *
 * It changes nothing: what it mounts is in namespaces of its own, private, and gone with it. It takes no arguments.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same on every architecture but alpha; not in all headers. */
enum {
    SYSCALL_OPEN_TREE = 428, SYSCALL_MOVE_MOUNT = 429, SYSCALL_FSOPEN = 430, SYSCALL_FSCONFIG = 431, SYSCALL_FSMOUNT = 432,
    SYSCALL_PIDFD_OPEN = 434, SYSCALL_OPENAT2 = 437, SYSCALL_MOUNT_SETATTR = 442,
    CLONE_TREE = 1, FROM_DESCRIPTOR = 0x4, COMMAND_CREATE = 6, PEER_PIDFD = 77, WITH_MOUNT_ID = 0x1000
};
struct attributes { uint64_t set, clear, propagation, user_namespace; };

/* @param result negative for a failure, with errno */
static void tell(const char *name, long result)
{
    int error = result < 0 ? errno : 0;
    printf("%s %d %s\n", name, error, strerror(error));
    fflush(stdout);
}

static void probe_processes(void)
{
    tell("pidfd_open", syscall(SYSCALL_PIDFD_OPEN, getpid(), 0));
    int pair[2], peer;
    socklen_t length = sizeof peer;
    tell("SO_PEERPIDFD", socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 ? -1
            : getsockopt(pair[0], SOL_SOCKET, PEER_PIDFD, &peer, &length));
}

static void probe_paths(void)
{
    struct open_how how = {.flags = O_PATH | O_DIRECTORY, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    tell("openat2", syscall(SYSCALL_OPENAT2, AT_FDCWD, ".", &how, sizeof how));
    struct statx about = {0};
    long result = statx(AT_FDCWD, "/", 0, STATX_BASIC_STATS | WITH_MOUNT_ID, &about);
    if (result == 0 && !(about.stx_mask & WITH_MOUNT_ID)) {
        errno = ENOSYS;
        result = -1;
    }
    tell("statx_mount_id", result);
    int own = open("/proc/self/ns/mnt", O_RDONLY);
    tell("NS_GET_USERNS", own < 0 ? -1 : ioctl(own, NS_GET_USERNS));
}

static void probe_mounting(void)
{
    int tree = (int) syscall(SYSCALL_OPEN_TREE, AT_FDCWD, "/dev/null", CLONE_TREE);
    tell("open_tree", tree);
    struct attributes private = {.propagation = MS_PRIVATE};
    /* without a tree it is still said whether the call is there */
    tell("mount_setattr", syscall(SYSCALL_MOUNT_SETATTR, tree, "", AT_EMPTY_PATH, &private, sizeof private));
    int context = (int) syscall(SYSCALL_FSOPEN, "tmpfs", 0);
    int made = context < 0 || syscall(SYSCALL_FSCONFIG, context, COMMAND_CREATE, NULL, NULL, 0) < 0 ? -1
            : (int) syscall(SYSCALL_FSMOUNT, context, 0, 0);
    tell("fsmount", made);
    tell("move_mount", syscall(SYSCALL_MOVE_MOUNT, made, "", AT_FDCWD, "/proc", FROM_DESCRIPTOR));
}

/* What comes after it happens in a process with namespaces of its own. */
static int probe_namespaces(void)
{
    int privileged = unshare(CLONE_NEWNS) == 0;
    if (privileged && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
        return -1;
    }
    if (privileged) {
        probe_mounting();
    }
    tell("user_namespaces", unshare(CLONE_NEWUSER | CLONE_NEWNS));
    if (!privileged) {
        probe_mounting();
    }
    return 0;
}

int main(void)
{
    prctl(PR_SET_DUMPABLE, 0); /* it enters namespaces */
    probe_processes();
    probe_paths();
    return probe_namespaces() < 0;
}
