/* Where the open orders of the harness's ids are: open addressing over twice as many entries of 4 bytes as orders were
 * ever open at once, so that it stays in the caches however many ids there are. An entry does not say its id: the order
 * in its slot does. Deletion shifts back. One thread. */
#ifndef SHARDBOOK_BENCH_HARNESS_ID_MAP_H
#define SHARDBOOK_BENCH_HARNESS_ID_MAP_H

#include "core/check.h"
#include "core/short_road.h"

#include <stdint.h>
#include <stdlib.h>

/* An entry is slot << 10 | how far it is from the home of its id, which is what a shift has to know; slot 0: empty. */
enum { ID_MAP_FAR_BITS = 10, ID_MAP_FAR_MAX = (1 << ID_MAP_FAR_BITS) - 1, ID_MAP_SLOT_MAX = (1 << 22) - 1 };

struct id_map {
    uint32_t *entries;
    const struct book *book;
    uint32_t mask, shift, count;
};

static inline uint32_t id_map_home(const struct id_map *map, uint32_t id) {
    return (id * UINT32_C(0x9E3779B1)) >> map->shift;
}

/* Of 2^bits entries. Stops the process when there is no memory. */
static void id_map_init(struct id_map *map, const struct book *book, uint32_t bits) {
    *map = (struct id_map){.entries = calloc(UINT64_C(1) << bits, sizeof *map->entries),
        .book = book,
        .mask = (1u << bits) - 1,
        .shift = 32 - bits};
    CHECK(map->entries, "no memory for the map of ids");
}

static inline uint32_t id_map_slot(const struct id_map *map, uint32_t at) {
    return map->entries[at] >> ID_MAP_FAR_BITS;
}

/* Where the id is, or the empty place where it would be. Only an entry of the same home is asked for its id. */
static inline uint32_t id_map_find(const struct id_map *map, uint32_t id) {
    uint32_t home = id_map_home(map, id), at = home, entry;
    while ((entry = map->entries[at])) {
        bool is_of_home = (entry & ID_MAP_FAR_MAX) == ((at - home) & map->mask);
        if (is_of_home && road_request_id(map->book, entry >> ID_MAP_FAR_BITS) == id) return at;
        at = (at + 1) & map->mask;
    }
    return at;
}

static void id_map_grow(struct id_map *map);
static void id_map_put_again(struct id_map *map, uint32_t id, uint32_t slot);

/* The id's order is in the slot; whatever else the map says must be true too. */
static inline void id_map_put(struct id_map *map, uint32_t id, uint32_t slot) {
    uint32_t at = id_map_find(map, id), far = (at - id_map_home(map, id)) & map->mask;
    if (__builtin_expect(far > ID_MAP_FAR_MAX, 0)) {
        id_map_grow(map);
        id_map_put_again(map, id, slot);
        return;
    }
    map->count += map->entries[at] == 0;
    map->entries[at] = slot << ID_MAP_FAR_BITS | far;
    if (__builtin_expect(map->count > map->mask / 2, 0)) id_map_grow(map);
}

__attribute__((noinline, unused)) static void id_map_put_again(struct id_map *map, uint32_t id, uint32_t slot) {
    id_map_put(map, id, slot);
}

/* Twice as large. */
__attribute__((noinline, unused)) static void id_map_grow(struct id_map *map) {
    struct id_map former = *map;
    id_map_init(map, map->book, 32 - former.shift + 1);
    for (uint32_t i = 0; i <= former.mask; i++) {
        uint32_t slot = id_map_slot(&former, i);
        if (slot) id_map_put_again(map, (uint32_t)road_request_id(map->book, slot), slot);
    }
    free(former.entries);
}

/* Takes out what stands at `hole`. */
static inline void id_map_remove_at(struct id_map *map, uint32_t hole) {
    uint32_t *entries = map->entries;
    for (uint32_t at = (hole + 1) & map->mask; entries[at]; at = (at + 1) & map->mask) {
        uint32_t nearer = (at - hole) & map->mask;
        if ((entries[at] & ID_MAP_FAR_MAX) < nearer) continue;
        entries[hole] = entries[at] - nearer;
        hole = at;
    }
    entries[hole] = 0;
    map->count--;
}

static inline void id_map_remove(struct id_map *map, uint32_t id) {
    uint32_t at = id_map_find(map, id);
    if (map->entries[at]) id_map_remove_at(map, at);
}

#endif
