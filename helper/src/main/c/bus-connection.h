/*
 * What the programs of a sandbox have in common: finding a bus by its D-Bus address, connecting to it, and answering a
 * helper that asks for connections. One byte comes in for each, one byte with the socket attached goes out, in order.
 */
#ifndef BERTH_BUS_CONNECTION_H
#define BERTH_BUS_CONNECTION_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE_S = 25 };

/* The value of one hexadecimal digit, -1 for any other character. */
static int hex_digit(char c) {
    const char *digits = "0123456789abcdef0123456789ABCDEF", *at = c ? strchr(digits, c) : NULL;
    return at ? (int) (at - digits) & 15 : -1;
}

/* Undoes the escapes of one value (D-Bus specification, "Server Addresses"). Returns its length, -1 when it is malformed or too long. */
static int unescape(const char *from, size_t length, char *to, size_t room) {
    size_t filled = 0;
    for (size_t i = 0; i < length; i++) {
        char c = from[i];
        if (c == '%') {
            int high = i + 2 < length ? hex_digit(from[i + 1]) : -1, low = i + 2 < length ? hex_digit(from[i + 2]) : -1;
            if (high < 0 || low < 0) return -1;
            c = (char) (high << 4 | low);
            i += 2;
        }
        if (filled == room) return -1;
        to[filled++] = c;
    }
    return (int) filled;
}

/* Fills in where one address of a list leads, which ends at a semicolon. Returns the length of the socket address, 0 when it is none of ours. */
static socklen_t socket_address(const char *address, struct sockaddr_un *where) {
    size_t length = strcspn(address, ";");
    memset(where, 0, sizeof *where);
    where->sun_family = AF_UNIX;
    if (length < 5 || strncmp(address, "unix:", 5) != 0) return 0;
    socklen_t found = 0;
    for (const char *key = address + 5, *end = address + length; key < end;) {
        size_t pair = strcspn(key, ",;"), name = strcspn(key, "=,;");
        const char *value = key + name + 1;
        size_t value_length = pair > name ? pair - name - 1 : 0;
        int filled = 0;
        if (name == 4 && strncmp(key, "path", 4) == 0) {
            filled = value_length > 0 && value[0] == '/' ? unescape(value, value_length, where->sun_path, sizeof where->sun_path - 1) : -1;
            found = (socklen_t) offsetof(struct sockaddr_un, sun_path) + (socklen_t) filled + 1;
        } else if (name == 8 && strncmp(key, "abstract", 8) == 0) {
            filled = unescape(value, value_length, where->sun_path + 1, sizeof where->sun_path - 1);
            found = (socklen_t) offsetof(struct sockaddr_un, sun_path) + 1 + (socklen_t) filled;
        } else if (name == 7 && strncmp(key, "runtime", 7) == 0) {
            const char *directory = getenv("XDG_RUNTIME_DIR");
            filled = directory ? snprintf(where->sun_path, sizeof where->sun_path, "%s/bus", directory) : -1;
            found = (socklen_t) offsetof(struct sockaddr_un, sun_path) + (socklen_t) filled + 1;
        }
        if (filled < 0 || found > sizeof *where) return 0;
        key += pair + 1;
    }
    return found;
}

/*
 * Connects to the first of the addresses that somebody listens at; others than ours are passed over (specification, "Server
 * Addresses"). If REACHED is not NULL, that is the address, and where too many wait already the socket is not connected. Else it
 * waits there for 25 s, as D-Bus libraries do. Returns the socket, or -1 with errno: EINVAL when no address is ours.
 */
static int connect_to_bus(const char *addresses, const char **reached) {
    int error = EINVAL;
    for (const char *address = addresses; address; address = strchr(address, ';') ? strchr(address, ';') + 1 : NULL) {
        struct sockaddr_un where;
        socklen_t length = socket_address(address, &where);
        if (length == 0) continue;
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (reached ? SOCK_NONBLOCK : 0), 0);
        if (fd < 0) return -1;
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval) {.tv_sec = PATIENCE_S}, sizeof(struct timeval));
        int result;
        while ((result = connect(fd, (struct sockaddr *) &where, length)) < 0 && errno == EINTR) continue;
        if (result == 0 || (reached && errno == EAGAIN)) {
            if (reached) *reached = address;
            return fd;
        }
        error = errno;
        close(fd);
    }
    errno = error;
    return -1;
}

/* Sends bytes, with file descriptors at the first of them. Returns whether all went. */
static bool send_with_fds(int to, const void *bytes, size_t length, const int *fds, size_t count) {
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(4 * sizeof(int))];
    } control;
    memset(&control, 0, sizeof control);
    const char *at = bytes;
    while (length > 0) {
        struct iovec piece = {(char *) at, length};
        struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
        if (count > 0) {
            message.msg_control = &control;
            message.msg_controllen = CMSG_SPACE(count * sizeof(int));
            control.header.cmsg_level = SOL_SOCKET;
            control.header.cmsg_type = SCM_RIGHTS;
            control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
            memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
        }
        ssize_t sent = sendmsg(to, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        at += sent;
        length -= (size_t) sent;
        count = 0;
    }
    return true;
}

/*
 * Answers the requests that wait at a connector's socket, each with a connection of this very process. Where the bus cannot be
 * reached, the answer comes without one, and the helper turns its client away. Returns false when the helper has closed.
 */
static bool answer_requests(int helper, const char *addresses) {
    char requests[64];
    ssize_t count;
    while ((count = recv(helper, requests, sizeof requests, 0)) < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    while (count-- > 0) {
        int bus = connect_to_bus(addresses, NULL);
        bool sent = send_with_fds(helper, "", 1, &bus, bus < 0 ? 0 : 1);
        if (bus >= 0) close(bus);
        if (!sent) return false;
    }
    return true;
}

#endif
