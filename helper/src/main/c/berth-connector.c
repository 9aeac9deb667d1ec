/*
 * berth-connector: starts a program in a sandbox and stays beside it as the one who connects to the buses, in the sandbox's
 * root and cgroup, so that services find the app there: berth-connector SOCKET ADDRESS... -- PROGRAM [ARGUMENT...]
 *
 * At SOCKET it is given two file descriptors for each ADDRESS: where the helper asks for connections, and the bus's socket in
 * the file system (O_PATH), which inside the sandbox something else covers. An abstract ADDRESS needs none and is used itself.
 *
 * The program keeps its process id and its parent. The connector is another process, whose memory and files the program cannot
 * reach although it is the same user's: it is not dumpable (prctl(2), PR_SET_DUMPABLE), which asks for CAP_SYS_PTRACE. It ends
 * when the helper has closed all its servers; and in a pid namespace when no other process is left there but its first one:
 * with the program, unless that has left others. So it is never what keeps a sandbox alive.
 */
#include "bus-connection.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { LOOK_MS = 200, MOST_BUSES = 2, NOT_STARTED = 125, NOT_FOUND = 127, NOT_EXECUTABLE = 126 };

static int sockets[MOST_BUSES];
static char *addresses[MOST_BUSES];
static size_t bus_count;

static void __attribute__((noreturn)) give_up(const char *what) {
    fprintf(stderr, "berth-connector: %s: %s\n", what, strerror(errno));
    exit(NOT_STARTED);
}

/* Takes what is given at the socket: for each bus where the helper asks, and the bus. */
static void take(const char *path) {
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(2 * MOST_BUSES * sizeof(int))];
    } control;
    char byte;
    struct iovec piece = {&byte, 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (strlen(path) >= sizeof where.sun_path) {
        errno = ENAMETOOLONG;
        give_up(path);
    }
    strcpy(where.sun_path, path);
    int giver = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (giver < 0 || connect(giver, (struct sockaddr *) &where, sizeof where) < 0) give_up(path);
    ssize_t count;
    while ((count = recvmsg(giver, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) continue;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (count != 1 || !header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(2 * bus_count * sizeof(int))) {
        errno = EPROTO;
        give_up(path);
    }
    int fds[2 * MOST_BUSES];
    memcpy(fds, CMSG_DATA(header), 2 * bus_count * sizeof(int));
    for (size_t i = 0; i < bus_count; i++) {
        sockets[i] = fds[2 * i];
        if (strncmp(addresses[i], "unix:path=", 10) == 0 && asprintf(&addresses[i], "unix:path=/proc/self/fd/%d", fds[2 * i + 1]) < 0) give_up("memory");
    }
    close(giver);
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
    prctl(PR_SET_NAME, "berth-connector");
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
    int at = 2;
    for (; at < count && strcmp(values[at], "--") != 0; at++) {
        if (bus_count == MOST_BUSES || at < 2) break;
        addresses[bus_count++] = values[at];
    }
    if (bus_count == 0 || at + 1 >= count || strcmp(values[at], "--") != 0) {
        fputs("usage: berth-connector SOCKET ADDRESS [ADDRESS] -- PROGRAM [ARGUMENT...]\n", stderr);
        return NOT_STARTED;
    }
    take(values[1]);
    /* from before there is another process: no moment in which the program could reach it */
    prctl(PR_SET_DUMPABLE, 0);
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
    execv(values[at + 1], values + at + 1);
    fprintf(stderr, "berth-connector: %s: %s\n", values[at + 1], strerror(errno));
    return errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
}
