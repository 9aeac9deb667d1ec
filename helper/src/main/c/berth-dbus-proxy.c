/*
 * berth-dbus-proxy: the command line of xdg-dbus-proxy, served by the Berth helper.
 *
 * For each ADDRESS PATH it binds PATH, hands the socket to the helper with the rules, and stays as the one who connects to the
 * bus: a connection's credentials are fixed at connect(), so services find this process, in the sandbox's root and cgroup, as
 * they find xdg-dbus-proxy. The helper mediates; no byte of an app's passes through here.
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

/* The call that makes the server of one proxy. What xdg-dbus-proxy's rules allow is asked for by name: hosts' names too. */
static void put_add_server(struct writer *to, struct proxy *proxy, uint32_t serial) {
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
    put_string(&body, proxy->address);
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
    check_utf8(proxy->address);
    put_call(to, proxy->serial = serial, HELPER, "/io/berth/Helper1", HELPER, "AddContainerServer", "ssa{sv}a{sv}", &body, 2);
    free(body.bytes);
    free(app);
    free(instance);
}

/* Binds PATH, in the place of what is there, and makes the pair of sockets between us and the helper. */
static void bind_socket(struct proxy *proxy) {
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    char *directory = proxy->path[0] == '/' ? NULL : realpath(".", NULL), *path = NULL;
    if (asprintf(&path, "%s%s%s", directory ? directory : "", directory ? "/" : "", proxy->path) < 0) die("out of memory");
    free(directory);
    proxy->path = path;
    int fd = -1, pair[2];
    if (strlen(path) >= sizeof where.sun_path) errno = ENAMETOOLONG;
    else fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    strncpy(where.sun_path, path, sizeof where.sun_path - 1);
    /* the file gets the socket's own mode, from its first moment */
    if (fd < 0 || fchmod(fd, 0600) < 0 || (unlink(path) < 0 && errno != ENOENT && errno != EISDIR)
            || bind(fd, (struct sockaddr *) &where, sizeof where) < 0)
        die("Failed to start proxy for %s: Error binding to %s: %s", proxy->address, path, strerror(errno));
    proxy->socket = fd;
    proxy->bound = true;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) die("Failed to start proxy for %s: %s", proxy->address, strerror(errno));
    proxy->connector = pair[0];
    proxy->helpers_connector = pair[1];
}

/* The sockets in the file system go with us, however we end but by a signal. */
static void remove_sockets(void) {
    for (size_t i = 0; i < proxy_count; i++) {
        if (proxies[i].bound) unlink(proxies[i].path);
    }
}

/* Has the helper make all servers, and waits until clients can connect. */
static void make_servers(void) {
    bool log = false;
    for (size_t i = 0; i < proxy_count; i++) {
        bind_socket(&proxies[i]);
        log |= proxies[i].log;
    }
    find_helper(log);
    for (size_t i = 0; i < proxy_count; i++) {
        struct writer call = {NULL, 0, 0};
        put_add_server(&call, &proxies[i], FIRST_SERVER_SERIAL + (uint32_t) i);
        if (!send_with_fds(bus.fd, call.bytes, call.length, (int[]) {proxies[i].socket, proxies[i].helpers_connector}, 2))
            die("The session bus has closed the connection");
        free(call.bytes);
        close(proxies[i].socket);
        close(proxies[i].helpers_connector);
    }
    for (size_t made = 0; made < proxy_count;) {
        struct message reply;
        char *taken = await_reply(&reply);
        for (size_t i = 0; i < proxy_count; i++) {
            if (proxies[i].serial != reply.reply_serial) continue;
            const char *text = reply.signature[0] == 's' || reply.signature[0] == 'o' ? get_text(&reply.body, false) : "";
            if (reply.type == ERROR) die("Failed to start proxy for %s: %s", proxies[i].address, text[0] ? text : reply.error);
            proxies[i].object = copy(text, strlen(text));
            made++;
        }
        free(taken);
    }
    if (!log) {
        close(bus.fd);
        bus.fd = -1;
    }
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
        if (!proxies[i].log || strcmp(message->path, proxies[i].object) != 0) continue;
        read_audit(&message->body, names, values, 9);
        if (strcmp(values[0], "denied") != 0) return;
        bool in = strcmp(values[2], "incoming") == 0;
        printf("%s: %s %s %s %s%s%s%s%s\n*DENIED* (%s)\n", values[7], in ? "<-" : "->", values[3][0] ? values[3] : "(no name)", values[1],
            values[5], values[5][0] ? "." : "", values[6], values[4][0] ? " at " : "", values[4], values[8]);
        fflush(stdout);
    }
}

/* Lives as long as the servers, or until --fd is closed. Returns the exit status. */
static int serve(void) {
    struct pollfd *waits = more(NULL, proxy_count + 2, sizeof *waits);
    for (size_t open = proxy_count; open > 0;) {
        for (size_t i = 0; i < proxy_count; i++) waits[i] = (struct pollfd) {proxies[i].connector, POLLIN, 0};
        waits[proxy_count] = (struct pollfd) {sync_fd, 0, 0};
        waits[proxy_count + 1] = (struct pollfd) {bus.fd, POLLIN, 0};
        if (poll(waits, proxy_count + 2, -1) < 0 && errno != EINTR) die("poll: %s", strerror(errno));
        if (waits[proxy_count].revents & (POLLERR | POLLHUP)) return 0;
        for (size_t i = 0; i < proxy_count; i++) {
            if (waits[i].revents && !answer_requests(proxies[i].connector, proxies[i].address)) {
                fprintf(stderr, "The proxy at %s has ended: its server was removed\n", proxies[i].path);
                close(proxies[i].connector);
                proxies[i].connector = -1;
                open--;
            }
        }
        if (waits[proxy_count + 1].revents && !receive()) {
            close(bus.fd);
            bus.fd = -1;
        }
        struct message message;
        for (char *taken; (taken = take_message(&message)); free(taken)) {
            if (message.type == SIGNAL_MESSAGE && strcmp(message.member, "Audit") == 0 && strcmp(message.interface, "io.berth.Server1") == 0)
                print_denial(&message);
        }
    }
    return 1;
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
    make_servers();
    if (sync_fd >= 0 && write(sync_fd, "x", 1) != 1) fprintf(stderr, "Cannot write to the fd %d of --fd: %s\n", sync_fd, strerror(errno));
    return serve();
}
