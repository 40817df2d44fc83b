/* The way of reports to the draining thread when it is our own: a ring of 32-byte records, widened on the other side.
 * One thread writes, one drains. */
#ifndef SHARDBOOK_BENCH_HARNESS_REPORT_RING_H
#define SHARDBOOK_BENCH_HARNESS_REPORT_RING_H

#include "bench/harness/engine_api.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { REPORTS_PER_BATCH = 8192 /* at most; they stay in the second-level cache */, RING_AHEAD = 32 };

/* A TRADE says its maker; taker and sequence are those of the ORDER_ACK or MODIFY_ACK before it. */
struct ring_record {
    uint64_t sequence;
    uint64_t order_id; /* TRADE: the maker's */
    int64_t price_ticks;
    uint32_t quantity;
    uint8_t type, side;
    uint8_t unused[2];
};

_Static_assert(sizeof(struct ring_record) == 32, "two records share a cache line");

struct report_ring {
    struct ring_record *records;
    uint64_t mask;
    void *memory;
    uint64_t memory_bytes;
    /* the writer's */
    _Alignas(64) uint64_t next, published;
    uint64_t free_until; /* `drained` as last seen, plus the capacity */
    /* shared */
    _Alignas(64) _Atomic uint64_t written;
    _Alignas(64) _Atomic uint64_t drained;
    /* the drainer's */
    _Alignas(64) uint64_t at, seen;
    uint64_t taker_id, taker_sequence;
};

/* What engine_get_transport returns; its handles are struct report_ring. */
const struct harness_transport *report_ring_transport(void);

/* Shows the drainer all that was written. */
static inline void report_ring_publish(struct report_ring *ring) {
    ring->published = ring->next;
    atomic_store_explicit(&ring->written, ring->next, memory_order_release);
}

/* Waits until there is room. */
void report_ring_await_room(struct report_ring *ring);

/* The place of the next record, to be filled in; then report_ring_written. */
static inline struct ring_record *report_ring_next(struct report_ring *ring) {
    if (__builtin_expect(ring->next == ring->free_until, 0)) report_ring_await_room(ring);
    /* What comes soon is in the drainer's cache. */
    __builtin_prefetch(&ring->records[(ring->next + RING_AHEAD) & ring->mask], 1);
    return &ring->records[ring->next & ring->mask];
}

static inline void report_ring_written(struct report_ring *ring) {
    if (++ring->next - ring->published >= REPORTS_PER_BATCH) report_ring_publish(ring);
}

#endif
