#include "core/arena.h"

#include "core/check.h"
#include "core/order.h"

#include <string.h>

enum {
    ORDERS_PER_TWO_BLOCKS = 8,   /* a block for every 4 orders: many small books leave slots unused */
    PAGE_BYTES_PER_ORDER = 4096, /* a level in a window as thin as they come, index, far levels, long ids */
    PAGE_BYTES_AT_LEAST = 64 << 20
};

/* The smallest pieces have 16 bytes and 32-bit numbers: 64 GiB. */
#define PAGES_MAX (UINT32_MAX / (ARENA_PAGE_BYTES / 16) - 1)

/* The parts of an arena in bytes, in the order they lie in. */
struct arena_layout {
    uint32_t block_count, page_count;
    size_t orders, records, pages, block_links, page_links;
};

static size_t round_up(size_t bytes) { return (bytes + 4095) & ~(size_t)4095; }

static struct arena_layout arena_lay_out(uint64_t orders_max) {
    CHECK(orders_max >= 1024 && orders_max <= UINT64_C(1) << 25, "an arena is for 1024 to 2^25 orders");
    struct arena_layout l;
    uint64_t page_bytes = orders_max * PAGE_BYTES_PER_ORDER + PAGE_BYTES_AT_LEAST;
    l.block_count = (uint32_t)(orders_max * 2 / ORDERS_PER_TWO_BLOCKS + 1);
    uint64_t pages = page_bytes / ARENA_PAGE_BYTES + 1;
    l.page_count = pages < PAGES_MAX ? (uint32_t)pages : PAGES_MAX;
    size_t slots = (size_t)l.block_count * ARENA_ORDERS_PER_BLOCK;
    l.orders = round_up(slots * sizeof(struct order));
    l.records = round_up(slots * sizeof(struct order_record));
    l.pages = round_up((size_t)l.page_count * ARENA_PAGE_BYTES);
    l.block_links = round_up(l.block_count * sizeof(uint32_t));
    l.page_links = round_up(l.page_count * sizeof(uint32_t));
    return l;
}

size_t arena_bytes(uint64_t orders_max) {
    struct arena_layout l = arena_lay_out(orders_max);
    return l.orders + l.records + l.pages + l.block_links + l.page_links;
}

void arena_init(struct arena *arena, void *memory, uint64_t orders_max) {
    CHECK(((uintptr_t)memory & 63) == 0, "an arena's memory must be 64-byte aligned");
    struct arena_layout l = arena_lay_out(orders_max);
    char *at = memory;
    arena->orders = (struct order *)at;
    arena->records = (struct order_record *)(at += l.orders);
    arena->pages = at += l.records;
    arena->block_links = (_Atomic uint32_t *)(at += l.pages);
    arena->page_links = (_Atomic uint32_t *)(at += l.block_links);
    arena->block_count = l.block_count;
    arena->page_count = l.page_count;
    atomic_init(&arena->free_blocks, 0);
    atomic_init(&arena->fresh_block, 1);
    atomic_init(&arena->fresh_page, 1);
    for (int size = 0; size < ARENA_SIZES; size++) atomic_init(&arena->free_pages[size], 0);
}

static void stack_push(arena_stack *stack, _Atomic uint32_t *links, uint32_t first, uint32_t last) {
    uint64_t old = atomic_load_explicit(stack, memory_order_relaxed), new;
    do {
        atomic_store_explicit(&links[last], (uint32_t)old, memory_order_relaxed);
        new = ((old >> 32) + 1) << 32 | first;
    } while (!atomic_compare_exchange_weak_explicit(stack, &old, new, memory_order_release, memory_order_relaxed));
}

/* 0 if it is empty. */
static uint32_t stack_pop(arena_stack *stack, const _Atomic uint32_t *links) {
    uint64_t old = atomic_load_explicit(stack, memory_order_acquire), new;
    do {
        if ((uint32_t)old == 0) return 0;
        /* Another thread may have taken it meanwhile: then this link is of no meaning, and the exchange fails. */
        uint32_t next = atomic_load_explicit(&links[(uint32_t)old], memory_order_relaxed);
        new = ((old >> 32) + 1) << 32 | next;
    } while (!atomic_compare_exchange_weak_explicit(stack, &old, new, memory_order_acquire, memory_order_acquire));
    return (uint32_t)old;
}

/* `count` numbers that nobody had before, the first of them; 0 if there are not so many. */
static uint32_t take_fresh(_Atomic uint32_t *fresh, uint32_t count, uint32_t end) {
    uint32_t first = atomic_load_explicit(fresh, memory_order_relaxed);
    do {
        if (end - first < count) return 0;
    } while (!atomic_compare_exchange_weak_explicit(
        fresh, &first, first + count, memory_order_relaxed, memory_order_relaxed));
    return first;
}

uint32_t arena_take_block(struct arena *arena) {
    uint32_t block = stack_pop(&arena->free_blocks, arena->block_links);
    if (!block) block = take_fresh(&arena->fresh_block, 1, arena->block_count);
    CHECK(block, "the memory for orders is used up: give the process room for more orders");
    return block;
}

void arena_give_blocks(struct arena *arena, uint32_t first, uint32_t last) {
    stack_push(&arena->free_blocks, arena->block_links, first, last);
}

/* Halves a larger free piece until it fits. 0 if there is none. */
static uint32_t split_larger(struct arena *arena, uint32_t size) {
    uint32_t larger = size, page = 0;
    while (!page && ++larger < ARENA_SIZES) page = stack_pop(&arena->free_pages[larger], arena->page_links);
    while (page && larger-- > size) {
        uint32_t half = page + (UINT32_C(1) << larger);
        stack_push(&arena->free_pages[larger], arena->page_links, half, half);
    }
    return page;
}

uint32_t arena_take_pages(struct arena *arena, uint32_t size) {
    CHECK(size < ARENA_SIZES, "a piece of memory larger than an arena has");
    uint32_t page = stack_pop(&arena->free_pages[size], arena->page_links);
    if (!page) page = take_fresh(&arena->fresh_page, UINT32_C(1) << size, arena->page_count);
    if (!page) page = split_larger(arena, size);
    CHECK(page, "the memory for price levels and ids is used up: give the process room for more orders");
    return page;
}

uint32_t arena_take_zero_pages(struct arena *arena, uint32_t size) {
    CHECK(size < ARENA_SIZES, "a piece of memory larger than an arena has");
    uint32_t page = stack_pop(&arena->free_pages[size], arena->page_links);
    if (!page) {
        page = take_fresh(&arena->fresh_page, UINT32_C(1) << size, arena->page_count);
        if (page) return page;
        page = arena_take_pages(arena, size);
    }
    memset(arena_page(arena, page), 0, (size_t)ARENA_PAGE_BYTES << size);
    return page;
}

void arena_give_pages(struct arena *arena, uint32_t size, uint32_t first, uint32_t last) {
    stack_push(&arena->free_pages[size], arena->page_links, first, last);
}

size_t arena_used_bytes(const struct arena *arena) {
    size_t blocks = atomic_load_explicit(&arena->fresh_block, memory_order_relaxed);
    size_t pages = atomic_load_explicit(&arena->fresh_page, memory_order_relaxed);
    return blocks * ARENA_ORDERS_PER_BLOCK * (sizeof(struct order) + sizeof(struct order_record)) +
           pages * ARENA_PAGE_BYTES;
}
