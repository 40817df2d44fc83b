/* What the router knows of each symbol: its last known route and settings, the door its records go through, and who
 * waits. A table of fixed size; symbols nobody uses make room. Time comes from outside. */
#ifndef SHARDBOOK_ROUTER_ROUTE_CACHE_H
#define SHARDBOOK_ROUTER_ROUTE_CACHE_H

#include "core/instrument.h"
#include "core/limits.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

struct ticket;

struct route_entry {
    char symbol[SYMBOL_BYTES_MAX + 1]; /* empty: the place is free */
    uint8_t symbol_size;
    uint8_t door;               /* enum topic of the records in flight, or of the last ones */
    bool migrating;             /* the last known route */
    bool looking;               /* a look-up is on its way */
    struct instrument settings; /* the last known ones, or the default */
    uint64_t settings_id;       /* of the text that they were read from, 0: none */
    uint64_t v;                 /* the route's version, 0 if it named none */
    uint64_t asked_ms;          /* when the last look-up was sent */
    uint64_t looked_ms;         /* how old the route is: when it was asked for, or given up; 0: never */
    uint64_t used_ms;
    uint64_t sequence;           /* of the last record sent (header me-n) */
    uint32_t in_flight;          /* records sent through `door` and not acknowledged */
    struct ticket *first, *last; /* who waits, first come first served */
};

struct route_cache {
    struct route_entry *entries; /* open addressing by symbol */
    uint32_t capacity, used;
    uint64_t swept_ms;       /* when idle symbols were last looked for */
    uint64_t sequence_floor; /* no symbol that was forgotten had a greater sequence */
};

/* `capacity` is a power of two. False without memory. */
bool route_cache_init(struct route_cache *cache, uint32_t capacity);
void route_cache_deinit(struct route_cache *cache);

/* The symbol's entry, made if need be; NULL when the table is full of symbols in use. It stays where it is as long as
 * it is in use (looking, in_flight or somebody waiting) or was used within the last minute. */
struct route_entry *route_cache_get(struct route_cache *cache, struct text symbol, uint64_t now_ms);

static inline struct text route_entry_symbol(const struct route_entry *entry) {
    return (struct text){entry->symbol, entry->symbol_size};
}

#endif
