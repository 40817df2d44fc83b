#include "core/ladder.h"

#include <string.h>

/* The tree of far levels is a crit-bit tree over the 41 bits of a key: at most 41 steps, whatever prices
 * anybody chooses, and nothing to balance. References are node << 1 | is leaf; 0 is an empty tree. */
struct far_node {
    union {
        struct {
            uint64_t key;
            struct level level;
            uint64_t spare;
        } leaf;
        struct {
            uint32_t children[2];
            uint32_t bit;
        } branch;
    };
};

enum {
    PLACES_PER_LEVEL_MAX = 128,      /* a window has at most so many places for each level that exists ... */
    THIN_PLACES_PER_LEVEL_MAX = 4096, /* ... and so many where the arena grants it */
    DEBT_AT_LEAST = 16
};

_Static_assert(sizeof(struct far_node) == 32, "16 nodes to a page");

static struct far_node *far_node(const struct arena *arena, uint32_t reference) {
    return pool_at(arena, sizeof(struct far_node), reference >> 1);
}

static bool is_leaf(uint32_t reference) { return reference & 1; }

static uint32_t child_of(const struct far_node *branch, uint64_t key) {
    return branch->branch.children[key >> branch->branch.bit & 1];
}

/* The leaf where a descent by the key's bits ends: the key's own if it has one. */
static struct far_node *nearest_leaf(const struct ladder *ladder, const struct arena *arena, uint64_t key) {
    uint32_t reference = ladder->far_root;
    while (!is_leaf(reference)) reference = child_of(far_node(arena, reference), key);
    return far_node(arena, reference);
}

static uint64_t least_key(const struct arena *arena, uint32_t reference) {
    while (!is_leaf(reference)) reference = far_node(arena, reference)->branch.children[0];
    return far_node(arena, reference)->leaf.key;
}

static uint32_t highest_bit(uint64_t v) { return 63 - (uint32_t)__builtin_clzll(v); }

/* The least far key at or above `key`. */
static uint64_t far_from(const struct ladder *ladder, const struct arena *arena, uint64_t key) {
    if (!ladder->far_root) return LADDER_EMPTY;
    uint64_t nearest = nearest_leaf(ladder, arena, key)->leaf.key;
    if (nearest == key) return key;
    uint32_t bit = highest_bit(nearest ^ key), reference = ladder->far_root, greater = 0;
    while (!is_leaf(reference) && far_node(arena, reference)->branch.bit > bit) {
        struct far_node *branch = far_node(arena, reference);
        if (!(key >> branch->branch.bit & 1)) greater = branch->branch.children[1];
        reference = child_of(branch, key);
    }
    if (nearest > key) return least_key(arena, reference);
    return greater ? least_key(arena, greater) : LADDER_EMPTY;
}

uint64_t ladder_far_next(const struct ladder *ladder, const struct arena *arena, uint64_t key) {
    return far_from(ladder, arena, key + 1);
}

struct level *ladder_far_find(const struct ladder *ladder, const struct arena *arena, uint64_t key) {
    if (!ladder->far_root) return NULL;
    struct far_node *leaf = nearest_leaf(ladder, arena, key);
    return leaf->leaf.key == key ? &leaf->leaf.level : NULL;
}

struct level *ladder_far_get(struct ladder *ladder, const struct arena *arena, uint64_t key) {
    ladder->far_debt++;
    struct level *level = ladder_far_find(ladder, arena, key);
    CHECK(level, "a level that must exist is not in the ladder");
    return level;
}

void ladder_find_best(struct ladder *ladder, const struct arena *arena, uint64_t gone_key) {
    ladder->best = ladder_next(ladder, arena, gone_key);
}

static uint32_t new_leaf(struct ladder *ladder, struct arena *arena, uint64_t key) {
    uint32_t piece = pool_take(&ladder->far_nodes, arena, sizeof(struct far_node));
    struct far_node *leaf = pool_at(arena, sizeof *leaf, piece);
    leaf->leaf.key = key;
    leaf->leaf.level = (struct level){0};
    return piece << 1 | 1;
}

/* Puts a branch at `bit` where `*at` points, the old subtree on one side and the new leaf on the other. */
static void insert_branch(
    struct ladder *ladder, struct arena *arena, uint32_t *at, uint32_t bit, uint32_t leaf, uint64_t key) {
    uint32_t piece = pool_take(&ladder->far_nodes, arena, sizeof(struct far_node));
    struct far_node *branch = pool_at(arena, sizeof *branch, piece);
    uint32_t way = key >> bit & 1;
    branch->branch.bit = bit;
    branch->branch.children[way] = leaf;
    branch->branch.children[!way] = *at;
    *at = piece << 1;
}

/* A far level that is not there yet. */
static struct level *far_insert(struct ladder *ladder, struct arena *arena, uint64_t key) {
    uint32_t leaf = new_leaf(ladder, arena, key);
    ladder->far_levels++;
    if (!ladder->far_root) {
        ladder->far_root = leaf;
        return &far_node(arena, leaf)->leaf.level;
    }
    uint32_t bit = highest_bit(nearest_leaf(ladder, arena, key)->leaf.key ^ key);
    uint32_t *at = &ladder->far_root;
    while (!is_leaf(*at) && far_node(arena, *at)->branch.bit > bit)
        at = &far_node(arena, *at)->branch.children[key >> far_node(arena, *at)->branch.bit & 1];
    insert_branch(ladder, arena, at, bit, leaf, key);
    return &far_node(arena, leaf)->leaf.level;
}

/* A far level that is there. */
static void far_remove(struct ladder *ladder, struct arena *arena, uint64_t key) {
    uint32_t *at = &ladder->far_root, *above = NULL;
    CHECK(ladder->far_root, "a level to remove is in no tree");
    while (!is_leaf(*at)) {
        above = at;
        at = &far_node(arena, *at)->branch.children[key >> far_node(arena, *at)->branch.bit & 1];
    }
    uint32_t leaf = *at;
    CHECK(far_node(arena, leaf)->leaf.key == key, "a level to remove is not in the ladder");
    if (above) {
        uint32_t branch = *above;
        *above = far_node(arena, branch)->branch.children[!(key >> far_node(arena, branch)->branch.bit & 1)];
        pool_give(&ladder->far_nodes, arena, sizeof(struct far_node), branch >> 1);
    } else {
        ladder->far_root = 0;
    }
    ladder->far_levels--;
    pool_give(&ladder->far_nodes, arena, sizeof(struct far_node), leaf >> 1);
}

void ladder_far_leave(struct ladder *ladder, struct arena *arena, uint64_t key) {
    ladder->far_debt++;
    far_remove(ladder, arena, key);
    if (key == ladder->best) ladder_find_best(ladder, arena, key);
}

/* Which power of two of pages the levels, or the bits, of a window take. */
static uint32_t pieces_size(uint64_t bytes) {
    uint32_t size = 0;
    while (((uint64_t)ARENA_PAGE_BYTES << size) < bytes) size++;
    return size;
}

static uint32_t words_of(uint32_t levels) { return (levels + 63) / 64; }

static void give_window(struct arena *arena, const struct ladder *ladder) {
    uint32_t window = ladder->window_page, bits = ladder->bits_page;
    if (ladder->size) arena_give_pages(arena, pieces_size((uint64_t)ladder->size * sizeof(struct level)), window, window);
    if (bits) arena_give_pages(arena, pieces_size(words_of(ladder->size) * 8), bits, bits);
    if (ladder->granted_pages) arena_ungrant(arena, ladder->granted_pages);
}

/* An empty window of `size` levels from `base` on; the one before is no longer known here. */
static void take_window(struct ladder *ladder, struct arena *arena, uint64_t base, uint32_t size) {
    uint32_t words = words_of(size);
    ladder->base = base;
    ladder->size = size;
    ladder->near_levels = 0;
    ladder->window_page = arena_take_zero_pages(arena, pieces_size((uint64_t)size * sizeof(struct level)));
    ladder->levels = arena_page(arena, ladder->window_page);
    ladder->bits_page = words > LADDER_INLINE_WORDS ? arena_take_zero_pages(arena, pieces_size(words * 8)) : 0;
    ladder->bits = ladder->bits_page ? arena_page(arena, ladder->bits_page) : ladder->inline_bits;
    if (!ladder->bits_page) memset(ladder->inline_bits, 0, sizeof ladder->inline_bits);
    memset(ladder->summary, 0, sizeof ladder->summary);
}

static void set_near(struct ladder *ladder, uint64_t key, struct level level) {
    uint32_t at = ladder_place(ladder, key);
    ladder->levels[at] = level;
    ladder->bits[at >> 6] |= UINT64_C(1) << (at & 63);
    ladder->summary[at >> 12] |= UINT64_C(1) << (at >> 6 & 63);
    ladder->near_levels++;
}

static void clear_near(struct ladder *ladder, uint64_t key) {
    uint32_t at = ladder_place(ladder, key);
    ladder->levels[at] = (struct level){0};
    if (!(ladder->bits[at >> 6] &= ~(UINT64_C(1) << (at & 63))))
        ladder->summary[at >> 12] &= ~(UINT64_C(1) << (at >> 6 & 63));
    ladder->near_levels--;
}

/* Takes the far levels that lie in the window now into it. */
static void pull_near(struct ladder *ladder, struct arena *arena) {
    uint64_t key;
    while (ladder_is_near(ladder, key = far_from(ladder, arena, ladder->base))) {
        set_near(ladder, key, nearest_leaf(ladder, arena, key)->leaf.level);
        far_remove(ladder, arena, key);
    }
}

/* The least key of the window from `key` on, also for a key that is not in it. */
static uint64_t near_from(const struct ladder *ladder, uint64_t key) {
    return ladder_is_near(ladder, key) ? ladder_near_from(ladder, key) : LADDER_EMPTY;
}

/* Sends the levels from `low` to before `high` to the tree. */
static void push_far(struct ladder *ladder, struct arena *arena, uint64_t low, uint64_t high) {
    for (uint64_t key = near_from(ladder, low); key < high; key = near_from(ladder, key + 1)) {
        *far_insert(ladder, arena, key) = ladder->levels[ladder_place(ladder, key)];
        clear_near(ladder, key);
    }
}

/* Moves the window: what it leaves goes to the tree, what it comes to is taken from there, the rest stays in place. */
static void move_window(struct ladder *ladder, struct arena *arena, uint64_t base) {
    uint64_t old = ladder->base, size = ladder->size;
    if (ladder->near_levels && base > old) push_far(ladder, arena, old, base < old + size ? base : old + size);
    if (ladder->near_levels && base < old) push_far(ladder, arena, base + size > old ? base + size : old, old + size);
    ladder->base = base;
    pull_near(ladder, arena);
    ladder->far_debt = 0;
}

/* Takes a wider window that covers the one before, `granted_pages` of it from the allowance. */
static void widen_window(
    struct ladder *ladder, struct arena *arena, uint64_t base, uint32_t size, uint32_t granted_pages) {
    struct ladder old = *ladder;
    if (old.bits == ladder->inline_bits) old.bits = old.inline_bits;
    take_window(ladder, arena, base, size);
    ladder->granted_pages = granted_pages;
    for (uint64_t key = near_from(&old, old.base); key != LADDER_EMPTY; key = near_from(&old, key + 1)) {
        struct level level = old.levels[ladder_place(&old, key)];
        if (ladder_is_near(ladder, key))
            set_near(ladder, key, level);
        else
            *far_insert(ladder, arena, key) = level;
    }
    pull_near(ladder, arena);
    give_window(arena, &old);
    ladder->far_debt = 0;
}

static uint64_t greatest_near(const struct ladder *ladder) {
    uint32_t words = words_of(ladder->size), first = ladder_place(ladder, ladder->base) >> 6;
    for (uint32_t i = words; i-- > 0;) {
        uint64_t word = ladder->bits[(first + i) & (words - 1)];
        if (word) return (ladder->base & ~UINT64_C(63)) + ((uint64_t)i << 6) + highest_bit(word);
    }
    return 0;
}

/* Where a window of this size may begin to cover `low` to `high`, with room on both sides if there is any; LADDER_EMPTY
 * if it cannot. */
static uint64_t base_for(uint64_t low, uint64_t high, uint32_t size) {
    uint64_t step = size < 64 ? size : 64, margin = (size - (high - low + 1)) / 2;
    uint64_t base = (low > margin ? low - margin : 0) & ~(step - 1);
    if (high - base >= size) base = low & ~(step - 1);
    return high - base < size ? base : LADDER_EMPTY;
}

/* Levels that exist, and the one that is about to. */
static uint64_t level_count(const struct ladder *ladder) {
    return (uint64_t)ladder->near_levels + ladder->far_levels + 1;
}

/* The window that covers its levels and the key with room to spare, in *base; 0 if that would be too wide or too thin.
 */
static uint32_t wider_window(const struct ladder *ladder, uint64_t key, uint64_t *base) {
    uint64_t low = key, high = key;
    if (ladder->near_levels) {
        uint64_t least = near_from(ladder, ladder->base), greatest = greatest_near(ladder);
        low = least < low ? least : low;
        high = greatest > high ? greatest : high;
    }
    uint64_t span = high - low + 1, size = ladder->size;
    while (size < span + span / 2 && size < LADDER_SIZE_MAX) size *= 2;
    while (size <= LADDER_SIZE_MAX && (size < span || base_for(low, high, (uint32_t)size) == LADDER_EMPTY)) size *= 2;
    if (size > LADDER_SIZE_MAX || (size > ladder->size && size > level_count(ladder) * THIN_PLACES_PER_LEVEL_MAX)) return 0;
    *base = base_for(low, high, (uint32_t)size);
    return (uint32_t)size;
}

/* True when steps in the tree have cost as much as moving the window will. */
static bool is_move_due(const struct ladder *ladder) {
    uint32_t moves = ladder->near_levels + (ladder->far_levels < ladder->size ? ladder->far_levels : ladder->size);
    return ladder->far_debt >= moves / 4 + DEBT_AT_LEAST;
}

/* A quarter of the window in front of the best level, three behind it. */
static uint64_t base_at_best(const struct ladder *ladder, uint64_t key) {
    uint64_t best = key < ladder->best ? key : ladder->best, step = ladder->size < 64 ? ladder->size : 64;
    uint64_t base = (best > ladder->size / 4 ? best - ladder->size / 4 : 0) & ~(step - 1);
    return best - base < ladder->size ? base : best & ~(step - 1);
}

/* True if the window may have that size; one thinner than orders are counted with takes of the allowance. */
static bool may_widen(const struct ladder *ladder, struct arena *arena, uint32_t size, uint32_t *granted_pages) {
    if (size <= level_count(ladder) * PLACES_PER_LEVEL_MAX) return true;
    *granted_pages = (1u << pieces_size((uint64_t)size * sizeof(struct level))) + (1u << pieces_size(words_of(size) * 8));
    return arena_grant(arena, *granted_pages);
}

/* An empty ladder's window goes wherever the first order is: its levels and bits are all zero already. */
static void follow_first(struct ladder *ladder, struct arena *arena, uint64_t key) {
    if (!ladder->size) take_window(ladder, arena, 0, LADDER_SIZE_MIN);
    ladder->base = base_for(key, key, ladder->size);
}

/* Moves or widens the window for a key outside of it, if that is worth it. */
static void follow(struct ladder *ladder, struct arena *arena, uint64_t key) {
    uint64_t base = 0;
    if (ladder->near_levels + ladder->far_levels == 0) {
        follow_first(ladder, arena, key);
        return;
    }
    uint32_t size = wider_window(ladder, key, &base), granted_pages = 0;
    if (size > ladder->size && may_widen(ladder, arena, size, &granted_pages))
        widen_window(ladder, arena, base, size, granted_pages);
    else if (is_move_due(ladder))
        move_window(ladder, arena, size == ladder->size ? base : base_at_best(ladder, key));
}

struct level *ladder_far_enter(struct ladder *ladder, struct arena *arena, uint64_t key) {
    struct level *level = ladder_far_find(ladder, arena, key);
    ladder->far_debt++;
    if (!level || is_move_due(ladder)) {
        follow(ladder, arena, key);
        if (ladder_is_near(ladder, key)) return ladder_enter(ladder, arena, key);
        level = ladder_far_find(ladder, arena, key);
    }
    if (!level) level = far_insert(ladder, arena, key);
    if (key < ladder->best) ladder->best = key;
    return level;
}

void ladder_init(struct ladder *ladder) {
    *ladder = (struct ladder){.best = LADDER_EMPTY};
    ladder->bits = ladder->inline_bits;
}

void ladder_clear(struct ladder *ladder, struct arena *arena) {
    give_window(arena, ladder);
    pool_clear(&ladder->far_nodes, arena);
    ladder_init(ladder);
}

void ladder_check(const struct ladder *ladder, const struct arena *arena) {
    uint32_t near = 0, far = 0;
    for (uint32_t at = 0; at < ladder->size; at++) {
        bool marked = ladder->bits[at >> 6] >> (at & 63) & 1;
        const struct level *level = &ladder->levels[at];
        CHECK(marked == (level->head != 0), "a level's mark disagrees with its orders");
        CHECK(marked || (level->tail == 0 && level->total_lots == 0), "a level that is gone left something behind");
        near += marked;
    }
    for (uint32_t i = 0; i < words_of(ladder->size); i++)
        CHECK((ladder->summary[i >> 6] >> (i & 63) & 1) == (ladder->bits[i] != 0), "the summary of levels is wrong");
    for (uint64_t key = far_from(ladder, arena, 0); key != LADDER_EMPTY; key = ladder_far_next(ladder, arena, key)) {
        CHECK(nearest_leaf(ladder, arena, key)->leaf.level.head, "a far level without an order");
        CHECK(!ladder_is_near(ladder, key), "a level in the tree that belongs into the window");
        far++;
    }
    CHECK(near == ladder->near_levels && far == ladder->far_levels, "the count of levels is wrong");
    uint64_t from_near = near_from(ladder, ladder->base), from_far = far_from(ladder, arena, 0);
    CHECK((from_near < from_far ? from_near : from_far) == ladder->best, "the best price is wrong");
}
