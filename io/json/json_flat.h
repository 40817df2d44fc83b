/* The command that almost every record is: one object of plain members, read in one pass without a document. */
#ifndef SHARDBOOK_IO_JSON_JSON_FLAT_H
#define SHARDBOOK_IO_JSON_JSON_FLAT_H

#include "core/command.h"

#include <stdbool.h>
#include <stddef.h>

/* Which key came last time after which, so that most keys are known by one comparison. Speed alone depends on it.
 * Zeroed it knows nothing and learns nothing. One thread at a time. */
struct json_flat {
    uint8_t next[FIELD_COUNT]; /* enum field by the field before; FIELD_NONE at the beginning and for unknown keys */
    struct json_flat_key {
        char bytes[16]; /* `"name":` */
        uint32_t mask;  /* a bit for each of them; 0: too long */
        uint8_t size;
    } keys[FIELD_COUNT];
};

void json_flat_init(struct json_flat *flat);

/* Hands every known member to *command, which is empty, and returns true if the bytes are one JSON object whose keys
 * and texts are ASCII without escapes, whose numbers have neither sign nor exponent, that holds no array or object and
 * no known key twice. Else false (or if they are very few), whatever else the bytes are, with *command half filled.
 * Texts view the bytes. */
bool json_flat_take(struct json_flat *flat, const char *bytes, size_t size, struct command *command);

#endif
