/*
 * As much of D-Bus messages as a caller of two methods needs (D-Bus specification, "Message Protocol"): writing calls in this
 * machine's byte order, reading headers and texts in any.
 */
#ifndef BERTH_MESSAGE_H
#define BERTH_MESSAGE_H

#include "failure.h"

#include <stdint.h>

enum { METHOD_CALL = 1, METHOD_RETURN = 2, ERROR = 3, SIGNAL_MESSAGE = 4 };
enum { PATH_FIELD = 1, INTERFACE_FIELD = 2, MEMBER_FIELD = 3, ERROR_FIELD = 4, REPLY_FIELD = 5, DESTINATION_FIELD = 6, SIGNATURE_FIELD = 8,
    FDS_FIELD = 9 };

/* A message that is being written, in this machine's byte order; values are aligned from its beginning. */
struct writer {
    char *bytes;
    size_t length, room;
};

static void put_bytes(struct writer *to, const void *bytes, size_t length) {
    while (to->room < to->length + length) to->bytes = more(to->bytes, to->room = to->room * 2 + 1024, 1);
    if (length) memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
}

static void align(struct writer *to, size_t size) {
    while (to->length % size) put_bytes(to, "", 1);
}

static void put_uint32(struct writer *to, uint32_t value) {
    align(to, 4);
    put_bytes(to, &value, 4);
}

static void put_string(struct writer *to, const char *text) {
    put_uint32(to, (uint32_t) strlen(text));
    put_bytes(to, text, strlen(text) + 1);
}

static void put_signature(struct writer *to, const char *signature) {
    char length = (char) strlen(signature);
    put_bytes(to, &length, 1);
    put_bytes(to, signature, strlen(signature) + 1);
}

/* Begins an array; the place is for end_array. */
static size_t begin_array(struct writer *to, size_t alignment) {
    put_uint32(to, 0);
    size_t place = to->length;
    align(to, alignment);
    return place;
}

static void end_array(struct writer *to, size_t place, size_t alignment) {
    size_t begin = (place + alignment - 1) / alignment * alignment;
    uint32_t length = (uint32_t) (to->length - begin);
    memcpy(to->bytes + place - 4, &length, 4);
}

static void put_entry(struct writer *to, const char *key, const char *signature) {
    align(to, 8);
    put_string(to, key);
    put_signature(to, signature);
}

static void put_flag(struct writer *to, const char *key) {
    put_entry(to, key, "b");
    put_uint32(to, 1);
}

static void put_field(struct writer *to, uint8_t code, const char *signature, const char *text) {
    align(to, 8);
    put_bytes(to, &code, 1);
    put_signature(to, signature);
    if (signature[0] == 'g') put_signature(to, text);
    else put_string(to, text);
}

/* A method call; the body begins aligned, as the message does. */
static void put_call(struct writer *to, uint32_t serial, const char *destination, const char *path, const char *interface, const char *member,
        const char *signature, const struct writer *body, uint32_t fds) {
    uint8_t start[4] = {__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 'l' : 'B', METHOD_CALL, 0, 1}, code = FDS_FIELD;
    struct writer message = {NULL, 0, 0};
    put_bytes(&message, start, 4);
    put_uint32(&message, (uint32_t) body->length);
    put_uint32(&message, serial);
    size_t fields = begin_array(&message, 8);
    put_field(&message, PATH_FIELD, "o", path);
    put_field(&message, INTERFACE_FIELD, "s", interface);
    put_field(&message, MEMBER_FIELD, "s", member);
    put_field(&message, DESTINATION_FIELD, "s", destination);
    if (signature[0]) put_field(&message, SIGNATURE_FIELD, "g", signature);
    if (fds > 0) {
        align(&message, 8);
        put_bytes(&message, &code, 1);
        put_signature(&message, "u");
        put_uint32(&message, fds);
    }
    end_array(&message, fields, 8);
    align(&message, 8);
    put_bytes(&message, body->bytes, body->length);
    put_bytes(to, message.bytes, message.length);
    free(message.bytes);
}

/* A message that came, or a part of it. Reading past the end fails, and nothing is believed of what was read. */
struct reader {
    const char *bytes;
    size_t at, end;
    bool swap, failed;
};

static uint32_t get_uint32(struct reader *from) {
    uint32_t value = 0;
    from->at = (from->at + 3) / 4 * 4;
    if (from->at + 4 > from->end) {
        from->failed = true;
        return 0;
    }
    memcpy(&value, from->bytes + from->at, 4);
    from->at += 4;
    return from->swap ? __builtin_bswap32(value) : value;
}

/* A string, an object path, or a signature; empty when it is not there. */
static const char *get_text(struct reader *from, bool signature) {
    uint32_t length = signature && from->at < from->end ? (uint8_t) from->bytes[from->at++] : get_uint32(from);
    if (from->failed || length >= from->end - from->at || from->bytes[from->at + length] != 0) {
        from->failed = true;
        return "";
    }
    const char *text = from->bytes + from->at;
    from->at += length + 1;
    return text;
}

struct message {
    uint8_t type;
    uint32_t reply_serial;
    const char *path, *interface, *member, *error, *destination, *signature;
    struct reader body;
};

/* Reads the header of a whole message. */
static bool read_header(const char *bytes, size_t length, size_t header_end, struct message *message) {
    memset(message, 0, sizeof *message);
    message->path = message->interface = message->member = message->error = message->destination = message->signature = "";
    struct reader fields = {bytes, 16, header_end, bytes[0] != (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 'l' : 'B'), false};
    message->type = (uint8_t) bytes[1];
    while (!fields.failed && (fields.at = (fields.at + 7) / 8 * 8) < header_end) {
        uint8_t code = (uint8_t) bytes[fields.at++];
        char type = get_text(&fields, true)[0];
        if (type == 'u') {
            uint32_t number = get_uint32(&fields);
            if (code == REPLY_FIELD) message->reply_serial = number;
        } else {
            const char *text = get_text(&fields, type == 'g');
            if (code == PATH_FIELD) message->path = text;
            else if (code == INTERFACE_FIELD) message->interface = text;
            else if (code == MEMBER_FIELD) message->member = text;
            else if (code == ERROR_FIELD) message->error = text;
            else if (code == DESTINATION_FIELD) message->destination = text;
            else if (code == SIGNATURE_FIELD) message->signature = text;
        }
    }
    size_t body = (header_end + 7) / 8 * 8;
    message->body = (struct reader) {bytes + body, 0, length - body, fields.swap, false};
    return !fields.failed;
}

#endif
