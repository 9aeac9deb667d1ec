/*
 * The command line of xdg-dbus-proxy 0.1: which buses to serve where, and the rules for each. It complains as that program does.
 */
#ifndef BERTH_COMMAND_LINE_H
#define BERTH_COMMAND_LINE_H

#include "failure.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#ifndef BERTH_VERSION
#define BERTH_VERSION "unknown"
#endif

/* Bits of access rules, as in the helper's D-Bus interface. */
enum { SEE = 0x1, CALL = 0x2, SIGNAL = 0x4, BROADCAST = 0x8, OWN = 0x10, SEND_FDS = 0x20, RECEIVE_FDS = 0x40, NAME_IS_SUBTREE = 0x100,
    PATH_IS_SUBTREE = 0x200, INTERFACE_HAS_MEMBER = 0x800, TALK = SEE | CALL | SIGNAL | BROADCAST | SEND_FDS | RECEIVE_FDS };
enum { LARGEST_ARGUMENTS = 1 << 24 };

/* One ADDRESS PATH with its options, and the server that comes of it. */
struct proxy {
    const char *address;
    const char *path;
    bool filter, log, sloppy, bound, told;
    struct rule {
        uint32_t flags;
        const char *name, *path, *interface;
    } *rules;
    size_t rule_count;
    int socket, connector; /* -1: closed for good; nobody serves it */
    uint32_t serial; /* of the call to the helper that has no answer yet, or 0 */
    char *bus, *object; /* where it is served, NULL before a server is there and after its end was told */
};

static struct proxy *proxies;
static size_t proxy_count;
static int sync_fd = -1;

static void usage(FILE *to) {
    fputs("usage: berth-dbus-proxy [OPTION...] [ADDRESS PATH [OPTION...]...]\n\n"
        "Listens at each PATH and lets through to the bus at ADDRESS what the options say;\n"
        "the same command line as xdg-dbus-proxy's.\n\n"
        "General options:\n"
        "    --help                       Print this and exit\n"
        "    --version                    Print the version and exit\n"
        "    --fd=FD                      Write a byte to FD when ready, end when it is closed\n"
        "    --args=FD                    Read more arguments from FD, each ended by NUL\n\n"
        "Options of the ADDRESS PATH before them:\n"
        "    --filter                     Let through only what is allowed\n"
        "    --log                        Print what is denied\n"
        "    --sloppy-names               Make all unique names visible\n"
        "    --see=NAME                   The name is visible\n"
        "    --talk=NAME                  Calls and signals to it, and its signals\n"
        "    --own=NAME                   The same, and the name may be owned\n"
        "    --call=NAME=RULE             Calls to it that RULE describes\n"
        "    --broadcast=NAME=RULE        Signals from it that RULE describes\n\n"
        "NAME may end in .*, RULE is [METHOD][@PATH]: *, INTERFACE.* or INTERFACE.METHOD, and an object path that may end in /*\n", to);
}

static bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* A dotted name of at least two elements, as of interfaces; well-known bus names may have hyphens too. */
static bool is_dotted(const char *name, bool hyphens) {
    size_t elements = 1, length = strlen(name);
    for (size_t i = 0; i < length; i++) {
        bool first = i == 0 || name[i - 1] == '.';
        if (name[i] == '.' && !first && i + 1 < length) elements++;
        else if (!is_name_character(name[i]) && !(hyphens && name[i] == '-') && !(name[i] >= '0' && name[i] <= '9' && !first)) return false;
    }
    return elements > 1 && length <= 255;
}

static bool is_object_path(const char *path) {
    if (strcmp(path, "/") == 0) return true;
    for (const char *at = path; *at; at++) {
        if (*at == '/' ? !at[1] || at[1] == '/' : !is_name_character(*at) && !(*at >= '0' && *at <= '9')) return false;
    }
    return path[0] == '/';
}

static void add_rule(struct proxy *proxy, uint32_t flags, const char *name, const char *path, const char *interface) {
    proxy->rules = more(proxy->rules, proxy->rule_count + 1, sizeof *proxy->rules);
    proxy->rules[proxy->rule_count++] = (struct rule) {flags, name, path, interface};
}

/* A name, which may end in .*; the flags learn of it. */
static char *bus_name(const char *text, size_t length, uint32_t *flags) {
    if (length > 2 && memcmp(text + length - 2, ".*", 2) == 0) {
        *flags |= NAME_IS_SUBTREE;
        length -= 2;
    }
    return copy(text, length);
}

static void add_name(struct proxy *proxy, uint32_t flags, const char *text) {
    char *name = bus_name(text, strlen(text), &flags);
    if (!is_dotted(name, true)) die("'%s' is not a valid dbus name", name);
    add_rule(proxy, flags | PATH_IS_SUBTREE, name, "/", "");
}

/* NAME=RULE. What is no interface or object path can match nothing: there the name is only seen, as with xdg-dbus-proxy. */
static void add_narrow(struct proxy *proxy, uint32_t flags, const char *text) {
    const char *equals = strchr(text, '=');
    char *name = equals ? bus_name(text, (size_t) (equals - text), &flags) : NULL;
    if (!name || !is_dotted(name, true)) die("'%s' is not a valid name + rule", text);
    size_t method_length = strcspn(equals + 1, "@");
    char *method = copy(equals + 1, method_length), *path = copy(equals + 1 + method_length, strlen(equals + 1 + method_length));
    if (path[0] == '@') path++;
    size_t path_length = strlen(path);
    if (path_length == 0) {
        flags |= PATH_IS_SUBTREE;
        path = "/";
    } else if (path_length >= 2 && strcmp(path + path_length - 2, "/*") == 0) {
        flags |= PATH_IS_SUBTREE;
        path[path_length == 2 ? 1 : path_length - 2] = 0;
    }
    if (strcmp(method, "*") == 0) method = "";
    bool any = method[0] == 0, matches = true;
    if (!any && method_length > 2 && strcmp(method + method_length - 2, ".*") == 0) {
        method[method_length - 2] = 0;
    } else if (!any && strchr(method, '.') != strrchr(method, '.')) {
        char *member = strrchr(method, '.') + 1;
        flags |= INTERFACE_HAS_MEMBER;
        matches = strlen(method) <= 255 && (is_name_character(member[0]));
    }
    if (!matches || (!any && !is_dotted(method, false)) || !is_object_path(path)) {
        add_rule(proxy, (flags & NAME_IS_SUBTREE) | SEE | PATH_IS_SUBTREE, name, "/", "");
    } else {
        add_rule(proxy, flags, name, path, method);
    }
}

/* What follows --NAME= in an argument, NULL when it is another one. */
static const char *option(const char *argument, const char *name) {
    size_t length = strlen(name);
    return strncmp(argument, name, length) == 0 ? argument + length : NULL;
}

static int file_descriptor(const char *text, const char *complaint) {
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (end == text || *end || errno || number < 0 || number > INT32_MAX) die(complaint, text);
    return (int) number;
}

struct arguments {
    const char **values;
    size_t count;
};

static void add_argument(struct arguments *list, const char *value) {
    list->values = more(list->values, list->count + 1, sizeof *list->values);
    list->values[list->count++] = value;
}

/* The arguments that can be read from a file descriptor, each ended by NUL, the last one also by the end. */
static void read_arguments(struct arguments *list, int fd) {
    size_t length = 0, room = 4096;
    char *text = more(NULL, room, 1);
    for (;;) {
        ssize_t count = read(fd, text + length, room - length - 1);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) die("Failed to load --args: %s", strerror(errno));
        if (count == 0) break;
        length += (size_t) count;
        if (length > LARGEST_ARGUMENTS) die("Failed to load --args: more than %d bytes", LARGEST_ARGUMENTS);
        if (length + 1 == room) text = more(text, room *= 2, 1);
    }
    close(fd);
    text[length] = 0;
    for (size_t at = 0; at < length; at += strlen(text + at) + 1) add_argument(list, text + at);
}

static bool parse_proxy_option(struct proxy *proxy, const char *argument) {
    const char *value;
    if (strcmp(argument, "--filter") == 0) proxy->filter = true;
    else if (strcmp(argument, "--log") == 0) proxy->log = true;
    else if (strcmp(argument, "--sloppy-names") == 0) proxy->sloppy = true;
    else if ((value = option(argument, "--see="))) add_name(proxy, SEE, value);
    else if ((value = option(argument, "--talk="))) add_name(proxy, TALK, value);
    else if ((value = option(argument, "--own="))) add_name(proxy, TALK | OWN, value);
    else if ((value = option(argument, "--call="))) add_narrow(proxy, CALL | SEND_FDS | RECEIVE_FDS, value);
    else if ((value = option(argument, "--broadcast="))) add_narrow(proxy, BROADCAST | RECEIVE_FDS, value);
    else return false;
    return true;
}

/* Reads the whole command line into the proxies; --args stands for what can be read there. */
static void parse(struct arguments *list) {
    for (size_t i = 0; i < list->count; i++) {
        const char *argument = list->values[i], *value;
        if (strcmp(argument, "--help") == 0) {
            usage(stdout);
            exit(0);
        } else if (strcmp(argument, "--version") == 0) {
            puts("berth-dbus-proxy " BERTH_VERSION);
            exit(0);
        } else if ((value = option(argument, "--fd="))) {
            sync_fd = file_descriptor(value, "Invalid fd %s");
        } else if ((value = option(argument, "--args="))) {
            struct arguments rest = {NULL, 0};
            read_arguments(&rest, file_descriptor(value, "Invalid --args fd %s"));
            for (size_t j = i + 1; j < list->count; j++) add_argument(&rest, list->values[j]);
            *list = rest;
            i = (size_t) -1;
        } else if (proxy_count > 0 && parse_proxy_option(&proxies[proxy_count - 1], argument)) {
            continue;
        } else if (argument[0] == '-') {
            die("Unknown argument %s", argument);
        } else {
            if (i + 1 >= list->count || list->values[i + 1][0] == '-') die("No socket path given");
            proxies = more(proxies, proxy_count + 1, sizeof *proxies);
            proxies[proxy_count++] = (struct proxy) {.address = argument, .path = list->values[++i], .socket = -1, .connector = -1};
        }
    }
}

#endif
