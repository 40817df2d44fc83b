/* One side's price levels, best first: a window around the market with an occupancy bitmap, whose levels lie flat, by
 * place, or, if few exist in a wide window, in a small hash table; and a sparse tree for prices far from it. Where the
 * window lies, and how, never changes an outcome. */
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
    LADDER_SIZE_MAX = 65536, /* 1 MiB a side, of which only the lines of levels that exist are touched */
    LADDER_WORD_BITS = 64,
    LADDER_INLINE_WORDS = 4,
    LADDER_SUMMARY_WORDS = LADDER_SIZE_MAX / LADDER_WORD_BITS / LADDER_WORD_BITS
};

/* The window is a ring: a level's place is its key modulo the places, so that the window moves without moving levels,
 * and `base` is a multiple of 64 (of the places, if those are less). What a level that stays touches comes first, in a
 * cache line. To what is compiled into callers a thin window, of levels in the table, is none: its `size` is 0. One
 * thread at a time, like its book. Must not be copied while it holds a window: `bits` may point into itself. */
struct ladder {
    uint64_t best;        /* least key with an order, LADDER_EMPTY if none */
    uint64_t base;        /* least key of the window */
    struct level *levels; /* by place if the window is flat, else of the table */
    uint64_t *bits;       /* of each place: its level exists */
    uint32_t size;        /* places of the window if it is flat, else 0 */
    uint32_t near_levels; /* levels that exist in a flat window ... */
    uint32_t far_levels;  /* ... and elsewhere, in the table or the tree */
    uint32_t far_root;    /* of the tree */
    uint32_t far_debt;    /* steps taken in the tree since the window was placed */
    uint32_t window_page, bits_page;
    uint32_t places;                           /* of the window, 0 or a power of two */
    uint64_t summary[LADDER_SUMMARY_WORDS];    /* of each word of `bits`: it is not 0 */
    uint64_t inline_bits[LADDER_INLINE_WORDS]; /* the bits of a small window */
    struct pool far_nodes;
    uint32_t table_mask;   /* of a thin window: entries of the hash less 1, ... */
    uint32_t table_levels; /* levels that exist, ... */
    uint32_t table_free;   /* and the number of the first that does not, linked by tail; 0 if none */
    uint32_t spare;
};

_Static_assert(sizeof(struct ladder) == 256, "whole cache lines");

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

/* Parts of the functions below that leave the flat window. */
struct level *ladder_far_find(const struct ladder *ladder, const struct arena *arena, uint64_t key);
struct level *ladder_far_get(struct ladder *ladder, const struct arena *arena, uint64_t key);
struct level *ladder_far_enter(struct ladder *ladder, struct arena *arena, uint64_t key);
void ladder_find_best(struct ladder *ladder, const struct arena *arena, uint64_t gone_key);
void ladder_far_leave(struct ladder *ladder, struct arena *arena, uint64_t key);
uint64_t ladder_far_next(const struct ladder *ladder, const struct arena *arena, uint64_t key);

/* What stays in the flat window is compiled into its callers, the rest is not. */
#define LADDER_NEAR static inline __attribute__((always_inline))

/* A word of `bits` that is not 0, from number `low` to before `high`; `high` if there is none. */
static inline uint32_t ladder_next_word(const struct ladder *ladder, uint32_t low, uint32_t high) {
    if (low >= high) return high;
    uint32_t i = low / LADDER_WORD_BITS, last = (high - 1) / LADDER_WORD_BITS;
    uint64_t word = ladder->summary[i] & (~UINT64_C(0) << (low % LADDER_WORD_BITS));
    while (!word) {
        if (i == last) return high;
        word = ladder->summary[++i];
    }
    uint32_t found = i * LADDER_WORD_BITS + (uint32_t)__builtin_ctzll(word);
    return found < high ? found : high;
}

/* The least key of the window behind all places of the key's own word; LADDER_EMPTY if none. */
static inline uint64_t ladder_near_beyond(const struct ladder *ladder, uint32_t places, uint32_t own) {
    uint32_t words = places / LADDER_WORD_BITS;
    if (words < 2) return LADDER_EMPTY;
    uint32_t first = (uint32_t)(ladder->base & (places - 1)) / LADDER_WORD_BITS;
    uint32_t end = own < first ? first : words, word = ladder_next_word(ladder, own + 1, end);
    if (word == end) {
        if (own < first) return LADDER_EMPTY;
        word = ladder_next_word(ladder, 0, first);
        if (word == first) return LADDER_EMPTY;
    }
    uint64_t from_base = ((word - first) & (words - 1)) * (uint64_t)LADDER_WORD_BITS;
    return ladder->base + from_base + (uint32_t)__builtin_ctzll(ladder->bits[word]);
}

/* The least key of the window, of so many places, at or above `key`, which is in the window; LADDER_EMPTY if none. */
LADDER_NEAR uint64_t ladder_near_from(const struct ladder *ladder, uint32_t places, uint64_t key) {
    uint32_t at = (uint32_t)key & (places - 1), bit = at % LADDER_WORD_BITS;
    uint64_t word = ladder->bits[at / LADDER_WORD_BITS] & (~UINT64_C(0) << bit);
    if (__builtin_expect(word != 0, 1)) return key - bit + (uint32_t)__builtin_ctzll(word);
    return ladder_near_beyond(ladder, places, at / LADDER_WORD_BITS);
}

/* The next worse key with a level behind `key`, which need not have one itself; LADDER_EMPTY if none. */
static inline uint64_t ladder_next(const struct ladder *ladder, const struct arena *arena, uint64_t key) {
    uint64_t from = key < ladder->base ? ladder->base : key + 1;
    uint64_t near = from - ladder->base < ladder->size ? ladder_near_from(ladder, ladder->size, from) : LADDER_EMPTY;
    if (__builtin_expect(ladder->far_levels == 0, 1)) return near;
    uint64_t far = ladder_far_next(ladder, arena, key);
    return near < far ? near : far;
}

/* True if the key lies in a flat window. */
static inline bool ladder_is_near(const struct ladder *ladder, uint64_t key) {
    return key - ladder->base < ladder->size;
}

/* The place of a key of a flat window. */
static inline uint32_t ladder_place(const struct ladder *ladder, uint64_t key) {
    return (uint32_t)key & (ladder->size - 1);
}

/* The level of a key that has one. */
LADDER_NEAR struct level *ladder_get(struct ladder *ladder, const struct arena *arena, uint64_t key) {
    if (__builtin_expect(ladder_is_near(ladder, key), 1)) return &ladder->levels[ladder_place(ladder, key)];
    return ladder_far_get(ladder, arena, key);
}

/* The level of a key, made (empty) if there is none: the caller puts an order there at once. Pointers to
 * other levels are no longer good. */
LADDER_NEAR struct level *ladder_enter(struct ladder *ladder, struct arena *arena, uint64_t key) {
    if (__builtin_expect(!ladder_is_near(ladder, key), 0)) return ladder_far_enter(ladder, arena, key);
    uint32_t at = ladder_place(ladder, key);
    struct level *level = &ladder->levels[at];
    /* Whether the level exists, and whether it is the best, nothing predicts: so it is marked in any case. */
    ladder->bits[at >> 6] |= UINT64_C(1) << (at & 63);
    ladder->summary[at >> 12] |= UINT64_C(1) << (at >> 6 & 63);
    ladder->near_levels += level->head == 0;
    ladder->best = key < ladder->best ? key : ladder->best;
    return level;
}

/* Removes the level of a key after its last order left (all of it is 0). Pointers to levels are no longer good. */
LADDER_NEAR void ladder_leave(struct ladder *ladder, struct arena *arena, uint64_t key) {
    if (__builtin_expect(!ladder_is_near(ladder, key), 0)) {
        ladder_far_leave(ladder, arena, key);
        return;
    }
    uint32_t at = ladder_place(ladder, key);
    uint64_t word = ladder->bits[at >> 6] &= ~(UINT64_C(1) << (at & 63));
    ladder->near_levels--;
    if (__builtin_expect(!word, 0)) ladder->summary[at >> 12] &= ~(UINT64_C(1) << (at >> 6 & 63));
    if (key != ladder->best) return;
    /* Nothing is better than the best: what the word still holds is worse, and the next one. */
    if (__builtin_expect(word && !ladder->far_levels, 1))
        ladder->best = key - (at & 63) + (uint32_t)__builtin_ctzll(word);
    else
        ladder_find_best(ladder, arena, key);
}

/* The level of a key, or NULL. */
static inline const struct level *ladder_find(const struct ladder *ladder, const struct arena *arena, uint64_t key) {
    if (!ladder_is_near(ladder, key)) return ladder->far_levels ? ladder_far_find(ladder, arena, key) : NULL;
    const struct level *level = &ladder->levels[ladder_place(ladder, key)];
    return level->head ? level : NULL;
}

/* Aborts with last words if the ladder's own bookkeeping is broken; slow. */
void ladder_check(const struct ladder *ladder, const struct arena *arena);

#endif
