/* A ring between two workers: one writer, one reader, records of any length in order. It carries commands of
 * symbols that live away from their partition's worker, and symbols themselves when they move. */
#ifndef SHARDBOOK_SHARDS_WORKER_LINK_H
#define SHARDBOOK_SHARDS_WORKER_LINK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { LINK_RECORD_BYTES_MAX = 8192 };

struct worker_link {
    unsigned char *bytes;
    uint64_t capacity;              /* a power of two */
    _Alignas(64) uint64_t position; /* writer only */
    uint64_t released_seen;         /* writer only */
    _Alignas(64) _Atomic uint64_t published;
    _Alignas(64) uint64_t cursor; /* reader only */
    _Alignas(64) _Atomic uint64_t released;
};

/* Allocates; STATUS_NO_MEMORY, STATUS_INVALID (capacity no power of two or under 4 * LINK_RECORD_BYTES_MAX). */
int worker_link_init(struct worker_link *link, uint64_t capacity);
void worker_link_deinit(struct worker_link *link);

/* Room for `bytes` (at most LINK_RECORD_BYTES_MAX, rounded up to 8 inside) or NULL when full; fill it, then
 * worker_link_commit. Writer's thread. */
void *worker_link_offer(struct worker_link *link, uint32_t bytes);
void worker_link_commit(struct worker_link *link);

/* The oldest record or NULL; stays until worker_link_release. Reader's thread. */
const void *worker_link_peek(struct worker_link *link, uint32_t *bytes);
void worker_link_release(struct worker_link *link);

/* True if there is something to peek at. Any thread; a hint. */
bool worker_link_has_records(const struct worker_link *link);

#endif
