/* All memory of all books: given once by the caller, handed out in blocks, shared by the threads that own books. */
#ifndef SHARDBOOK_CORE_ARENA_H
#define SHARDBOOK_CORE_ARENA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct order;
struct order_record;

enum {
    ARENA_ORDERS_PER_BLOCK = 8,
    ARENA_PAGE_BYTES = 512, /* the smallest piece */
    ARENA_SIZES = 20        /* pieces of 512 << 0 to 512 << 19 bytes */
};

/* A stack of free pieces: number of the top piece in the low half, in the high half a count of changes, so that a
 * top that went and came back is not taken for the same. */
typedef _Atomic uint64_t arena_stack;

/* Blocks move between books of any thread; what is in a block belongs to the book that took it. */
struct arena {
    struct order *orders;          /* by slot; slot 0 is never used */
    struct order_record *records;  /* by slot */
    char *pages;                   /* by page number; page 0 is never used */
    _Atomic uint32_t *block_links; /* next block, of a free one or of one in its owner's chain */
    _Atomic uint32_t *page_links;
    uint32_t block_count, page_count;
    _Alignas(64) arena_stack free_blocks;
    _Atomic uint32_t fresh_block; /* never taken before from here on */
    _Alignas(64) arena_stack free_pages[ARENA_SIZES];
    _Atomic uint32_t fresh_page;
};

/* Bytes for books that hold up to orders_max (1024 to 2^25) orders together. What counts of a book is the most it held
 * since it was last empty (then it gives its blocks back), and at least 4. Generous, because only what is touched
 * becomes real: map it without reserving (MAP_NORESERVE), in huge pages if there are. Any thread. */
size_t arena_bytes(uint64_t orders_max);

/* Lays an arena out in arena_bytes(orders_max) bytes at `memory` (64-byte aligned, all zero, as a fresh mapping is),
 * which stay the caller's and outlive it. Nothing is written to them yet. One thread, before any book. */
void arena_init(struct arena *arena, void *memory, uint64_t orders_max);

/* Takes a block of ARENA_ORDERS_PER_BLOCK order slots; its number, from 1. Its first slot is block_first_slot(). An
 * arena that has none left stops the process. Any thread. */
uint32_t arena_take_block(struct arena *arena);

/* Gives a chain of blocks back, linked by arena_link_block from first to last. Any thread. */
void arena_give_blocks(struct arena *arena, uint32_t first, uint32_t last);

/* Takes a piece of ARENA_PAGE_BYTES << size bytes, 64-byte aligned, any content; the number of its first page, from 1.
 * An arena that has none left stops the process. Any thread. */
uint32_t arena_take_pages(struct arena *arena, uint32_t size);

/* The same, all zero: a piece that nobody had before is not even touched. */
uint32_t arena_take_zero_pages(struct arena *arena, uint32_t size);

/* Gives a chain of pieces of one size back, linked by arena_link_page from first to last. Any thread. */
void arena_give_pages(struct arena *arena, uint32_t size, uint32_t first, uint32_t last);

/* Puts `next` behind a block or page in its owner's chain. The owner alone. */
static inline void arena_link_block(struct arena *arena, uint32_t block, uint32_t next) {
    atomic_store_explicit(&arena->block_links[block], next, memory_order_relaxed);
}

static inline void arena_link_page(struct arena *arena, uint32_t page, uint32_t next) {
    atomic_store_explicit(&arena->page_links[page], next, memory_order_relaxed);
}

static inline void *arena_page(const struct arena *arena, uint32_t page) {
    return arena->pages + (size_t)page * ARENA_PAGE_BYTES;
}

static inline uint32_t block_first_slot(uint32_t block) { return block * ARENA_ORDERS_PER_BLOCK; }

/* Bytes that were ever handed out, for metrics. Any thread. */
size_t arena_used_bytes(const struct arena *arena);

enum { ARENA_CACHED_BYTES = 1 << 20 /* about what a core's own cache holds */ };

/* True if the books together are larger than a core's own cache, so that looking ahead pays. Any thread. */
static inline bool arena_is_large(const struct arena *arena) { return arena_used_bytes(arena) > ARENA_CACHED_BYTES; }

#endif
