/* Writing JSON by hand, for any room that puts JSON together: each function puts its piece at `at` and returns where
 * the next one goes. The caller has made sure of the room. */
#ifndef SHARDBOOK_IO_JSON_JSON_WRITER_H
#define SHARDBOOK_IO_JSON_JSON_WRITER_H

#include "core/decimal.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The most bytes that a text of `size` bytes takes, quoted. */
#define JSON_TEXT_BYTES_MAX(size) (6 * (size_t)(size) + 2)

/* A string literal as it is. */
#define JSON_PUT(at, literal) json_put_bytes((at), (literal), sizeof(literal) - 1)

static inline char *json_put_bytes(char *at, const char *bytes, size_t size) {
    memcpy(at, bytes, size);
    return at + size;
}

/* A quoted string; `"`, `\` and bytes below 0x20 are escaped, nothing else. Any thread. */
char *json_put_text(char *at, struct text text);

/* A number of any length. Any thread. */
char *json_put_digits(char *at, uint64_t number);

/* Half of all numbers have one digit. */
static inline char *json_put_unsigned(char *at, uint64_t number) {
    if (number > 9) return json_put_digits(at, number);
    *at = (char)('0' + number);
    return at + 1;
}

static inline char *json_put_integer(char *at, int64_t number) {
    if (number >= 0) return json_put_unsigned(at, (uint64_t)number);
    *at++ = '-';
    return json_put_unsigned(at, UINT64_C(0) - (uint64_t)number);
}

/* A decimal as a quoted string, with the unit's places. */
static inline char *json_put_decimal(char *at, int64_t units, struct decimal_unit unit) {
    *at++ = '"';
    at += decimal_format(units, unit, at);
    *at++ = '"';
    return at;
}

static inline char *json_put_boolean(char *at, bool value) {
    return value ? JSON_PUT(at, "true") : JSON_PUT(at, "false");
}

/* 16 lower-case hex digits in quotes. Any thread. */
char *json_put_hash(char *at, uint64_t hash);

#endif
