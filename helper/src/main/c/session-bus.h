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
    char *bytes;
    size_t length, room;
} bus = {-1, NULL, 0, 0};

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
    bus.fd = connect_to_bus(address);
    if (bus.fd < 0) {
        fprintf(stderr, "Failed to connect to the session bus at %s: %s\n", address, strerror(errno));
        return false;
    }
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

/* Waits for the next message that is a reply. Returns memory for the caller to free. */
static char *await_reply(struct message *message) {
    for (;;) {
        char *taken = take_message(message);
        if (taken && message->reply_serial) return taken;
        if (!taken && !receive()) die("The session bus has closed the connection");
        free(taken);
    }
}

/* Says Hello, and asks to be told of denials. File descriptors must wait for the answer: while it authenticates, the bus drops them. */
static void say_hello(bool log) {
    struct writer first = {NULL, 0, 0}, hello = {NULL, 0, 0}, nothing = {NULL, 0, 0};
    put_bytes(&first, "BEGIN\r\n", 7);
    put_call(&hello, HELLO_SERIAL, BUS, "/org/freedesktop/DBus", BUS, "Hello", "", &nothing, 0);
    if (log) {
        struct writer match = {NULL, 0, 0};
        put_string(&match, "type='signal',sender='" HELPER "',interface='io.berth.Server1',member='Audit'");
        put_call(&hello, MATCH_SERIAL, BUS, "/org/freedesktop/DBus", BUS, "AddMatch", "s", &match, 0);
        free(match.bytes);
    }
    put_bytes(&first, hello.bytes, hello.length);
    if (!send_with_fds(bus.fd, first.bytes, first.length, NULL, 0)) die("The session bus has closed the connection");
    free(first.bytes);
    free(hello.bytes);
    struct message reply;
    free(await_reply(&reply));
    if (reply.reply_serial != HELLO_SERIAL || reply.type != METHOD_RETURN) die("The session bus refuses the connection");
}

/* Asks the bus something about the helper's name. Returns whether the answer is no error. */
static bool ask_for_helper(uint32_t serial, const char *method, const char *signature) {
    struct writer call = {NULL, 0, 0}, body = {NULL, 0, 0};
    put_string(&body, HELPER);
    if (strcmp(signature, "su") == 0) put_uint32(&body, 0);
    put_call(&call, serial, BUS, "/org/freedesktop/DBus", BUS, method, signature, &body, 0);
    struct message reply = {.type = ERROR};
    if (send_with_fds(bus.fd, call.bytes, call.length, NULL, 0)) {
        do free(await_reply(&reply));
        while (reply.reply_serial != serial);
    }
    free(call.bytes);
    free(body.bytes);
    return reply.type == METHOD_RETURN;
}

/*
 * Connects to the session bus, where the helper is. Launchers may start us without an environment (firejail does); then it is that
 * bus of the command line, or the one in the user's runtime directory, on which the helper is.
 */
static void find_helper(bool log) {
    const char *session = getenv("DBUS_SESSION_BUS_ADDRESS"), *runtime = getenv("XDG_RUNTIME_DIR");
    if ((session && session[0]) || runtime) {
        if (!authenticate(session && session[0] ? session : "unix:runtime=yes")) exit(1);
        say_hello(log);
        return;
    }
    char *usual;
    if (asprintf(&usual, "unix:path=/run/user/%u/bus", getuid()) < 0) die("out of memory");
    for (size_t i = 0; i <= proxy_count; i++) {
        if (!authenticate(i < proxy_count ? proxies[i].address : usual)) continue;
        say_hello(log);
        if (ask_for_helper(OWNER_SERIAL, "GetNameOwner", "s") || ask_for_helper(START_SERIAL, "StartServiceByName", "su")) return;
        close(bus.fd);
    }
    die("There is no Berth helper on any of these buses, and DBUS_SESSION_BUS_ADDRESS is not set");
}

#endif
