#include "router/route_cache.h"

#include "core/partition.h"
#include "core/ports.h"

#include <stdlib.h>
#include <string.h>

enum { IDLE_MS = 60000 };

bool route_cache_init(struct route_cache *cache, uint32_t capacity) {
    *cache = (struct route_cache){.capacity = capacity, .entries = calloc(capacity, sizeof *cache->entries)};
    return cache->entries != NULL;
}

void route_cache_deinit(struct route_cache *cache) { free(cache->entries); }

static uint32_t place_of(const struct route_cache *cache, struct text symbol) {
    return murmur2(symbol) & (cache->capacity - 1);
}

static bool is_idle(const struct route_entry *entry, uint64_t now_ms) {
    return !entry->looking && !entry->in_flight && !entry->first && now_ms - entry->used_ms > IDLE_MS;
}

/* Takes an entry out; those behind it move up, as open addressing asks; only idle ones may move. */
static bool forget(struct route_cache *cache, uint32_t hole, uint64_t now_ms) {
    uint32_t mask = cache->capacity - 1;
    for (uint32_t at = (hole + 1) & mask; cache->entries[at].symbol_size; at = (at + 1) & mask) {
        if (!is_idle(&cache->entries[at], now_ms)) {
            return false;
        }
    }
    if (cache->entries[hole].sequence > cache->sequence_floor) {
        cache->sequence_floor = cache->entries[hole].sequence;
    }
    memset(&cache->entries[hole], 0, sizeof *cache->entries);
    cache->used--;
    for (uint32_t at = (hole + 1) & mask; cache->entries[at].symbol_size; at = (at + 1) & mask) {
        uint32_t home = place_of(cache, route_entry_symbol(&cache->entries[at]));
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            cache->entries[hole] = cache->entries[at];
            memset(&cache->entries[at], 0, sizeof *cache->entries);
            hole = at;
        }
    }
    return true;
}

/* At most once a second: a flood of new symbols must not cost a walk each. */
static void make_room(struct route_cache *cache, uint64_t now_ms) {
    if (cache->swept_ms && now_ms - cache->swept_ms < 1000) {
        return;
    }
    cache->swept_ms = now_ms;
    for (uint32_t i = 0; i < cache->capacity; i++) {
        while (cache->entries[i].symbol_size && is_idle(&cache->entries[i], now_ms) && forget(cache, i, now_ms)) {
        }
    }
}

static struct route_entry *find_place(struct route_cache *cache, struct text symbol) {
    uint32_t mask = cache->capacity - 1;
    uint32_t at = place_of(cache, symbol);
    while (cache->entries[at].symbol_size && !text_equal(route_entry_symbol(&cache->entries[at]), symbol)) {
        at = (at + 1) & mask;
    }
    return &cache->entries[at];
}

struct route_entry *route_cache_get(struct route_cache *cache, struct text symbol, uint64_t now_ms) {
    struct route_entry *entry = find_place(cache, symbol);
    if (!entry->symbol_size) {
        uint32_t most = cache->capacity / 4 * 3;
        if (cache->used >= most) {
            make_room(cache, now_ms);
            entry = find_place(cache, symbol);
        }
        if (cache->used >= most) {
            return NULL;
        }
        memcpy(entry->symbol, symbol.data, symbol.size);
        entry->symbol_size = (uint8_t)symbol.size;
        entry->door = TOPIC_ORDERS;
        entry->settings = instrument_default();
        entry->sequence = cache->sequence_floor;
        cache->used++;
    }
    entry->used_ms = now_ms;
    return entry;
}
