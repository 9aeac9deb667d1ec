/* Giving up with a message, and memory that does not run out quietly. */
#ifndef BERTH_FAILURE_H
#define BERTH_FAILURE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Prints a line to standard error and ends the program with status 1; what it has registered with atexit(3) is still done. */
static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

/* An array grown to so many elements. */
static void *more(void *array, size_t count, size_t size) {
    array = reallocarray(array, count ? count : 1, size);
    if (!array) die("out of memory");
    return array;
}

/* A part of a text as a text of its own. */
static char *copy(const char *text, size_t length) {
    char *made = more(NULL, length + 1, 1);
    memcpy(made, text, length);
    made[length] = 0;
    return made;
}

#endif
