/* Counters of the shards: each is written by one thread and read by any. */
#ifndef SHARDBOOK_SHARDS_COUNTERS_H
#define SHARDBOOK_SHARDS_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t counter;

static inline void counter_add(counter *at, uint64_t n) {
    atomic_store_explicit(at, atomic_load_explicit(at, memory_order_relaxed) + n, memory_order_relaxed);
}

static inline void counter_set(counter *at, uint64_t value) { atomic_store_explicit(at, value, memory_order_relaxed); }

static inline uint64_t counter_get(const counter *at) { return atomic_load_explicit(at, memory_order_relaxed); }

/* What became of the records that a worker read: answered = read - dropped - voids - ticks - malformed_controls -
 * misdirected. */
struct worker_counters {
    counter records;        /* read from orders */
    counter dropped_repeat; /* re-injected copies at or below the watermark */
    counter dropped_gap;    /* re-injected copies that do not follow it */
    counter voids;
    counter ticks;
    counter malformed_controls;
    counter misdirected; /* of a symbol that is at home in another partition */
    counter dead_letters;
    counter forwarded;  /* deliveries to other workers */
    counter events;     /* computed */
    counter suppressed; /* computed, and in topic fills already */
    counter fills;
    counter rejected;
    counter symbols;
    counter adopted;     /* symbols taken over from another worker */
    counter ring_stalls; /* waits for the fills writer */
    counter link_stalls; /* waits for another worker */
};

#endif
