/* How much stands at each price of one symbol: a book without its orders, fed by level changes. */
#ifndef SHARDBOOK_CORE_DEPTH_H
#define SHARDBOOK_CORE_DEPTH_H

#include "core/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct depth_level {
    int64_t price_ticks, total_lots;
};

enum { DEPTH_LEVELS_PER_SIDE_MAX = 1 << 22 };

/* One side, the worst level first, so that a change near the best moves few levels. */
struct depth_side {
    struct depth_level *levels;
    uint32_t count;
};

/* Both sides in one piece of memory that the caller gives and takes back. One thread at a time. */
struct depth {
    struct depth_side sides[2]; /* by enum side */
    uint32_t capacity;          /* levels per side */
};

enum depth_result {
    DEPTH_SAME = 0, /* the level had this total already */
    DEPTH_CHANGED,
    DEPTH_NO_ROOM /* nothing was done: give it more memory with depth_move and apply again */
};

/* The memory that `capacity` levels per side (1 to DEPTH_LEVELS_PER_SIDE_MAX) need, aligned like a malloc. */
size_t depth_bytes(uint32_t capacity);

/* An empty depth in the caller's memory of depth_bytes(capacity). */
void depth_init(struct depth *depth, void *memory, uint32_t capacity);

/* Forgets all levels and keeps the memory. */
void depth_clear(struct depth *depth);

/* Moves to other memory of depth_bytes(capacity), capacity not less than what either side holds; returns the
 * memory that is no longer used, for the caller to free. */
void *depth_move(struct depth *depth, void *memory, uint32_t capacity);

/* The memory in use, for the caller to free at the end. */
void *depth_memory(const struct depth *depth);

/* Sets the total of a level; 0 deletes it. */
enum depth_result depth_apply(struct depth *depth, enum side side, int64_t price_ticks, int64_t total_lots);

/* How many levels a side has. */
static inline uint32_t depth_count(const struct depth *depth, enum side side) { return depth->sides[side].count; }

/* The i-th best level of a side, i < depth_count. */
static inline struct depth_level depth_at(const struct depth *depth, enum side side, uint32_t i) {
    return depth->sides[side].levels[depth->sides[side].count - 1 - i];
}

#endif
