/* The events of one worker's ring that the log was given and has not acknowledged. The log reads them where they lie,
 * so the ring keeps everything from the oldest of them on.
 *
 * One thread. */
#ifndef SHARDBOOK_SHARDS_UNACKNOWLEDGED_H
#define SHARDBOOK_SHARDS_UNACKNOWLEDGED_H

#include <stdint.h>

enum { UNACKNOWLEDGED_MAX = 1 << 16 };

struct unacknowledged {
    uint64_t *ends; /* of the events numbered `first` to `next`: the ring position behind each, IS_STORED added */
    uint64_t first, next;
    uint64_t settled; /* with events: everything below this ring position is stored or was no event */
};

/* STATUS_OK, STATUS_NO_MEMORY. Allocates. */
int unacknowledged_init(struct unacknowledged *events);
void unacknowledged_deinit(struct unacknowledged *events);

/* How many more there may be. */
uint32_t unacknowledged_room(const struct unacknowledged *events);

/* The next event, numbered `next`: the reader has come to `cursor`, and it ends at ring position `end`, a multiple
 * of 8. There must be room. */
void unacknowledged_add(struct unacknowledged *events, uint64_t cursor, uint64_t end);

/* The log has stored the event of this number, which was added; events may be stored in any order. */
void unacknowledged_store(struct unacknowledged *events, uint64_t number);

/* The ring position below which nothing is needed any more, by a reader that has come to `cursor`. Never goes back. */
uint64_t unacknowledged_position(const struct unacknowledged *events, uint64_t cursor);

#endif
