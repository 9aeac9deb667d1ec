/*
 * berth-connector: starts a program in a sandbox and stays beside it as the one who connects to the buses, in the sandbox's
 * root and cgroup, so that services find the app there: berth-connector ADDRESS... -- PROGRAM [ARGUMENT...]
 *
 * It inherits what it needs, from descriptor 3 on, for each ADDRESS: where the helper asks for connections, and of a bus in the
 * file system its socket (O_PATH), which inside the sandbox something else covers. So there is no place where somebody else
 * could come for it. The sandbox's first process had the same descriptors; the program starts when that has closed them.
 *
 * The program keeps its process id and its parent. The connector is another process, whose memory and files the program cannot
 * reach although it is the same user's: it is not dumpable (prctl(2), PR_SET_DUMPABLE), which asks for CAP_SYS_PTRACE. It ends
 * when the helper has closed all its servers; and in a pid namespace when no other process is left there but its first one:
 * with the program, unless that has left others. So it is never what keeps a sandbox alive.
 *
 * Outside the sandbox, berth-connector --gate PROGRAM [ARGUMENT...] becomes PROGRAM when it is given the descriptors to inherit.
 * Its standard input is a socket that nobody else has: there come the real standard input, and those for 3 and on.
 */
#include "bus-connection.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum { LOOK_MS = 200, MOST_LOOKS = 10000, MOST_BUSES = 2, FIRST_FD = 3, MOST_FDS = 2 * MOST_BUSES, NOT_STARTED = 125, NOT_FOUND = 127, NOT_EXECUTABLE = 126 };
enum { SYSCALL_CLOSE_RANGE = 436 }; /* the same on every architecture but alpha; not in all headers */

static int sockets[MOST_BUSES];
static char *addresses[MOST_BUSES];
static size_t bus_count;
static int end_of_fds = FIRST_FD;

static void __attribute__((noreturn)) give_up(const char *what) {
    fprintf(stderr, "berth-connector: %s: %s\n", what, strerror(errno));
    exit(NOT_STARTED);
}

static void __attribute__((noreturn)) become(char **command) {
    execv(command[0], command);
    fprintf(stderr, "berth-connector: %s: %s\n", command[0], strerror(errno));
    exit(errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
}

/* Waits for the descriptors, and puts them where they are inherited. */
static void __attribute__((noreturn)) wait_at_gate(char **command) {
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE((1 + MOST_FDS) * sizeof(int))];
    } control;
    char byte;
    struct iovec piece = {&byte, 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t count;
    while ((count = recvmsg(STDIN_FILENO, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) continue;
    if (count == 0) exit(NOT_STARTED); /* whoever started us has given up, and said why */
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (count < 0 || !header || header->cmsg_type != SCM_RIGHTS || message.msg_flags & MSG_CTRUNC) {
        errno = count < 0 ? errno : EPROTO;
        give_up("standard input");
    }
    int fds[1 + MOST_FDS];
    size_t given = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(fds, CMSG_DATA(header), given * sizeof(int));
    /* they have come in ascending order, each above the place that it is moved to */
    for (size_t i = 0; i < given; i++) {
        if (dup2(fds[i], i == 0 ? STDIN_FILENO : FIRST_FD + (int) i - 1) < 0) give_up("descriptors");
    }
    become(command);
}

/* One of the descriptors that are inherited; the program does not get it. */
static int next_fd(void) {
    if (fcntl(end_of_fds, F_SETFD, FD_CLOEXEC) < 0) give_up("descriptors");
    return end_of_fds++;
}

/* Whether the first process of the sandbox, which the program can look into like us, still has what we have there. */
static bool is_shared(int fd) {
    char path[32], ours[PATH_MAX], first[PATH_MAX];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(path, ours, sizeof ours);
    snprintf(path, sizeof path, "/proc/1/fd/%d", fd);
    return length > 0 && readlink(path, first, sizeof first) == length && memcmp(ours, first, (size_t) length) == 0;
}

static void take_fds(void) {
    for (size_t i = 0; i < bus_count; i++) {
        sockets[i] = next_fd();
        if (strncmp(addresses[i], "unix:path=", 10) == 0 && asprintf(&addresses[i], "unix:path=/proc/self/fd/%d", next_fd()) < 0) give_up("memory");
    }
    for (int fd = FIRST_FD; fd < end_of_fds; fd++) {
        for (int looks = 0; is_shared(fd); looks++) {
            if (looks == MOST_LOOKS) {
                errno = EBUSY;
                give_up("the first process of the sandbox does not close what it was given");
            }
            nanosleep(&(struct timespec) {.tv_nsec = 1000000}, NULL);
        }
    }
}

/* kill(2): all processes but this one and the first of the pid namespace; signal 0 only asks. */
static int is_alone(void) {
    return kill(-1, 0) < 0 && errno == ESRCH;
}

/*
 * The life of the connector. Nothing of the program's streams and terminal is held. Before the program has ended nothing needs to
 * be looked for; without pidfds (before Linux 5.3) it may have.
 */
static void __attribute__((noreturn)) serve(pid_t program) {
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; fd++) dup2(nothing, fd);
    clearenv();
    prctl(PR_SET_NAME, "berth-connector");
    syscall(SYSCALL_CLOSE_RANGE, end_of_fds, UINT_MAX, 0); /* before Linux 5.9 what the program has too stays open */
    if (chdir("/") < 0) _exit(1);
    struct pollfd waits[MOST_BUSES + 1];
    for (size_t i = 0; i < bus_count; i++) waits[i] = (struct pollfd) {sockets[i], POLLIN, 0};
    struct pollfd *end = &waits[bus_count];
    *end = (struct pollfd) {(int) syscall(SYS_pidfd_open, program, 0), POLLIN, 0};
    for (size_t open = bus_count; open > 0;) {
        if (poll(waits, bus_count + 1, end->fd < 0 ? LOOK_MS : -1) < 0) {
            if (errno != EINTR) _exit(1);
            continue;
        }
        if (end->revents) {
            close(end->fd);
            *end = (struct pollfd) {-1, 0, 0};
        }
        if (end->fd < 0 && is_alone()) _exit(0);
        for (size_t i = 0; i < bus_count; i++) {
            if (waits[i].revents && !answer_requests(waits[i].fd, addresses[i])) {
                close(waits[i].fd);
                waits[i].fd = -1;
                open--;
            }
        }
    }
    _exit(0);
}

int main(int count, char **values) {
    /* from before there is another process: no moment in which the program could reach it */
    prctl(PR_SET_DUMPABLE, 0);
    if (count > 2 && strcmp(values[1], "--gate") == 0) wait_at_gate(values + 2);
    int at = 1;
    for (; at < count && strcmp(values[at], "--") != 0 && bus_count < MOST_BUSES; at++) addresses[bus_count++] = values[at];
    if (bus_count == 0 || at + 1 >= count || strcmp(values[at], "--") != 0) {
        fputs("usage: berth-connector ADDRESS [ADDRESS] -- PROGRAM [ARGUMENT...]\n", stderr);
        return NOT_STARTED;
    }
    take_fds();
    pid_t program = getpid();
    pid_t between = fork();
    if (between < 0) give_up("fork");
    if (between == 0) {
        /* the grandchild is nobody's child that the program could wait for */
        if (setsid() < 0) _exit(1);
        pid_t connector = fork();
        if (connector == 0) serve(program);
        _exit(connector < 0);
    }
    int status;
    while (waitpid(between, &status, 0) < 0 && errno == EINTR) continue;
    if (status != 0) {
        errno = EAGAIN;
        give_up("fork");
    }
    become(values + at + 1);
}
