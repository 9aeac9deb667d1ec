/*
 * Puts a socket into another mount namespace, and takes it out again.
 *
 * Why this is not Java: a process with more than one thread may not enter a user namespace (setns(2), EINVAL), and only
 * inside the user namespace that owns a sandbox's mount namespace may an ordinary user mount there. So for ordinary users
 * this is a program, started for one mount and gone after it. With privilege over the target the same code runs inside
 * the Java process, from the shared library, on a thread that ends with the call: no Java runs there after setns.
 *
 * It takes file descriptors and numbers. The one path from outside is the target, resolved inside the namespace, from its
 * root, never through a symbolic link and never upwards (openat2(2)); what was found is then used by its descriptor only.
 * The name of the socket is ours, one component in a directory given as a descriptor, and must be the inode that is given
 * as a descriptor too. There is no shell, no option, no look at the environment.
 *
 * Who is root of the sandbox's user namespace rules over every process in it, so over the program from the moment it has entered;
 * and may look into it, if it can be seen from there. So the program is not dumpable (prctl(2), PR_SET_DUMPABLE), from the first:
 * access then asks for CAP_SYS_PTRACE over the user namespace in which it was started (ptrace(2)), which the sandbox does not
 * have. To enter a namespace below one's own does not change that, because it makes no process more powerful in the
 * eyes of the kernel, and if it did the process would be as fs.suid_dumpable says; so it is asked for once more. It has
 * no environment, and of descriptors what the call needs, each until it was used. A thread of the helper's never enters a user
 * namespace: it stays the host's and out of the sandbox's reach.
 *
 * It may be killed at any moment, with the helper or without. So what it is about to add to the namespace is written into
 * the record, a file of the helper's, before it is there: whoever cleans up knows what to look for. (A file at the target
 * can be known before only where the file system has O_TMPFILE; elsewhere an empty file may stay.)
 *
 * Needs Linux 5.12 (mount_setattr) and says by step and errno which call is missing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* <linux/mount.h> and <sys/mount.h> exclude each other in some versions of glibc, so what is used of them is here. */
enum {
    SYSCALL_OPEN_TREE = 428, SYSCALL_MOVE_MOUNT = 429, SYSCALL_FSOPEN = 430, SYSCALL_FSCONFIG = 431, SYSCALL_FSMOUNT = 432,
    SYSCALL_CLOSE_RANGE = 436, SYSCALL_OPENAT2 = 437, SYSCALL_MOUNT_SETATTR = 442, /* the same on every architecture but alpha */
    CLONE_TREE = 1, OPEN_CLOEXEC = O_CLOEXEC,           /* open_tree */
    FROM_DESCRIPTOR = 0x4, TO_DESCRIPTOR = 0x40,        /* move_mount */
    CREATE_CLOEXEC = 1, SET_STRING = 1, COMMAND_CREATE = 6, /* fsopen, fsmount; fsconfig */
    NOSUID_NODEV_NOEXEC = 0x2 | 0x4 | 0x8,              /* fsmount */
    DETACH = 2                                          /* umount2 */
};
struct attributes { uint64_t set, clear, propagation, user_namespace; };
static const uint64_t PRIVATE = 1 << 18;

extern int umount2(const char *target, int flags);

/* Where it failed; read by the Java side, which has the words. */
enum step {
    DONE = 0, GONE, ARGUMENTS, PROC, OWNER, PRIVILEGE, ENTER_OWNER, COPY, SOURCE, CLONE, SET_PRIVATE, ENTER, ROOT, DIRECTORY,
    HIDE, TARGET, CREATE, KIND, PROPAGATION, SHARED, RECORD, ATTACH, CHANGED, UNMOUNT, REMOVE
};

/* Numbers in. For mounting: */
enum { NAMESPACE, FLAGS, SOURCE_DIRECTORY, SOURCE_SOCKET, RECORD_FILE, MOUNT_NUMBERS };
/* For unmounting, after NAMESPACE and FLAGS: what mounting gave out. */
enum { UNMOUNT_RESULT = 2 };
enum { AS_OWNER = 1, HIDE_DIRECTORY = 2 };
/* Looks for a mount that is being moved about while it is to be unmounted. */
enum { ATTEMPTS = 1000 };
enum { LONGEST_TEXT = 4 << 20 };
/* Numbers out: how it went, then what identifies what was made, 0 for nothing. */
enum { STEP, ERROR, MOUNT_ID, SOCKET_DEVICE, SOCKET_INODE, MADE_DEVICE, MADE_INODE, COVER_ID, RESULTS };
enum { UNMOUNT_NUMBERS = UNMOUNT_RESULT + RESULTS - MOUNT_ID };

struct place {
    int proc;  /* the /proc we know; the namespace's own may be anything */
    int hosts; /* mountinfo of the namespace we come from */
    int record; /* borrowed */
    int root;
    char directory[PATH_MAX]; /* relative to root */
    const char *leaf;
};

static void fail(int64_t out[], enum step step)
{
    out[STEP] = step;
    out[ERROR] = errno;
}

/* What is there, or will be in a moment. */
static int record(const struct place *place, int64_t out[])
{
    ssize_t size = sizeof(int64_t) * RESULTS;
    if (pwrite(place->record, out, (size_t) size, 0) == size) {
        return 0;
    }
    fail(out, RECORD);
    return -1;
}

static void close_if_open(int fd)
{
    if (fd >= 0) {
        int kept = errno;
        close(fd);
        errno = kept;
    }
}

/* What was given: the helper's own thread has copies, which it closes itself. */
static void close_given(int fd)
{
#ifdef BERTH_LIBRARY
    (void) fd;
#else
    close(fd);
#endif
}

static int beneath(int directory, const char *path, uint64_t flags, uint64_t mode)
{
    struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    return (int) syscall(SYSCALL_OPENAT2, directory, path, &how, sizeof how);
}

static int describe(int fd, struct statx *about)
{
    if (statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_MNT_ID, about) < 0) {
        return -1;
    }
    if (!(about->stx_mask & STATX_MNT_ID)) {
        errno = ENOSYS;
        return -1;
    }
    return 0;
}

/* As st_dev of stat(2) has it. */
static uint64_t device(const struct statx *about)
{
    return makedev(about->stx_dev_major, about->stx_dev_minor);
}

/* Whether it is the root of this mount. */
static int is_mount(int fd, uint64_t id)
{
    struct statx about;
    return describe(fd, &about) == 0 && about.stx_mnt_id == id && about.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

static int attach(int tree, int target)
{
    return (int) syscall(SYSCALL_MOVE_MOUNT, tree, "", target, "", FROM_DESCRIPTOR | TO_DESCRIPTOR);
}

/* Exactly this mount, wherever it is by now: a path would be looked up again. */
static int detach(const struct place *place, int fd)
{
    char self[32];
    snprintf(self, sizeof self, "self/fd/%d", fd);
    return fchdir(place->proc) < 0 ? -1 : umount2(self, DETACH);
}

/* Splits a path that has been checked by the caller: absolute, no empty component, no "." or "..". */
static int split(struct place *place, const char *target)
{
    const char *slash = strrchr(target, '/');
    size_t length = slash == NULL ? 0 : (size_t) (slash - target);
    if (target[0] != '/' || slash[1] == '\0' || length >= sizeof place->directory) {
        errno = EINVAL;
        return -1;
    }
    if (length == 0) {
        strcpy(place->directory, ".");
    } else {
        memcpy(place->directory, target + 1, length - 1);
        place->directory[length - 1] = '\0';
    }
    place->leaf = slash + 1;
    return 0;
}

static int open_directory(const struct place *place)
{
    return beneath(place->root, place->directory, O_PATH | O_DIRECTORY, 0);
}

/* All of a file, NULL when that is more than anything that we read has unless somebody wants to fill our memory. */
static char *contents(int fd)
{
    size_t size = 0, room = 1 << 16;
    char *text = malloc(room);
    ssize_t got = 1;
    while (text != NULL && got > 0) {
        if (size > LONGEST_TEXT) {
            free(text);
            errno = EFBIG;
            return NULL;
        }
        if (room - size < 2) {
            char *more = realloc(text, room *= 2);
            if (more == NULL) {
                free(text);
                return NULL;
            }
            text = more;
        }
        got = pread(fd, text + size, room - size - 1, (off_t) size);
        size += got > 0 ? (size_t) got : 0;
    }
    if (got < 0) {
        free(text);
        return NULL;
    }
    if (text != NULL) {
        text[size] = '\0';
    }
    return text;
}

/* The number after this tag among the optional fields of a line of mountinfo (proc(5)), 0 when there is none. */
static unsigned long optional(const char *line, const char *tag)
{
    const char *end = strchrnul(line, '\n');
    for (int blanks = 0; line < end; line++) {
        if (*line == ' ' && ++blanks >= 6) {
            if (line[1] == '-') {
                return 0;
            }
            if (strncmp(line + 1, tag, strlen(tag)) == 0) {
                return strtoul(line + 1 + strlen(tag), NULL, 10);
            }
        }
    }
    return 0;
}

static const char *next_line(const char *line)
{
    const char *end = strchrnul(line, '\n');
    return *end == '\0' ? end : end + 1;
}

/* All mounts of the namespace this thread is in, whatever its own /proc may say; to be freed. */
static char *mountinfo(const struct place *place)
{
    int fd = openat(place->proc, "thread-self/mountinfo", O_RDONLY | O_CLOEXEC);
    char *text = fd < 0 ? NULL : contents(fd);
    close_if_open(fd);
    return text;
}

/* NULL when there is none. */
static const char *line_of(const char *text, uint64_t mount_id)
{
    while (*text != '\0' && strtoull(text, NULL, 10) != mount_id) {
        text = next_line(text);
    }
    return *text == '\0' ? NULL : text;
}

/*
 * What is mounted on a shared mount appears on every mount of its peer group and on their slaves. 0 when none of those is
 * in the namespace we come from, 1 when one is, -1 when it cannot be told.
 */
static int reaches_host(const struct place *place, uint64_t mount_id)
{
    char *text = mountinfo(place);
    if (text == NULL) {
        return -1;
    }
    const char *line = line_of(text, mount_id);
    unsigned long group = line == NULL ? 0 : optional(line, "shared:");
    free(text);
    if (line == NULL) {
        errno = ESTALE;
        return -1;
    }
    if (group == 0) {
        return 0;
    }
    text = contents(place->hosts);
    if (text == NULL) {
        return -1;
    }
    int reached = 0;
    for (line = text; *line != '\0' && !reached; line = next_line(line)) {
        reached = optional(line, "shared:") == group || optional(line, "master:") == group;
    }
    free(text);
    return reached;
}

/* Copies the mount point (the fifth field) of a line of mountinfo, without its first slash. */
static int mount_point(const char *line, char path[PATH_MAX])
{
    size_t length = 0;
    for (int blanks = 0; blanks < 4; line++) {
        blanks += *line == ' ';
    }
    for (line++; *line != ' ' && length < PATH_MAX - 1; length++) {
        if (*line == '\\') {
            path[length] = (char) ((line[1] - '0') << 6 | (line[2] - '0') << 3 | (line[3] - '0'));
            line += 4;
        } else {
            path[length] = *line++;
        }
    }
    path[length] = '\0';
    return *line == ' ' ? 0 : -1;
}

/* The root of this mount, which may have been moved together with what it is on. ENOENT when it is nowhere. */
static int open_mount(const struct place *place, uint64_t mount_id)
{
    char path[PATH_MAX];
    char *text = mountinfo(place);
    if (text == NULL) {
        return -1;
    }
    const char *line = line_of(text, mount_id);
    int fd = -1;
    if (line == NULL) {
        errno = ENOENT;
    } else {
        fd = mount_point(line, path) < 0 ? -1 : beneath(place->root, path, O_PATH | O_NOFOLLOW, 0);
        if (fd < 0 || !is_mount(fd, mount_id)) {
            close_if_open(fd);
            fd = -1;
            errno = EBUSY; /* moved again meanwhile, or something else is mounted over it */
        }
    }
    free(text);
    return fd;
}

static int check_propagation(const struct place *place, uint64_t mount_id, int64_t out[])
{
    int reached = reaches_host(place, mount_id);
    if (reached == 0) {
        return 0;
    }
    errno = reached > 0 ? EINVAL : errno;
    fail(out, reached > 0 ? SHARED : PROPAGATION);
    return -1;
}

/* Takes on the rights over the user namespace that owns the mount namespace. */
static int become_owner(int namespace, int64_t out[])
{
    int owner = ioctl(namespace, NS_GET_USERNS);
    if (owner < 0) {
        /* EPERM: the owner is not below our own user namespace */
        fail(out, errno == EPERM ? PRIVILEGE : OWNER);
        return -1;
    }
    struct stat theirs, ours;
    if (fstat(owner, &theirs) < 0 || stat("/proc/self/ns/user", &ours) < 0) {
        fail(out, OWNER);
    } else if (theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev) {
        errno = EPERM;
        fail(out, PRIVILEGE);
    } else if (setns(owner, CLONE_NEWUSER) < 0) {
        fail(out, ENTER_OWNER);
    } else {
        prctl(PR_SET_DUMPABLE, 0);
        close_if_open(owner);
        return 0;
    }
    close_if_open(owner);
    return -1;
}

/* A mount of the socket alone, in no namespace yet. */
static int clone_socket(int given, const char *name, int64_t out[])
{
    struct statx wanted, found;
    int fd = -1, tree = -1;
    if (strchr(name, '/') != NULL || describe(given, &wanted) < 0
            || (fd = openat(AT_FDCWD, name, O_PATH | O_NOFOLLOW | O_CLOEXEC)) < 0 || describe(fd, &found) < 0) {
        fail(out, SOURCE);
    } else if (wanted.stx_ino != found.stx_ino || device(&wanted) != device(&found) || !S_ISSOCK(found.stx_mode)) {
        errno = ESTALE;
        fail(out, SOURCE);
    } else if ((tree = (int) syscall(SYSCALL_OPEN_TREE, fd, "", CLONE_TREE | OPEN_CLOEXEC | AT_EMPTY_PATH)) < 0) {
        fail(out, CLONE);
    } else {
        /* as a peer of the mount it was cloned from it would carry home what is mounted over it */
        struct attributes alone = {.propagation = PRIVATE};
        struct statx mounted;
        if (syscall(SYSCALL_MOUNT_SETATTR, tree, "", AT_EMPTY_PATH, &alone, sizeof alone) < 0 || describe(tree, &mounted) < 0) {
            fail(out, SET_PRIVATE);
            close_if_open(tree);
            tree = -1;
        } else {
            out[MOUNT_ID] = (int64_t) mounted.stx_mnt_id;
            out[SOCKET_DEVICE] = (int64_t) device(&found);
            out[SOCKET_INODE] = (int64_t) found.stx_ino;
        }
    }
    close_if_open(fd);
    return tree;
}

/* Covers the directory with an empty file system that is small: a place for sockets. Returns its root. */
static int hide(const struct place *place, int directory, int64_t out[])
{
    struct statx covered, cover;
    char mode[8];
    if (describe(directory, &covered) < 0) {
        fail(out, DIRECTORY);
        return -1;
    }
    if (check_propagation(place, covered.stx_mnt_id, out) < 0) {
        return -1;
    }
    snprintf(mode, sizeof mode, "%o", covered.stx_mode & 01777);
    int context = (int) syscall(SYSCALL_FSOPEN, "tmpfs", CREATE_CLOEXEC);
    int tree = -1;
    if (context >= 0 && syscall(SYSCALL_FSCONFIG, context, SET_STRING, "source", "berth", 0) == 0
            && syscall(SYSCALL_FSCONFIG, context, SET_STRING, "mode", mode, 0) == 0
            && syscall(SYSCALL_FSCONFIG, context, SET_STRING, "size", "1m", 0) == 0
            && syscall(SYSCALL_FSCONFIG, context, SET_STRING, "nr_inodes", "1k", 0) == 0
            && syscall(SYSCALL_FSCONFIG, context, COMMAND_CREATE, NULL, NULL, 0) == 0) {
        tree = (int) syscall(SYSCALL_FSMOUNT, context, CREATE_CLOEXEC, NOSUID_NODEV_NOEXEC);
    }
    if (tree < 0 || describe(tree, &cover) < 0) {
        fail(out, HIDE);
    } else {
        out[COVER_ID] = (int64_t) cover.stx_mnt_id;
        if (record(place, out) == 0 && attach(tree, directory) < 0) {
            fail(out, HIDE);
        }
    }
    close_if_open(context);
    if (out[STEP] != DONE) {
        close_if_open(tree);
        return -1;
    }
    int again = open_directory(place);
    if (again < 0 || !is_mount(again, cover.stx_mnt_id)) {
        errno = EAGAIN;
        fail(out, CHANGED);
        detach(place, tree);
        close_if_open(tree);
        tree = -1;
    }
    close_if_open(again);
    return tree;
}

static int note_made(const struct place *place, int made, int64_t out[])
{
    struct statx about;
    if (describe(made, &about) < 0) {
        fail(out, CREATE);
        return -1;
    }
    out[MADE_DEVICE] = (int64_t) device(&about);
    out[MADE_INODE] = (int64_t) about.stx_ino;
    return record(place, out);
}

/* Makes an empty file where nothing is. Returns what is there then. */
static int make_target(const struct place *place, int directory, int64_t out[])
{
    char unnamed[32];
    int made = beneath(directory, ".", O_TMPFILE | O_WRONLY, 0600);
    if (made >= 0) {
        snprintf(unnamed, sizeof unnamed, "self/fd/%d", made);
        if (note_made(place, made, out) == 0 && linkat(place->proc, unnamed, directory, place->leaf, AT_SYMLINK_FOLLOW) < 0) {
            fail(out, errno == EEXIST ? CHANGED : CREATE);
        }
    } else if (errno != EOPNOTSUPP) {
        fail(out, CREATE);
    } else if ((made = beneath(directory, place->leaf, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0600)) < 0) {
        fail(out, errno == EEXIST ? CHANGED : CREATE);
    } else {
        note_made(place, made, out);
    }
    /* by its name: the unnamed one is not what a path leads to */
    int fd = out[STEP] == DONE ? beneath(directory, place->leaf, O_PATH | O_NOFOLLOW, 0) : -1;
    struct statx about;
    if (out[STEP] == DONE && (fd < 0 || describe(fd, &about) < 0 || (int64_t) about.stx_ino != out[MADE_INODE])) {
        errno = EAGAIN;
        fail(out, CHANGED);
        close_if_open(fd);
        fd = -1;
    }
    close_if_open(made);
    return fd;
}

/* What is there to be mounted over; made when nothing is. */
static int open_target(const struct place *place, int directory, int64_t out[])
{
    struct statx about;
    int fd = beneath(directory, place->leaf, O_PATH | O_NOFOLLOW, 0);
    if (fd >= 0) {
        if (describe(fd, &about) < 0) {
            fail(out, TARGET);
        } else if (S_ISLNK(about.stx_mode)) {
            errno = ELOOP; /* with O_PATH and O_NOFOLLOW the link itself is opened */
            fail(out, TARGET);
        } else if (!S_ISSOCK(about.stx_mode) && !S_ISREG(about.stx_mode)) {
            errno = S_ISDIR(about.stx_mode) ? EISDIR : EINVAL;
            fail(out, KIND);
        } else if (check_propagation(place, about.stx_mnt_id, out) == 0) {
            return fd;
        }
        close_if_open(fd);
        return -1;
    }
    if (errno != ENOENT) {
        fail(out, TARGET);
        return -1;
    }
    if (describe(directory, &about) < 0) {
        fail(out, DIRECTORY);
        return -1;
    }
    if (check_propagation(place, about.stx_mnt_id, out) < 0) {
        return -1;
    }
    return make_target(place, directory, out);
}

/* Removes the file that was made to be mounted over, if it is still that one. */
static int remove_made(const struct place *place, int directory, int64_t made_device, int64_t made_inode)
{
    struct statx about;
    int fd = made_inode == 0 ? -1 : beneath(directory, place->leaf, O_PATH | O_NOFOLLOW, 0);
    int result = 0;
    if (fd >= 0 && describe(fd, &about) == 0 && (int64_t) device(&about) == made_device && (int64_t) about.stx_ino == made_inode
            && S_ISREG(about.stx_mode) && about.stx_size == 0) {
        result = unlinkat(directory, place->leaf, 0);
    }
    close_if_open(fd);
    return result;
}

static int enter(struct place *place, int namespace, int64_t out[])
{
    if (setns(namespace, CLONE_NEWNS) < 0) {
        fail(out, ENTER);
        return -1;
    }
    close_given(namespace);
    place->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (place->root < 0) {
        fail(out, ROOT);
        return -1;
    }
    return 0;
}

static void mount_over(const struct place *place, int tree, int hiding, int64_t out[])
{
    int directory = open_directory(place);
    if (directory < 0) {
        fail(out, DIRECTORY);
        return;
    }
    int cover = -1;
    if (hiding) {
        cover = hide(place, directory, out);
        close_if_open(directory);
        directory = cover;
        if (cover < 0) {
            return;
        }
    }
    int target = open_target(place, directory, out);
    if (target >= 0 && record(place, out) == 0) {
        if (attach(tree, target) < 0) {
            fail(out, ATTACH);
        } else {
            /* whoever lives there may have moved what we opened; then it is mounted where nobody asked for it */
            int parent = open_directory(place);
            int again = parent < 0 ? -1 : beneath(parent, place->leaf, O_PATH | O_NOFOLLOW, 0);
            if (again < 0 || !is_mount(again, (uint64_t) out[MOUNT_ID])) {
                errno = EAGAIN;
                fail(out, CHANGED);
                detach(place, tree);
            }
            close_if_open(again);
            close_if_open(parent);
        }
    }
    if (out[STEP] != DONE) {
        remove_made(place, directory, out[MADE_DEVICE], out[MADE_INODE]);
        if (cover >= 0) {
            detach(place, cover);
        }
    }
    close_if_open(target);
    close_if_open(directory);
}

/* Mount ids are used again: whether this one is still the mount of our socket. */
static int is_socket(const struct place *place, int fd, const int64_t made[])
{
    struct statx about;
    (void) place;
    return describe(fd, &about) == 0 && (int64_t) about.stx_ino == made[SOCKET_INODE] && (int64_t) device(&about) == made[SOCKET_DEVICE];
}

/* The same for what hide made. */
static int is_cover(const struct place *place, int fd, const int64_t made[])
{
    (void) fd;
    char *text = mountinfo(place);
    const char *line = text == NULL ? NULL : line_of(text, (uint64_t) made[COVER_ID]);
    const char *system = line == NULL ? NULL : strstr(line, " - tmpfs berth ");
    int result = system != NULL && system < strchrnul(line, '\n');
    free(text);
    return result;
}

typedef int is_ours(const struct place *place, int fd, const int64_t made[]);

/* Unmounts this mount of ours, from where it was put or, if that has been moved, from where it is now. */
static enum step unmount_one(const struct place *place, int expected, uint64_t mount_id, is_ours *is_right, const int64_t made[])
{
    if (expected >= 0 && is_mount(expected, mount_id) && is_right(place, expected, made)) {
        return detach(place, expected) < 0 ? UNMOUNT : DONE;
    }
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        int fd = open_mount(place, mount_id);
        if (fd >= 0) {
            enum step step = !is_right(place, fd, made) ? GONE : detach(place, fd) < 0 ? UNMOUNT : DONE;
            close_if_open(fd);
            return step;
        }
        if (errno != EBUSY) {
            return errno == ENOENT ? GONE : UNMOUNT;
        }
    }
    return UNMOUNT;
}

static void unmount_from(const struct place *place, const int64_t made[], int64_t out[])
{
    int directory = open_directory(place);
    int target = directory < 0 ? -1 : beneath(directory, place->leaf, O_PATH | O_NOFOLLOW, 0);
    enum step step = unmount_one(place, target, (uint64_t) made[MOUNT_ID], is_socket, made);
    if (step != DONE) {
        fail(out, step);
    }
    if (made[COVER_ID] != 0) {
        step = unmount_one(place, directory, (uint64_t) made[COVER_ID], is_cover, made);
        if (step == UNMOUNT) {
            fail(out, step);
        }
    } else if (directory >= 0 && remove_made(place, directory, made[MADE_DEVICE], made[MADE_INODE]) < 0) {
        fail(out, REMOVE);
    }
    close_if_open(target);
    close_if_open(directory);
}

static int prepare(struct place *place, const char *target, int64_t out[])
{
    memset(out, 0, sizeof(int64_t) * RESULTS);
    *place = (struct place) {.proc = -1, .hosts = -1, .record = -1, .root = -1};
    if (split(place, target) < 0) {
        fail(out, ARGUMENTS);
        return -1;
    }
    place->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    place->hosts = open("/proc/thread-self/mountinfo", O_RDONLY | O_CLOEXEC);
    /* a root and a working directory of this thread's own, or setns refuses */
    if (place->proc < 0 || place->hosts < 0 || unshare(CLONE_FS) < 0) {
        fail(out, PROC);
        return -1;
    }
    return 0;
}

static void leave(struct place *place)
{
    close_if_open(place->root);
    close_if_open(place->hosts);
    close_if_open(place->proc);
}

/*
 * Both leave the calling thread in the namespace, fit for nothing but to end. in: the numbers above; out: RESULTS numbers.
 */
__attribute__((visibility("default")))
void berth_mount(const int64_t in[], const char *name, const char *target, int64_t out[])
{
    struct place place;
    if (prepare(&place, target, out) == 0) {
        int namespace = (int) in[NAMESPACE];
        place.record = (int) in[RECORD_FILE];
        /* the working directory is carried over into the copy of the namespace below */
        if (fchdir((int) in[SOURCE_DIRECTORY]) < 0) {
            fail(out, SOURCE);
        } else if (!(in[FLAGS] & AS_OWNER) || become_owner(namespace, out) == 0) {
            /* a mount can be cloned by whoever rules over the namespace it is in: so, one of our own */
            if (in[FLAGS] & AS_OWNER && unshare(CLONE_NEWNS) < 0) {
                fail(out, COPY);
            } else {
                int tree = clone_socket((int) in[SOURCE_SOCKET], name, out);
                close_given((int) in[SOURCE_SOCKET]);
                close_given((int) in[SOURCE_DIRECTORY]);
                if (tree >= 0 && enter(&place, namespace, out) == 0) {
                    mount_over(&place, tree, (in[FLAGS] & HIDE_DIRECTORY) != 0, out);
                }
                close_if_open(tree);
            }
        }
    }
    leave(&place);
}

__attribute__((visibility("default")))
void berth_unmount(const int64_t in[], const char *target, int64_t out[])
{
    struct place place;
    if (prepare(&place, target, out) == 0 && (!(in[FLAGS] & AS_OWNER) || become_owner((int) in[NAMESPACE], out) == 0)
            && enter(&place, (int) in[NAMESPACE], out) == 0) {
        unmount_from(&place, in + UNMOUNT_RESULT - MOUNT_ID, out);
    }
    leave(&place);
}

#ifndef BERTH_LIBRARY
static int parse(int count, char **words, int64_t numbers[])
{
    for (int i = 0; i < count; i++) {
        char *end;
        errno = 0;
        numbers[i] = strtoll(words[i], &end, 10);
        if (errno != 0 || end == words[i] || *end != '\0') {
            return -1;
        }
    }
    return 0;
}

/* The fds that are given begin with this one. */
enum { FIRST_GIVEN = 3, GIVEN_TO_MOUNT = 4, GIVEN_TO_UNMOUNT = 1 };

/* Nothing is mounted any more when the helper is dead: the next one may have looked already for what has to be undone. */
static int die_with_helper(void)
{
    struct pollfd answer = {.fd = STDOUT_FILENO};
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && poll(&answer, 1, 0) >= 0 && !(answer.revents & POLLERR) ? 0 : -1;
}

/*
 * berth-mount mount NAMESPACE FLAGS DIRECTORY SOCKET RECORD NAME TARGET
 * berth-mount unmount NAMESPACE FLAGS MOUNT-ID SOCKET-DEVICE SOCKET-INODE MADE-DEVICE MADE-INODE COVER-ID TARGET
 * Prints the RESULTS numbers in one line; exit status 0 when it did (whatever they say), 2 for wrong arguments.
 */
int main(int count, char **words)
{
    int64_t in[UNMOUNT_NUMBERS], out[RESULTS];
    prctl(PR_SET_DUMPABLE, 0);
    /* the Java runtime opens its files without O_CLOEXEC */
    int given = count > 1 && strcmp(words[1], "mount") == 0 ? GIVEN_TO_MOUNT : GIVEN_TO_UNMOUNT;
    syscall(SYSCALL_CLOSE_RANGE, FIRST_GIVEN + given, UINT_MAX, 0);
    if (die_with_helper() < 0) {
        return 1;
    }
    if (count == 2 + MOUNT_NUMBERS + 2 && strcmp(words[1], "mount") == 0 && parse(MOUNT_NUMBERS, words + 2, in) == 0) {
        berth_mount(in, words[count - 2], words[count - 1], out);
    } else if (count == 2 + UNMOUNT_NUMBERS + 1 && strcmp(words[1], "unmount") == 0
            && parse(UNMOUNT_NUMBERS, words + 2, in) == 0) {
        berth_unmount(in, words[count - 1], out);
    } else {
        fputs("berth-mount: started by the berth helper only; it wants file descriptors and numbers\n", stderr);
        return 2;
    }
    for (int i = 0; i < RESULTS; i++) {
        printf(i == 0 ? "%lld" : " %lld", (long long) out[i]);
    }
    return putchar('\n') == EOF || fflush(stdout) != 0;
}
#endif
