/*
 * berth-dbus-proxy: the command line of xdg-dbus-proxy, served by the Berth helper.
 *
 * For each ADDRESS PATH it binds PATH, hands the socket to the helper with the rules, and stays as the one who connects to the
 * bus: a connection's credentials are fixed at connect(), so services find this process, in the sandbox's root and cgroup, as
 * they find xdg-dbus-proxy. The helper mediates; no byte of an app's passes through here.
 *
 * What no helper serves, because the bus at ADDRESS (or the helper) is not there, has ended, or ADDRESS cannot be read, is listened
 * at from here: for each client the bus is tried again; then the helper gets the socket with the client still waiting at it, or
 * the client is hung up on. The other proxies do not notice.
 *
 * It is dumpable, as xdg-dbus-proxy: portals look for /.flatpak-info in its root. It enters no namespace, and has no more to be
 * taken than any other program of the user's beside it; an app that is to be kept from it is kept from all of them.
 */
#include "command-line.h"
#include "session-bus.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#define ERROR_NAME "org.freedesktop.DBus.Error."
enum { BACKLOG = 128 };

/* Whether the launcher has been told that clients may come. */
static bool ready;

/* A value of /.flatpak-info, which says whose sandbox this is; NULL when it does not say. */
static char *flatpak_info(const char *group, const char *key) {
    FILE *file = fopen("/.flatpak-info", "re");
    char *line = NULL, *found = NULL;
    size_t room = 0, key_length = strlen(key), group_length = strlen(group);
    bool inside = false;
    while (file && !found && getline(&line, &room, file) > 0) {
        line[strcspn(line, "\r\n")] = 0;
        if (line[0] == '[') inside = strncmp(line + 1, group, group_length) == 0 && strcmp(line + 1 + group_length, "]") == 0;
        else if (inside && strncmp(line, key, key_length) == 0 && line[key_length] == '=') found = copy(line + key_length + 1, strlen(line + key_length + 1));
    }
    free(line);
    if (file) fclose(file);
    return found;
}

/* Strings of messages are UTF-8 (specification, "Valid Strings"); the bus would hang up on others. */
static void check_utf8(const char *text) {
    for (const unsigned char *at = (const unsigned char *) text; *at;) {
        size_t tail = *at < 0x80 ? 0 : *at >= 0xc2 && *at < 0xe0 ? 1 : (*at & 0xf0) == 0xe0 ? 2 : *at >= 0xf0 && *at < 0xf5 ? 3 : 4;
        bool good = tail < 4 && !(at[0] == 0xe0 && at[1] < 0xa0) && !(at[0] == 0xed && at[1] > 0x9f) && !(at[0] == 0xf0 && at[1] < 0x90)
            && !(at[0] == 0xf4 && at[1] > 0x8f);
        for (at++; good && tail > 0; tail--, at++) good = (*at & 0xc0) == 0x80;
        if (!good) die("'%s' is not valid UTF-8", text);
    }
}

static void put_rules(struct writer *body, const struct proxy *proxy) {
    put_entry(body, "Allow", "a(usos)");
    size_t rules = begin_array(body, 8);
    for (size_t i = 0; i < proxy->rule_count; i++) {
        align(body, 8);
        put_uint32(body, proxy->rules[i].flags);
        put_string(body, proxy->rules[i].name);
        put_string(body, proxy->rules[i].path);
        put_string(body, proxy->rules[i].interface);
    }
    if (proxy->sloppy) {
        align(body, 8);
        put_uint32(body, SEE | NAME_IS_SUBTREE | PATH_IS_SUBTREE);
        put_string(body, ":1"); /* buses begin all unique names so */
        put_string(body, "/");
        put_string(body, "");
    }
    end_array(body, rules, 8);
}

/* How the helper is told of the one address of a list that begins here: as it reads them, whatever else is written there. */
static char *plain_address(const char *address) {
    struct sockaddr_un where;
    size_t length = socket_address(address, &where) - offsetof(struct sockaddr_un, sun_path);
    bool is_abstract = where.sun_path[0] == 0;
    const char *name = where.sun_path + is_abstract;
    char *plain = more(NULL, 16 + 3 * length, 1), *end = stpcpy(plain, is_abstract ? "unix:abstract=" : "unix:path=");
    for (length--; length > 0; length--, name++) {
        bool plainly = is_name_character(*name) || (*name >= '-' && *name <= '9');
        end += sprintf(end, plainly ? "%c" : "%%%02x", (unsigned char) *name);
    }
    return plain;
}

/* The call that makes the server of one proxy. What xdg-dbus-proxy's rules allow is asked for by name: hosts' names too. */
static void put_add_server(struct writer *to, struct proxy *proxy) {
    char *app = flatpak_info("Application", "name"), *instance = flatpak_info("Instance", "instance-id");
    const char *base = strrchr(proxy->path, '/') + 1;
    struct writer body = {NULL, 0, 0};
    put_string(&body, app ? "org.flatpak" : "io.berth.DBusProxy");
    put_string(&body, app ? app : base);
    size_t metadata = begin_array(&body, 8);
    if (instance) {
        put_entry(&body, "instance-id", "s");
        put_string(&body, instance);
    }
    end_array(&body, metadata, 8);
    size_t arguments = begin_array(&body, 8);
    put_entry(&body, "Bus", "s");
    put_string(&body, proxy->bus);
    put_flag(&body, "AllowHostEscape");
    if (proxy->filter) put_rules(&body, proxy);
    else put_flag(&body, "Unrestricted");
    put_entry(&body, "Socket", "h");
    put_uint32(&body, 0);
    put_entry(&body, "Connector", "h");
    put_uint32(&body, 1);
    put_entry(&body, "StartTimeout", "t");
    align(&body, 8);
    put_bytes(&body, "\0\0\0\0\0\0\0", 8);
    end_array(&body, arguments, 8);
    check_utf8(app ? app : base);
    check_utf8(instance ? instance : "");
    put_call(to, proxy->serial, HELPER, "/io/berth/Helper1", HELPER, "AddContainerServer", "ssa{sv}a{sv}", &body, 2);
    free(body.bytes);
    free(app);
    free(instance);
}

/* Binds PATH, in the place of what is there, and listens. */
static void bind_socket(struct proxy *proxy) {
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    char *directory = proxy->path[0] == '/' ? NULL : realpath(".", NULL), *path = NULL;
    if (asprintf(&path, "%s%s%s", directory ? directory : "", directory ? "/" : "", proxy->path) < 0) die("out of memory");
    free(directory);
    proxy->path = path;
    int fd = -1;
    if (strlen(path) >= sizeof where.sun_path) errno = ENAMETOOLONG;
    else fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    strncpy(where.sun_path, path, sizeof where.sun_path - 1);
    /* the file gets the socket's own mode, from its first moment */
    if (fd < 0 || fchmod(fd, 0600) < 0 || (unlink(path) < 0 && errno != ENOENT && errno != EISDIR)
            || bind(fd, (struct sockaddr *) &where, sizeof where) < 0 || listen(fd, BACKLOG) < 0)
        die("Failed to start proxy for %s: Error binding to %s: %s", proxy->address, path, strerror(errno));
    proxy->socket = fd;
    proxy->bound = true;
}

/* The sockets in the file system go with us, however we end but by a signal. */
static void remove_sockets(void) {
    for (size_t i = 0; i < proxy_count; i++) {
        if (proxies[i].bound) unlink(proxies[i].path);
    }
}

/* Nobody serves it any more, for now. */
static void close_connector(struct proxy *proxy) {
    if (proxy->connector >= 0) close(proxy->connector);
    proxy->connector = -1;
    proxy->serial = 0;
}

/* Hangs up on who waits at a socket that nobody serves. The reason is told once until it works again. */
static void turn_away(struct proxy *proxy, const char *reason) {
    close_connector(proxy);
    if (!proxy->told)
        fprintf(stderr, "Nothing behind %s now: %s: %s; tried again for each client\n", proxy->path, proxy->address, reason);
    proxy->told = true;
    for (int client; (client = accept(proxy->socket, NULL, NULL)) >= 0;) close(client);
}

/* Asks the helper to serve a proxy, if somebody listens at its bus now. */
static void offer(struct proxy *proxy) {
    const char *reached;
    int reachable = connect_to_bus(proxy->address, &reached), pair[2];
    if (reachable < 0) {
        turn_away(proxy, errno == EINVAL ? "it has no unix: address that can be read" : strerror(errno));
        return;
    }
    close(reachable);
    bool log = false;
    for (size_t i = 0; i < proxy_count; i++) log |= proxies[i].log;
    if (bus.fd < 0 && !find_helper(log)) {
        turn_away(proxy, "there is no helper");
        return;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        turn_away(proxy, strerror(errno));
        return;
    }
    free(proxy->bus);
    proxy->bus = plain_address(reached);
    proxy->connector = pair[0];
    proxy->serial = bus.serial++;
    struct writer call = {NULL, 0, 0};
    put_add_server(&call, proxy);
    bool sent = send_with_fds(bus.fd, call.bytes, call.length, (int[]) {proxy->socket, pair[1]}, 2);
    free(call.bytes);
    close(pair[1]);
    if (!sent) turn_away(proxy, "the session bus has closed the connection");
}

/* What the helper answers. What it refuses for another reason than the bus is no proxy, if that is known before we are ready. */
static void on_answer(struct message *reply) {
    for (size_t i = 0; i < proxy_count; i++) {
        struct proxy *proxy = &proxies[i];
        if (!proxy->serial || proxy->serial != reply->reply_serial) continue;
        const char *text = reply->signature[0] == 's' || reply->signature[0] == 'o' ? get_text(&reply->body, false) : "";
        if (reply->type == ERROR) {
            bool passing = strcmp(reply->error, ERROR_NAME "Failed") == 0 || strcmp(reply->error, ERROR_NAME "InvalidArgs") == 0
                || strcmp(reply->error, ERROR_NAME "NoReply") == 0;
            if (!ready && !passing) die("Failed to start proxy for %s: %s", proxy->address, text[0] ? text : reply->error);
            turn_away(proxy, text[0] ? text : reply->error);
        } else {
            free(proxy->object);
            proxy->object = copy(text, strlen(text));
            proxy->serial = 0;
            proxy->told = false;
        }
    }
}

/* The server of a proxy has ended. A new one is made when somebody comes, but not of one that was removed. */
static void on_end(struct proxy *proxy, bool removed) {
    close_connector(proxy);
    free(proxy->object);
    proxy->object = NULL;
    if (!removed) return;
    fprintf(stderr, "The proxy at %s has ended: its server was removed\n", proxy->path);
    close(proxy->socket);
    proxy->socket = -1;
}

static void on_removed(struct message *signal) {
    const char *object = get_text(&signal->body, false), *reason = get_text(&signal->body, false);
    for (size_t i = 0; i < proxy_count; i++) {
        if (proxies[i].object && strcmp(proxies[i].object, object) == 0) on_end(&proxies[i], strcmp(reason, "removed") == 0);
    }
}

/* No helper is there to tell why servers end. */
static void on_helper_gone(void) {
    for (size_t i = 0; i < proxy_count; i++) {
        if (proxies[i].object) on_end(&proxies[i], false);
    }
}

static void on_owner_changed(struct message *signal) {
    get_text(&signal->body, false);
    if (get_text(&signal->body, false)[0]) on_helper_gone();
}

/* The texts of an Audit signal. Entries of other types are passed over; behind one that cannot be there is nothing to be had. */
static void read_audit(struct reader *from, const char *names[], const char *values[], size_t count) {
    size_t end = get_uint32(from);
    from->at = (from->at + 7) / 8 * 8;
    end += from->at;
    while (!from->failed && from->at < end && end <= from->end) {
        from->at = (from->at + 7) / 8 * 8;
        const char *key = get_text(from, false), *signature = get_text(from, true);
        if (strcmp(signature, "t") == 0 || strcmp(signature, "x") == 0) {
            from->at = (from->at + 7) / 8 * 8 + 8;
        } else if (strcmp(signature, "s") == 0 || strcmp(signature, "o") == 0) {
            const char *text = get_text(from, false);
            for (size_t i = 0; i < count; i++) {
                if (strcmp(key, names[i]) == 0) values[i] = text;
            }
        } else if (strcmp(signature, "as") == 0 || strcmp(signature, "ay") == 0) {
            size_t length = get_uint32(from);
            from->at += length;
        } else if (strlen(signature) == 1 && strchr("biu", signature[0])) {
            get_uint32(from);
        } else {
            return;
        }
    }
}

/* Prints what was denied to a client of one of ours that has --log. */
static void print_denial(struct message *message) {
    const char *names[] = {"Verdict", "Operation", "Direction", "Name", "Path", "Interface", "Member", "Connection", "Rule"};
    const char *values[] = {"", "", "", "", "", "", "", "", ""};
    for (size_t i = 0; i < proxy_count; i++) {
        if (!proxies[i].log || !proxies[i].object || strcmp(message->path, proxies[i].object) != 0) continue;
        read_audit(&message->body, names, values, 9);
        if (strcmp(values[0], "denied") != 0) return;
        bool in = strcmp(values[2], "incoming") == 0;
        printf("%s: %s %s %s %s%s%s%s%s\n*DENIED* (%s)\n", values[7], in ? "<-" : "->", values[3][0] ? values[3] : "(no name)", values[1],
            values[5], values[5][0] ? "." : "", values[6], values[4][0] ? " at " : "", values[4], values[8]);
        fflush(stdout);
    }
}

/* What the helper has sent, or the end of the bus that it is on: who then waits for an answer waits in vain. */
static void hear(void) {
    bool open = receive();
    struct message message;
    for (char *taken; (taken = take_message(&message)); free(taken)) {
        bool broadcast = message.type == SIGNAL_MESSAGE && message.destination[0] == 0;
        if (message.reply_serial) on_answer(&message);
        else if (broadcast && strcmp(message.member, "ContainerServerRemoved") == 0 && strcmp(message.interface, HELPER) == 0) on_removed(&message);
        else if (broadcast && strcmp(message.member, "NameOwnerChanged") == 0 && strcmp(message.interface, BUS) == 0) on_owner_changed(&message);
        else if (broadcast && strcmp(message.member, "Audit") == 0 && strcmp(message.interface, "io.berth.Server1") == 0) print_denial(&message);
    }
    if (open) return;
    leave_bus();
    on_helper_gone();
    for (size_t i = 0; i < proxy_count; i++) {
        if (proxies[i].serial) turn_away(&proxies[i], "the session bus has closed the connection");
    }
}

/* Lives until --fd is closed, or all servers were removed. Returns the exit status. */
static int serve(void) {
    struct pollfd *waits = more(NULL, proxy_count + 2, sizeof *waits);
    for (;;) {
        size_t left = 0, asked = 0;
        for (size_t i = 0; i < proxy_count; i++) {
            struct proxy *proxy = &proxies[i];
            /* whose server has ended waits until it is told why */
            int fd = proxy->serial ? -1 : proxy->object ? proxy->connector : proxy->socket;
            waits[i] = (struct pollfd) {fd, POLLIN, 0};
            left += proxy->socket >= 0;
            asked += proxy->serial != 0 || (proxy->object && proxy->connector < 0);
        }
        if (!ready && asked == 0) {
            ready = true;
            if (sync_fd >= 0 && write(sync_fd, "x", 1) != 1) fprintf(stderr, "Cannot write to the fd %d of --fd: %s\n", sync_fd, strerror(errno));
        }
        if (left == 0) return 1;
        waits[proxy_count] = (struct pollfd) {sync_fd, 0, 0};
        waits[proxy_count + 1] = (struct pollfd) {bus.fd, POLLIN, 0};
        int count = poll(waits, proxy_count + 2, asked ? PATIENCE_S * 1000 : -1);
        if (count < 0 && errno != EINTR) die("poll: %s", strerror(errno));
        if (count < 0) continue;
        if (waits[proxy_count].revents & (POLLERR | POLLHUP)) return 0;
        for (size_t i = 0; i < proxy_count; i++) {
            struct proxy *proxy = &proxies[i];
            if (count == 0 && proxy->serial) turn_away(proxy, "the helper has not answered");
            if (count == 0 && proxy->object && proxy->connector < 0) on_end(proxy, false);
            if (!waits[i].revents) continue;
            if (!proxy->object) offer(proxy);
            else if (!answer_requests(proxy->connector, proxy->bus)) close_connector(proxy);
        }
        if (waits[proxy_count + 1].revents) hear();
    }
}

int main(int count, char **values) {
    struct arguments list = {NULL, 0};
    for (int i = 1; i < count; i++) add_argument(&list, values[i]);
    if (list.count == 0) {
        usage(stderr);
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    atexit(remove_sockets);
    parse(&list);
    if (proxy_count == 0) die("No proxies specified");
    for (size_t i = 0; i < proxy_count; i++) bind_socket(&proxies[i]);
    for (size_t i = 0; i < proxy_count; i++) offer(&proxies[i]);
    return serve();
}
