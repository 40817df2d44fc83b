/* One side's price levels, best first: a dense window of levels around the market with an occupancy bitmap, and a
 * sparse tree for prices far from it. Where the window lies never changes an outcome. */
#ifndef SHARDBOOK_CORE_LADDER_H
#define SHARDBOOK_CORE_LADDER_H

#include "core/check.h"
#include "core/command.h"
#include "core/limits.h"
#include "core/pool.h"

#include <stdbool.h>
#include <stdint.h>

/* The orders at one price, first in first out. Exists if and only if head is a slot. */
struct level {
    uint32_t head, tail; /* slots */
    int64_t total_lots;  /* what its orders show */
};

_Static_assert(sizeof(struct level) == 16, "four levels to a cache line");

/* Levels go by key: the better the price, the less. So both sides are the same code without a branch on the side. */
#define LADDER_KEY_MASK ((UINT64_C(1) << 41) - 1)
#define LADDER_EMPTY UINT64_MAX

enum {
    LADDER_SIZE_MIN = 32,    /* levels of the first window: one page */
    LADDER_SIZE_MAX = 16384, /* 256 KiB a side: a walk over all of it stays in the cache */
    LADDER_INLINE_WORDS = 4
};

/* What a level that stays touches comes first, in a cache line. One thread at a time, like its book. Must not be copied
 * while it holds a window: `bits` may point into itself. */
struct ladder {
    uint64_t best; /* least key with an order, LADDER_EMPTY if none */
    uint64_t base; /* key of levels[0] */
    struct level *levels;
    uint64_t *bits;       /* of each level of the window: it exists */
    uint32_t size;        /* levels in the window, 0 or a power of two */
    uint32_t near_levels; /* levels that exist in the window ... */
    uint32_t far_levels;  /* ... and outside of it */
    uint32_t far_root;    /* of the tree of far levels */
    uint32_t far_debt;    /* steps taken in the tree since the window was placed */
    uint32_t window_page, bits_page, spare;
    uint64_t summary[LADDER_INLINE_WORDS];     /* of each word of `bits`: it is not 0 */
    uint64_t inline_bits[LADDER_INLINE_WORDS]; /* the bits of a small window */
    struct pool far_nodes;
    uint64_t spares[6];
};

_Static_assert(sizeof(struct ladder) == 192, "whole cache lines");

/* Without a branch on the side, which nothing predicts. */
static inline uint64_t ladder_key(enum side side, int64_t price_ticks) {
    return (uint64_t)price_ticks ^ (((uint64_t)side - 1) & LADDER_KEY_MASK);
}

static inline int64_t ladder_price(enum side side, uint64_t key) {
    return (int64_t)(key ^ (((uint64_t)side - 1) & LADDER_KEY_MASK));
}

/* An empty ladder. */
void ladder_init(struct ladder *ladder);

/* Gives all its memory back to the arena; the ladder is empty then. */
void ladder_clear(struct ladder *ladder, struct arena *arena);

/* Parts of the functions below that leave the window. */
struct level *ladder_far_find(const struct ladder *ladder, const struct arena *arena, uint64_t key);
struct level *ladder_far_enter(struct ladder *ladder, struct arena *arena, uint64_t key);
void ladder_far_leave(struct ladder *ladder, struct arena *arena, uint64_t key);
uint64_t ladder_far_next(const struct ladder *ladder, const struct arena *arena, uint64_t key);

/* The least key of the window at or above position `at`, LADDER_EMPTY if none. */
static inline uint64_t ladder_near_from(const struct ladder *ladder, uint32_t at) {
    if (at >= ladder->size) return LADDER_EMPTY;
    uint32_t i = at >> 6;
    uint64_t word = ladder->bits[i] & (~UINT64_C(0) << (at & 63));
    if (word) return ladder->base + (i << 6) + (uint32_t)__builtin_ctzll(word);
    uint32_t j = i >> 6;
    word = ladder->summary[j] & (~UINT64_C(1) << (i & 63));
    while (!word) {
        if (++j == LADDER_INLINE_WORDS) return LADDER_EMPTY;
        word = ladder->summary[j];
    }
    i = (j << 6) + (uint32_t)__builtin_ctzll(word);
    return ladder->base + (i << 6) + (uint32_t)__builtin_ctzll(ladder->bits[i]);
}

/* The next worse key with a level behind `key`, which need not have one itself; LADDER_EMPTY if none. */
static inline uint64_t ladder_next(const struct ladder *ladder, const struct arena *arena, uint64_t key) {
    uint64_t from = key < ladder->base ? 0 : key + 1 - ladder->base;
    uint64_t near = from < ladder->size ? ladder_near_from(ladder, (uint32_t)from) : LADDER_EMPTY;
    if (__builtin_expect(ladder->far_levels == 0, 1)) return near;
    uint64_t far = ladder_far_next(ladder, arena, key);
    return near < far ? near : far;
}

/* The level of a key that has one. */
static inline struct level *ladder_get(struct ladder *ladder, const struct arena *arena, uint64_t key) {
    uint64_t at = key - ladder->base;
    if (__builtin_expect(at < ladder->size, 1)) return &ladder->levels[at];
    ladder->far_debt++;
    struct level *level = ladder_far_find(ladder, arena, key);
    CHECK(level, "a level that must exist is not in the ladder");
    return level;
}

/* The level of a key, made (empty) if there is none: the caller puts an order there at once. Pointers to
 * other levels are no longer good. */
static inline struct level *ladder_enter(struct ladder *ladder, struct arena *arena, uint64_t key) {
    uint64_t at = key - ladder->base;
    if (__builtin_expect(at >= ladder->size, 0)) return ladder_far_enter(ladder, arena, key);
    struct level *level = &ladder->levels[at];
    if (level->head == 0) {
        ladder->bits[at >> 6] |= UINT64_C(1) << (at & 63);
        ladder->summary[at >> 12] |= UINT64_C(1) << (at >> 6 & 63);
        ladder->near_levels++;
        if (key < ladder->best) ladder->best = key;
    }
    return level;
}

/* Removes the level of a key after its last order left (all of it is 0). Pointers to levels are no longer good. */
static inline void ladder_leave(struct ladder *ladder, struct arena *arena, uint64_t key) {
    uint64_t at = key - ladder->base;
    if (__builtin_expect(at >= ladder->size, 0)) {
        ladder_far_leave(ladder, arena, key);
    } else {
        uint64_t word = ladder->bits[at >> 6] &= ~(UINT64_C(1) << (at & 63));
        if (!word) ladder->summary[at >> 12] &= ~(UINT64_C(1) << (at >> 6 & 63));
        ladder->near_levels--;
    }
    if (key == ladder->best) ladder->best = ladder_next(ladder, arena, key);
}

/* The level of a key, or NULL. */
static inline const struct level *ladder_find(const struct ladder *ladder, const struct arena *arena, uint64_t key) {
    uint64_t at = key - ladder->base;
    if (at >= ladder->size) return ladder->far_levels ? ladder_far_find(ladder, arena, key) : NULL;
    return ladder->levels[at].head ? &ladder->levels[at] : NULL;
}

/* Aborts with last words if the ladder's own bookkeeping is broken; slow. */
void ladder_check(const struct ladder *ladder, const struct arena *arena);

#endif
