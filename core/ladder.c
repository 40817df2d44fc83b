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
    PLACES_PER_LEVEL_MAX = 4096,     /* a window is placed with at most so many for each level that exists ... */
    FLAT_PLACES_PER_LEVEL_MAX = 128, /* ... and is flat with so many, ... */
    LARGE_PLACES_PER_LEVEL_MAX = 16, /* ... or so many if it would fill half a core's own cache */
    LARGE_SIZE = 32768,
    TABLE_SIZE_MIN = 64,             /* entries of the least table: one page */
    ENTRIES_PER_LEVEL = 4,           /* at least, so that nearly all are at home */
    DEBT_AT_LEAST = 16
};

_Static_assert(sizeof(struct far_node) == 32, "16 nodes to a page");
_Static_assert(LADDER_SIZE_MAX <= 1 << 16, "an entry of the table holds a place");

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

/* True if the key lies in the window, flat or thin. */
static bool is_in_window(const struct ladder *ladder, uint64_t key) { return key - ladder->base < ladder->places; }

/* The least key of the window from `key` on, also for a key that is not in it. */
static uint64_t near_from(const struct ladder *ladder, uint64_t key) {
    return is_in_window(ladder, key) ? ladder_near_from(ladder, ladder->places, key) : LADDER_EMPTY;
}

/* A thin window's table: the levels by number, from 1, and behind them a hash by place, with open addressing and
 * deletion that shifts back. An entry is place << 16 | number, 0 if it is empty. Small where few levels exist, which is
 * why the levels do not lie in the hash; and whoever chooses prices that meet there finds no more than what makes a
 * window flat. */
static uint32_t *table_entries(const struct ladder *ladder) {
    return (uint32_t *)ladder->levels + ladder->table_mask + 1;
}

static uint32_t place_of(const struct ladder *ladder, uint64_t key) { return (uint32_t)key & (ladder->places - 1); }

static uint32_t table_home(const struct ladder *ladder, uint32_t place) {
    return place * UINT32_C(0x9E3779B1) >> 16 & ladder->table_mask;
}

/* Where the place is in the hash, or the empty entry where it would be. */
LADDER_NEAR uint32_t table_find(const struct ladder *ladder, uint32_t place) {
    const uint32_t *entries = table_entries(ladder);
    uint32_t at = table_home(ladder, place);
    while (__builtin_expect(entries[at] && entries[at] >> 16 != place, 0)) at = (at + 1) & ladder->table_mask;
    return at;
}

/* The number of the level at the place; 0 if there is none. */
LADDER_NEAR uint32_t table_get(const struct ladder *ladder, uint32_t place) {
    return table_entries(ladder)[table_find(ladder, place)] & UINT16_MAX;
}

LADDER_NEAR void table_remove(struct ladder *ladder, uint32_t place) {
    uint32_t *entries = table_entries(ladder), mask = ladder->table_mask, hole = table_find(ladder, place);
    uint32_t number = entries[hole] & UINT16_MAX;
    ladder->levels[number] = (struct level){.tail = ladder->table_free};
    ladder->table_free = number;
    for (uint32_t at = (hole + 1) & mask; __builtin_expect(entries[at], 0); at = (at + 1) & mask) {
        if (((at - table_home(ladder, entries[at] >> 16)) & mask) < ((at - hole) & mask)) continue;
        entries[hole] = entries[at];
        hole = at;
    }
    entries[hole] = 0;
    ladder->table_levels--;
    ladder->far_levels--;
}

/* The level at a place, made (empty) if there is none: table_free must not be 0. */
LADDER_NEAR struct level *table_enter(struct ladder *ladder, uint32_t place) {
    uint32_t *entry = &table_entries(ladder)[table_find(ladder, place)], number = *entry & UINT16_MAX;
    if (number) return &ladder->levels[number];
    number = ladder->table_free;
    struct level *level = &ladder->levels[number];
    ladder->table_free = level->tail;
    level->tail = 0;
    *entry = place << 16 | number;
    ladder->table_levels++;
    ladder->far_levels++;
    return level;
}

LADDER_NEAR void mark(struct ladder *ladder, uint32_t at) {
    ladder->bits[at >> 6] |= UINT64_C(1) << (at & 63);
    ladder->summary[at >> 12] |= UINT64_C(1) << (at >> 6 & 63);
}

LADDER_NEAR void unmark(struct ladder *ladder, uint32_t at) {
    if (!(ladder->bits[at >> 6] &= ~(UINT64_C(1) << (at & 63))))
        ladder->summary[at >> 12] &= ~(UINT64_C(1) << (at >> 6 & 63));
}

uint64_t ladder_far_next(const struct ladder *ladder, const struct arena *arena, uint64_t key) {
    uint64_t from = key < ladder->base ? ladder->base : key + 1, near = LADDER_EMPTY;
    if (ladder->table_levels && is_in_window(ladder, from)) near = ladder_near_from(ladder, ladder->places, from);
    if (__builtin_expect(!ladder->far_root, 1)) return near;
    uint64_t far = far_from(ladder, arena, key + 1);
    return near < far ? near : far;
}

/* The level of a key in the tree, or NULL. */
static struct level *tree_find(const struct ladder *ladder, const struct arena *arena, uint64_t key) {
    if (!ladder->far_root) return NULL;
    struct far_node *leaf = nearest_leaf(ladder, arena, key);
    return leaf->leaf.key == key ? &leaf->leaf.level : NULL;
}

/* Of the table or the tree: who calls knows that no flat window has the key, so that a window that has it is thin. */
struct level *ladder_far_find(const struct ladder *ladder, const struct arena *arena, uint64_t key) {
    if (!is_in_window(ladder, key)) return tree_find(ladder, arena, key);
    uint32_t number = table_get(ladder, place_of(ladder, key));
    return number ? &ladder->levels[number] : NULL;
}

struct level *ladder_far_get(struct ladder *ladder, const struct arena *arena, uint64_t key) {
    ladder->far_debt += !is_in_window(ladder, key);
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
static struct level *tree_insert(struct ladder *ladder, struct arena *arena, uint64_t key) {
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
static void tree_remove(struct ladder *ladder, struct arena *arena, uint64_t key) {
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

__attribute__((noinline)) static void tree_leave(struct ladder *ladder, struct arena *arena, uint64_t key) {
    ladder->far_debt++;
    tree_remove(ladder, arena, key);
}

void ladder_far_leave(struct ladder *ladder, struct arena *arena, uint64_t key) {
    if (__builtin_expect(is_in_window(ladder, key), 1)) {
        table_remove(ladder, place_of(ladder, key));
        unmark(ladder, place_of(ladder, key));
    } else {
        tree_leave(ladder, arena, key);
    }
    if (key == ladder->best) ladder_find_best(ladder, arena, key);
}

/* Which power of two of pages so many bytes take. */
static uint32_t pieces_size(uint64_t bytes) {
    uint32_t size = 0;
    while (((uint64_t)ARENA_PAGE_BYTES << size) < bytes) size++;
    return size;
}

static uint32_t words_of(uint32_t places) { return (places + 63) / 64; }

/* What the levels of the window take, flat or in the table, of which each half takes as much. */
static uint32_t levels_size(const struct ladder *ladder) {
    uint64_t entries = ladder->table_mask + UINT64_C(1);
    return pieces_size(ladder->size ? (uint64_t)ladder->size * sizeof(struct level) : entries * sizeof(uint32_t) * 2);
}

static void give_window(struct arena *arena, const struct ladder *ladder) {
    uint32_t window = ladder->window_page, bits = ladder->bits_page;
    if (window) arena_give_pages(arena, levels_size(ladder), window, window);
    if (bits) arena_give_pages(arena, pieces_size(words_of(ladder->places) * 8), bits, bits);
}

/* An empty window of so many places from `base` on, for so many levels; the one before is no longer known here, nor
 * are its levels counted. */
static void take_window(struct ladder *ladder, struct arena *arena, uint64_t base, uint32_t places, uint64_t levels) {
    uint32_t words = words_of(places), entries = TABLE_SIZE_MIN;
    bool is_flat = places <= levels * (places < LARGE_SIZE ? FLAT_PLACES_PER_LEVEL_MAX : LARGE_PLACES_PER_LEVEL_MAX);
    while (entries < (levels + levels / 4) * ENTRIES_PER_LEVEL) entries *= 2;
    ladder->base = base;
    ladder->places = places;
    ladder->size = is_flat ? places : 0;
    ladder->table_mask = is_flat ? 0 : entries - 1;
    ladder->far_levels -= ladder->table_levels;
    ladder->near_levels = ladder->table_levels = 0;
    ladder->window_page = arena_take_zero_pages(arena, levels_size(ladder));
    ladder->levels = arena_page(arena, ladder->window_page);
    ladder->table_free = 0;
    for (uint32_t number = is_flat ? 0 : entries / ENTRIES_PER_LEVEL; number-- > 1; ladder->table_free = number)
        ladder->levels[number].tail = ladder->table_free;
    ladder->bits_page = words > LADDER_INLINE_WORDS ? arena_take_zero_pages(arena, pieces_size(words * 8)) : 0;
    ladder->bits = ladder->bits_page ? arena_page(arena, ladder->bits_page) : ladder->inline_bits;
    if (!ladder->bits_page) memset(ladder->inline_bits, 0, sizeof ladder->inline_bits);
    memset(ladder->summary, 0, sizeof ladder->summary);
}

/* The level of a key that has one in the window. */
static struct level near_level(const struct ladder *ladder, uint64_t key) {
    uint32_t place = place_of(ladder, key);
    return ladder->levels[ladder->size ? place : table_get(ladder, place)];
}

static void set_near(struct ladder *ladder, uint64_t key, struct level level) {
    uint32_t place = place_of(ladder, key);
    mark(ladder, place);
    if (ladder->size) {
        ladder->levels[place] = level;
        ladder->near_levels++;
    } else {
        *table_enter(ladder, place) = level;
    }
}

static void clear_near(struct ladder *ladder, uint64_t key) {
    uint32_t place = place_of(ladder, key);
    unmark(ladder, place);
    if (ladder->size) {
        ladder->levels[place] = (struct level){0};
        ladder->near_levels--;
    } else {
        table_remove(ladder, place);
    }
}

/* Levels that exist, and the one that is about to. */
static uint64_t level_count(const struct ladder *ladder) {
    return (uint64_t)ladder->near_levels + ladder->far_levels + 1;
}

/* Takes another window that covers the levels of the one before, flat or thin by how many levels there are. */
static void change_window(struct ladder *ladder, struct arena *arena, uint64_t base, uint32_t places) {
    struct ladder old = *ladder;
    if (ladder->bits == ladder->inline_bits) old.bits = old.inline_bits;
    take_window(ladder, arena, base, places, level_count(ladder));
    for (uint64_t key = near_from(&old, old.base); key != LADDER_EMPTY; key = near_from(&old, key + 1))
        set_near(ladder, key, near_level(&old, key));
    give_window(arena, &old);
}

/* Room in a thin window for a level more: in a table twice as large, or flat if enough levels exist now. */
static void make_room(struct ladder *ladder, struct arena *arena) {
    if (!ladder->size && !ladder->table_free) change_window(ladder, arena, ladder->base, ladder->places);
}

/* Takes the far levels that lie in the window now into it. */
static void pull_near(struct ladder *ladder, struct arena *arena) {
    uint64_t key;
    while (is_in_window(ladder, key = far_from(ladder, arena, ladder->base))) {
        make_room(ladder, arena);
        set_near(ladder, key, nearest_leaf(ladder, arena, key)->leaf.level);
        tree_remove(ladder, arena, key);
    }
}

/* Sends the levels from `low` to before `high` to the tree. */
static void push_far(struct ladder *ladder, struct arena *arena, uint64_t low, uint64_t high) {
    for (uint64_t key = near_from(ladder, low); key < high; key = near_from(ladder, key + 1)) {
        *tree_insert(ladder, arena, key) = near_level(ladder, key);
        clear_near(ladder, key);
    }
}

/* Levels of the window. */
static uint32_t near_count(const struct ladder *ladder) { return ladder->near_levels + ladder->table_levels; }

/* Moves the window: what it leaves goes to the tree, what it comes to is taken from there, the rest stays in place. */
static void move_window(struct ladder *ladder, struct arena *arena, uint64_t base) {
    uint64_t old = ladder->base, places = ladder->places;
    if (base > old) push_far(ladder, arena, old, base < old + places ? base : old + places);
    if (base < old) push_far(ladder, arena, base + places > old ? base + places : old, old + places);
    ladder->base = base;
    pull_near(ladder, arena);
    ladder->far_debt = 0;
}

/* Takes a wider window, and the far levels that lie in it now. */
static void widen_window(struct ladder *ladder, struct arena *arena, uint64_t base, uint32_t places) {
    change_window(ladder, arena, base, places);
    pull_near(ladder, arena);
    ladder->far_debt = 0;
}

static uint64_t greatest_near(const struct ladder *ladder) {
    uint32_t words = words_of(ladder->places), first = ((uint32_t)ladder->base & (ladder->places - 1)) >> 6;
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

/* The places of a window that covers its levels and the key with room to spare, which begins at *base; 0 if that would
 * be too wide or too thin. */
static uint32_t wider_window(const struct ladder *ladder, uint64_t key, uint64_t *base) {
    uint64_t low = key, high = key;
    if (near_count(ladder)) {
        uint64_t least = near_from(ladder, ladder->base), greatest = greatest_near(ladder);
        low = least < low ? least : low;
        high = greatest > high ? greatest : high;
    }
    uint64_t span = high - low + 1, size = ladder->places;
    while (size < span + span / 2 && size < LADDER_SIZE_MAX) size *= 2;
    while (size <= LADDER_SIZE_MAX && (size < span || base_for(low, high, (uint32_t)size) == LADDER_EMPTY)) size *= 2;
    if (size > LADDER_SIZE_MAX || (size > ladder->places && size > level_count(ladder) * PLACES_PER_LEVEL_MAX))
        return 0;
    *base = base_for(low, high, (uint32_t)size);
    return (uint32_t)size;
}

/* True when steps in the tree have cost as much as moving the window will. */
static bool is_move_due(const struct ladder *ladder) {
    uint32_t far = ladder->far_levels - ladder->table_levels;
    uint32_t moves = near_count(ladder) + (far < ladder->places ? far : ladder->places);
    return ladder->far_debt >= moves / 4 + DEBT_AT_LEAST;
}

/* A quarter of the window in front of the best level, three behind it. */
static uint64_t base_at_best(const struct ladder *ladder, uint64_t key) {
    uint64_t best = key < ladder->best ? key : ladder->best, step = ladder->places < 64 ? ladder->places : 64;
    uint64_t base = (best > ladder->places / 4 ? best - ladder->places / 4 : 0) & ~(step - 1);
    return best - base < ladder->places ? base : best & ~(step - 1);
}

/* An empty ladder's window goes wherever the first order is: its levels and bits are all zero already. */
static void follow_first(struct ladder *ladder, struct arena *arena, uint64_t key) {
    if (!ladder->places) take_window(ladder, arena, 0, LADDER_SIZE_MIN, 1);
    ladder->base = base_for(key, key, ladder->places);
}

/* Moves or widens the window for a key outside of it, if that is worth it. */
static void follow(struct ladder *ladder, struct arena *arena, uint64_t key) {
    uint64_t base = 0;
    if (ladder->near_levels + ladder->far_levels == 0) {
        follow_first(ladder, arena, key);
        return;
    }
    uint32_t places = wider_window(ladder, key, &base);
    if (places > ladder->places)
        widen_window(ladder, arena, base, places);
    else if (is_move_due(ladder))
        move_window(ladder, arena, places == ladder->places ? base : base_at_best(ladder, key));
}

LADDER_NEAR struct level *thin_enter(struct ladder *ladder, uint64_t key) {
    uint32_t place = place_of(ladder, key);
    mark(ladder, place);
    ladder->best = key < ladder->best ? key : ladder->best;
    return table_enter(ladder, place);
}

/* A level of the window; a thin one may become flat. */
static struct level *near_enter(struct ladder *ladder, struct arena *arena, uint64_t key) {
    make_room(ladder, arena);
    return ladder->size ? ladder_enter(ladder, arena, key) : thin_enter(ladder, key);
}

/* What may take memory, or step into the tree. */
__attribute__((noinline)) static struct level *slow_enter(struct ladder *ladder, struct arena *arena, uint64_t key) {
    if (is_in_window(ladder, key)) return near_enter(ladder, arena, key);
    struct level *level = tree_find(ladder, arena, key);
    ladder->far_debt++;
    if (!level || is_move_due(ladder)) {
        follow(ladder, arena, key);
        if (is_in_window(ladder, key)) return near_enter(ladder, arena, key);
        level = tree_find(ladder, arena, key);
    }
    if (!level) level = tree_insert(ladder, arena, key);
    if (key < ladder->best) ladder->best = key;
    return level;
}

struct level *ladder_far_enter(struct ladder *ladder, struct arena *arena, uint64_t key) {
    if (__builtin_expect(is_in_window(ladder, key) && ladder->table_free, 1)) return thin_enter(ladder, key);
    return slow_enter(ladder, arena, key);
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

static void check_flat(const struct ladder *ladder) {
    for (uint32_t at = 0; at < ladder->size; at++) {
        bool marked = ladder->bits[at >> 6] >> (at & 63) & 1;
        const struct level *level = &ladder->levels[at];
        CHECK(marked == (level->head != 0), "a level's mark disagrees with its orders");
        CHECK(marked || (level->tail == 0 && level->total_lots == 0), "a level that is gone left something behind");
    }
}

static void check_table(const struct ladder *ladder) {
    const uint32_t *entries = table_entries(ladder);
    uint32_t levels = 0, gone = 0;
    CHECK(!ladder->near_levels, "a window is flat and thin");
    for (uint32_t at = 0; at <= ladder->table_mask; at++) {
        uint32_t place = entries[at] >> 16, number = entries[at] & UINT16_MAX;
        if (!entries[at]) continue;
        CHECK(number && ladder->levels[number].head, "a level without an order");
        CHECK(table_find(ladder, place) == at, "a level that is not found");
        CHECK(ladder->bits[place >> 6] >> (place & 63) & 1, "a level without a mark");
        levels++;
    }
    for (uint32_t number = ladder->table_free; number; number = ladder->levels[number].tail) {
        CHECK(
            !ladder->levels[number].head && !ladder->levels[number].total_lots, "a level that is gone left something");
        gone++;
    }
    CHECK(levels == ladder->table_levels && levels + gone + 1 == (ladder->table_mask + 1) / ENTRIES_PER_LEVEL,
        "the count of levels in the table is wrong");
}

void ladder_check(const struct ladder *ladder, const struct arena *arena) {
    uint32_t near = 0, far = 0;
    if (ladder->size)
        check_flat(ladder);
    else if (ladder->places)
        check_table(ladder);
    for (uint32_t i = 0; i < words_of(ladder->places); i++) {
        CHECK((ladder->summary[i >> 6] >> (i & 63) & 1) == (ladder->bits[i] != 0), "the summary of levels is wrong");
        near += (uint32_t)__builtin_popcountll(ladder->bits[i]);
    }
    for (uint64_t key = far_from(ladder, arena, 0); key != LADDER_EMPTY; key = far_from(ladder, arena, key + 1)) {
        CHECK(nearest_leaf(ladder, arena, key)->leaf.level.head, "a far level without an order");
        CHECK(!is_in_window(ladder, key), "a level in the tree that belongs into the window");
        far++;
    }
    CHECK(near == near_count(ladder) && near + far == ladder->near_levels + ladder->far_levels,
        "the count of levels is wrong");
    uint64_t from_near = near_from(ladder, ladder->base), from_far = far_from(ladder, arena, 0);
    CHECK((from_near < from_far ? from_near : from_far) == ladder->best, "the best price is wrong");
}
