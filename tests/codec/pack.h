/* The same command in the other encoding, so that one table of cases tests both. */
#ifndef SHARDBOOK_TESTS_CODEC_PACK_H
#define SHARDBOOK_TESTS_CODEC_PACK_H

#include <stdbool.h>
#include <stddef.h>

struct packed {
    char *bytes; /* freed by packed_free */
    size_t size;
    unsigned depth; /* containers in one another */
};

/* Turns a JSON object into a msgpack map: integers of 64 bits become integers, other numbers strings in fields that
 * hold a price or quantity, else doubles. False if the text is no JSON object. */
bool pack_json(const char *json, size_t size, struct packed *packed);

void packed_free(struct packed *packed);

#endif
