/* The newest events of a symbol that cannot be applied yet, in order and without a gap: what they follow is still being
 * read from the log. Bounded; when it is full the oldest go (the log has them). */
#ifndef SHARDBOOK_IO_VALKEY_HOLD_H
#define SHARDBOOK_IO_VALKEY_HOLD_H

#include "core/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed is empty. One thread at a time. */
struct hold {
    unsigned char *bytes;
    size_t capacity, begin, end; /* of bytes */
    uint64_t first, last;        /* fseq of the events held; first 0: none */
};

/* Adds an event and its bytes as in topic fills; copies. One that does not follow the last displaces all that is held. Grows
 * to at most bytes_max, then drops the oldest. Returns how many events it dropped, or did not take (without memory). */
uint64_t hold_add(struct hold *hold, const struct event *event, struct text bytes, size_t bytes_max);

/* The oldest event held; views stay good until it is dropped or another is added. False if none is held. */
bool hold_peek(const struct hold *hold, struct event *event, struct text *bytes);

/* Drops the oldest; there must be one. */
void hold_drop(struct hold *hold);

/* Drops everything and frees the memory. */
void hold_clear(struct hold *hold);

#endif
