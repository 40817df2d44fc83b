#include "core/pool.h"

#include "core/check.h"

#include <string.h>

static uint32_t next_free(const void *piece) {
    uint32_t next;
    memcpy(&next, piece, sizeof next);
    return next;
}

static void put_free(struct pool *pool, struct arena *arena, uint32_t bytes, uint32_t piece) {
    memcpy(pool_at(arena, bytes, piece), &pool->free, sizeof pool->free);
    pool->free = piece;
}

static void add_page(struct pool *pool, struct arena *arena, uint32_t bytes) {
    uint32_t page = arena_take_pages(arena, 0), pieces = ARENA_PAGE_BYTES / bytes;
    arena_link_page(arena, page, pool->first_page);
    if (!pool->first_page) pool->last_page = page;
    pool->first_page = page;
    for (uint32_t i = pieces; i-- > 0;) put_free(pool, arena, bytes, page * pieces + i);
}

uint32_t pool_take(struct pool *pool, struct arena *arena, uint32_t bytes) {
    if (!pool->free) add_page(pool, arena, bytes);
    uint32_t piece = pool->free;
    pool->free = next_free(pool_at(arena, bytes, piece));
    pool->used++;
    return piece;
}

void pool_give(struct pool *pool, struct arena *arena, uint32_t bytes, uint32_t piece) {
    CHECK(pool->used, "a piece is given back to a pool that gave none");
    if (--pool->used == 0)
        pool_clear(pool, arena);
    else
        put_free(pool, arena, bytes, piece);
}

void pool_clear(struct pool *pool, struct arena *arena) {
    if (pool->first_page) arena_give_pages(arena, 0, pool->first_page, pool->last_page);
    *pool = (struct pool){0};
}
