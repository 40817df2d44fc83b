/* The newest events of a symbol that cannot be applied yet, in order and without a gap: what they follow is still being
 * read from the log. Bounded; when it is full the oldest go (the log has them). */
#ifndef SHARDBOOK_IO_VALKEY_HELD_EVENTS_H
#define SHARDBOOK_IO_VALKEY_HELD_EVENTS_H

#include "core/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed is empty. One thread at a time. */
struct held_events {
    unsigned char *bytes;
    size_t capacity, begin, end; /* of bytes */
    uint64_t first, last;        /* fseq of the events held; first 0: none */
};

/* Adds an event and its bytes as in topic fills; copies. One that does not follow the last displaces all that is held.
 * Grows to at most bytes_max, then drops the oldest. Returns how many events it dropped, or did not take (without
 * memory). */
uint64_t held_events_add(struct held_events *events, const struct event *event, struct text bytes, size_t bytes_max);

/* The oldest event held; views stay good until it is dropped or another is added. False if none is held. */
bool held_events_peek(const struct held_events *events, struct event *event, struct text *bytes);

/* Drops the oldest; there must be one. */
void held_events_drop(struct held_events *events);

/* Drops everything and frees the memory. */
void held_events_clear(struct held_events *events);

#endif
