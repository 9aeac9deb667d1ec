/* The connection to the session bus, and so to the helper there: one for the whole program, blocking. */
#ifndef BERTH_SESSION_BUS_H
#define BERTH_SESSION_BUS_H

#include "bus-connection.h"
#include "command-line.h"
#include "message.h"

enum { LARGEST_MESSAGE = 1 << 27 };
enum { HELLO_SERIAL = 1, MATCH_SERIAL = 2, OWNER_SERIAL = 3, START_SERIAL = 4, FIRST_SERVER_SERIAL = 5 };

#define BUS "org.freedesktop.DBus"
#define HELPER "io.berth.Helper1"

/* The connection to the bus on which the helper is. */
static struct {
    int fd;
    uint32_t serial; /* of the next call to the helper */
    char *bytes;
    size_t length, room;
} bus = {-1, FIRST_SERVER_SERIAL, NULL, 0, 0};

static void leave_bus(void) {
    if (bus.fd >= 0) close(bus.fd);
    bus.fd = -1;
    bus.length = 0;
}

/* Takes the next whole message out of what has come, into memory of its own. Returns NULL when there is none. */
static char *take_message(struct message *message) {
    if (bus.length < 16) return NULL;
    struct reader start = {bus.bytes, 4, 16, bus.bytes[0] != (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 'l' : 'B'), false};
    size_t body = get_uint32(&start);
    get_uint32(&start);
    size_t header_end = 16 + (size_t) get_uint32(&start), length = (header_end + 7) / 8 * 8 + body;
    if (length > LARGEST_MESSAGE) die("The bus sent a message of %zu bytes", length);
    if (bus.length < length) return NULL;
    char *taken = copy(bus.bytes, length);
    memmove(bus.bytes, bus.bytes + length, bus.length -= length);
    if (!read_header(taken, length, header_end, message)) die("The bus sent a malformed message");
    return taken;
}

/* Reads what has come, or waits for something. Returns false at the end. File descriptors that come along are none of ours: there is no room for them. */
static bool receive(void) {
    while (bus.room < bus.length + 4096) bus.bytes = more(bus.bytes, bus.room = bus.room * 2 + 4096, 1);
    ssize_t count;
    while ((count = recv(bus.fd, bus.bytes + bus.length, bus.room - bus.length - 1, 0)) < 0 && errno == EINTR) continue;
    if (count > 0) bus.length += (size_t) count;
    return count > 0;
}

/* SASL EXTERNAL with whoever the kernel says we are, and file descriptors (specification, "Authentication Protocol"). */
static bool authenticate(const char *address) {
    bus.fd = connect_to_bus(address, NULL);
    if (bus.fd < 0) {
        fprintf(stderr, "Failed to connect to the session bus at %s: %s\n", address, strerror(errno));
        return false;
    }
    setsockopt(bus.fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval) {.tv_sec = PATIENCE_S}, sizeof(struct timeval));
    static const char begin[] = "\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\n";
    char *agreed = NULL;
    bool sent = send_with_fds(bus.fd, begin, sizeof begin - 1, NULL, 0);
    while (sent && !agreed && receive() && bus.length < 4096) {
        bus.bytes[bus.length] = 0;
        if (strstr(bus.bytes, "REJECTED") || strstr(bus.bytes, "ERROR")) break;
        agreed = strstr(bus.bytes, "AGREE_UNIX_FD\r\n");
    }
    bus.length = 0;
    if (!agreed) fprintf(stderr, "Failed to authenticate to the session bus at %s\n", address);
    return agreed;
}

/* Waits for the answer to a call. Returns whether it came, and is no error. */
static bool await_reply(uint32_t serial) {
    for (;;) {
        struct message message;
        char *taken = take_message(&message);
        bool found = taken && message.reply_serial == serial;
        free(taken);
        if (found) return message.type == METHOD_RETURN;
        if (!taken && !receive()) return false;
    }
}

static void add_match(struct writer *to, const char *rule) {
    struct writer match = {NULL, 0, 0};
    put_string(&match, rule);
    put_call(to, MATCH_SERIAL, BUS, "/org/freedesktop/DBus", BUS, "AddMatch", "s", &match, 0);
    free(match.bytes);
}

/*
 * Says Hello, and asks to be told when a server ends, and of denials. File descriptors must wait for the answer: while it
 * authenticates, the bus drops them.
 */
static bool say_hello(bool log) {
    struct writer first = {NULL, 0, 0}, hello = {NULL, 0, 0}, nothing = {NULL, 0, 0};
    put_bytes(&first, "BEGIN\r\n", 7);
    put_call(&hello, HELLO_SERIAL, BUS, "/org/freedesktop/DBus", BUS, "Hello", "", &nothing, 0);
    add_match(&hello, "type='signal',sender='" HELPER "',interface='" HELPER "',member='ContainerServerRemoved'");
    add_match(&hello, "type='signal',sender='" BUS "',interface='" BUS "',member='NameOwnerChanged',arg0='" HELPER "'");
    if (log) add_match(&hello, "type='signal',sender='" HELPER "',interface='io.berth.Server1',member='Audit'");
    put_bytes(&first, hello.bytes, hello.length);
    bool welcome = send_with_fds(bus.fd, first.bytes, first.length, NULL, 0) && await_reply(HELLO_SERIAL);
    free(first.bytes);
    free(hello.bytes);
    if (!welcome) fprintf(stderr, "The session bus refuses the connection\n");
    return welcome;
}

/* Asks the bus something about the helper's name. Returns whether the answer is no error. */
static bool ask_for_helper(uint32_t serial, const char *method, const char *signature) {
    struct writer call = {NULL, 0, 0}, body = {NULL, 0, 0};
    put_string(&body, HELPER);
    if (strcmp(signature, "su") == 0) put_uint32(&body, 0);
    put_call(&call, serial, BUS, "/org/freedesktop/DBus", BUS, method, signature, &body, 0);
    bool good = send_with_fds(bus.fd, call.bytes, call.length, NULL, 0) && await_reply(serial);
    free(call.bytes);
    free(body.bytes);
    return good;
}

/* Connects to the bus at an address, which is the one of the helper if CHECK finds it there. Returns whether all is well. */
static bool join(const char *address, bool log, bool check) {
    if (authenticate(address) && say_hello(log)
            && (!check || ask_for_helper(OWNER_SERIAL, "GetNameOwner", "s") || ask_for_helper(START_SERIAL, "StartServiceByName", "su")))
        return true;
    leave_bus();
    return false;
}

/*
 * Connects to the session bus, where the helper is. Launchers may start us without an environment (firejail does); then it is that
 * bus of the command line, or the one in the user's runtime directory, on which the helper is. Returns whether there is one; why not
 * has been said.
 */
static bool find_helper(bool log) {
    const char *session = getenv("DBUS_SESSION_BUS_ADDRESS"), *runtime = getenv("XDG_RUNTIME_DIR");
    if ((session && session[0]) || runtime) return join(session && session[0] ? session : "unix:runtime=yes", log, false);
    char usual[64];
    snprintf(usual, sizeof usual, "unix:path=/run/user/%u/bus", getuid());
    for (size_t i = 0; i <= proxy_count; i++) {
        if (join(i < proxy_count ? proxies[i].address : usual, log, true)) return true;
    }
    fprintf(stderr, "There is no Berth helper on any of these buses, and DBUS_SESSION_BUS_ADDRESS is not set\n");
    return false;
}

#endif
