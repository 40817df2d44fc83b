/* Small pieces of one size for one book, cut from pages of the arena. */
#ifndef SHARDBOOK_CORE_POOL_H
#define SHARDBOOK_CORE_POOL_H

#include "core/arena.h"

/* A zeroed pool is empty. One thread at a time, like its book. */
struct pool {
    uint32_t free;                  /* first free piece, linked through its first 4 bytes */
    uint32_t first_page, last_page; /* chain of the pages it was cut from */
    uint32_t used;
};

/* Takes a piece of `bytes` (16, 32, 64, 128 or 256; the same at every call of one pool); its number, from 1. */
uint32_t pool_take(struct pool *pool, struct arena *arena, uint32_t bytes);

/* Gives a piece back; with the last one all pages go back to the arena. */
void pool_give(struct pool *pool, struct arena *arena, uint32_t bytes, uint32_t piece);

/* Gives everything back to the arena. */
void pool_clear(struct pool *pool, struct arena *arena);

static inline void *pool_at(const struct arena *arena, uint32_t bytes, uint32_t piece) {
    return arena->pages + (size_t)piece * bytes;
}

#endif
