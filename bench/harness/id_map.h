/* Where the open orders of the harness's ids are: open addressing over as many entries as orders were ever open at once,
 * so that it stays in the caches however many ids there are. Deletion shifts back. One thread. */
#ifndef SHARDBOOK_BENCH_HARNESS_ID_MAP_H
#define SHARDBOOK_BENCH_HARNESS_ID_MAP_H

#include "core/check.h"

#include <stdint.h>
#include <stdlib.h>

/* An id below 2^32 and its order's slot; slot 0: empty. */
struct id_map_entry {
    uint32_t id, slot;
};

struct id_map {
    struct id_map_entry *entries;
    uint32_t mask, shift, count;
};

static inline uint32_t id_map_home(const struct id_map *map, uint32_t id) {
    return (id * UINT32_C(0x9E3779B1)) >> map->shift;
}

/* Of 2^bits entries. Stops the process when there is no memory. */
static void id_map_init(struct id_map *map, uint32_t bits) {
    *map = (struct id_map){
        .entries = calloc(UINT64_C(1) << bits, sizeof *map->entries), .mask = (1u << bits) - 1, .shift = 32 - bits};
    CHECK(map->entries, "no memory for the map of ids");
}

/* Where the id is, or the empty place where it would be. */
static inline uint32_t id_map_find(const struct id_map *map, uint32_t id) {
    uint32_t at = id_map_home(map, id);
    while (map->entries[at].slot && map->entries[at].id != id) at = (at + 1) & map->mask;
    return at;
}

__attribute__((noinline, unused)) static void id_map_grow(struct id_map *map) {
    struct id_map former = *map;
    id_map_init(map, 32 - former.shift + 1);
    map->count = former.count;
    for (uint32_t i = 0; i <= former.mask; i++)
        if (former.entries[i].slot) map->entries[id_map_find(map, former.entries[i].id)] = former.entries[i];
    free(former.entries);
}

static inline void id_map_put(struct id_map *map, uint32_t id, uint32_t slot) {
    uint32_t at = id_map_find(map, id);
    map->count += map->entries[at].slot == 0;
    map->entries[at] = (struct id_map_entry){id, slot};
    if (__builtin_expect(map->count > map->mask / 2, 0)) id_map_grow(map);
}

/* Takes out what stands at `hole`. */
static inline void id_map_remove_at(struct id_map *map, uint32_t hole) {
    struct id_map_entry *entries = map->entries;
    for (uint32_t at = (hole + 1) & map->mask; entries[at].slot; at = (at + 1) & map->mask) {
        if (((at - id_map_home(map, entries[at].id)) & map->mask) < ((at - hole) & map->mask)) continue;
        entries[hole] = entries[at];
        hole = at;
    }
    entries[hole].slot = 0;
    map->count--;
}

static inline void id_map_remove(struct id_map *map, uint32_t id) {
    uint32_t at = id_map_find(map, id);
    if (map->entries[at].slot) id_map_remove_at(map, at);
}

#endif
