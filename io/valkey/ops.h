/* The one argument that carries a batch into Valkey: a flat msgpack array of numbers and texts, which the script
 * unpacks in one go. (As arguments of their own they cost Valkey twice as much.) */
#ifndef SHARDBOOK_IO_VALKEY_OPS_H
#define SHARDBOOK_IO_VALKEY_OPS_H

#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ops {
    unsigned char *bytes;
    size_t size, capacity;
    uint32_t count; /* of elements */
};

/* The most bytes that one number and one text of `size` bytes take. */
enum { OPS_NUMBER_BYTES_MAX = 9 };
#define OPS_TEXT_BYTES_MAX(size) ((size_t)(size) + 5)

/* Allocates `capacity` bytes; false without memory. One thread at a time. */
bool ops_init(struct ops *ops, size_t capacity);
void ops_deinit(struct ops *ops);

/* Empties it. */
void ops_clear(struct ops *ops);

/* How many bytes may still be put. */
size_t ops_room(const struct ops *ops);

/* Append an element. The caller has made sure of the room; without it the program aborts. */
void ops_number(struct ops *ops, uint64_t number);
void ops_text(struct ops *ops, struct text text);
void ops_decimal_text(struct ops *ops, uint64_t number); /* the number as decimal digits, a text */

/* Appends all elements of `other`. */
void ops_append(struct ops *ops, const struct ops *other);

/* The whole array; views `ops` until it changes. */
struct text ops_finish(struct ops *ops);

#endif
