#include "core/depth.h"

#include <string.h>

size_t depth_bytes(uint32_t capacity) { return 2 * (size_t)capacity * sizeof(struct depth_level); }

void depth_init(struct depth *depth, void *memory, uint32_t capacity) {
    struct depth_level *levels = memory;
    depth->sides[SIDE_BUY] = (struct depth_side){.levels = levels};
    depth->sides[SIDE_SELL] = (struct depth_side){.levels = levels + capacity};
    depth->capacity = capacity;
}

void depth_clear(struct depth *depth) {
    depth->sides[SIDE_BUY].count = 0;
    depth->sides[SIDE_SELL].count = 0;
}

void *depth_memory(const struct depth *depth) { return depth->sides[SIDE_BUY].levels; }

static void copy_side(struct depth_side *to, const struct depth_side *from) {
    to->count = from->count;
    memcpy(to->levels, from->levels, from->count * sizeof *from->levels);
}

void *depth_move(struct depth *depth, void *memory, uint32_t capacity) {
    struct depth old = *depth;
    depth_init(depth, memory, capacity);
    copy_side(&depth->sides[SIDE_BUY], &old.sides[SIDE_BUY]);
    copy_side(&depth->sides[SIDE_SELL], &old.sides[SIDE_SELL]);
    return depth_memory(&old);
}

/* Whether a stands further from the other side's prices than b. */
static bool is_worse(enum side side, int64_t a_ticks, int64_t b_ticks) {
    return side == SIDE_BUY ? a_ticks < b_ticks : a_ticks > b_ticks;
}

/* Where the price stands or would stand. Changes come mostly near the best, at the end. */
static uint32_t find_place(const struct depth_side *levels, enum side side, int64_t price_ticks) {
    uint32_t low = 0, high = levels->count;
    for (uint32_t step = 1; low < high; step *= 2) {
        uint32_t probe = high > step ? high - step : 0;
        if (is_worse(side, levels->levels[probe].price_ticks, price_ticks)) {
            low = probe + 1;
            break;
        }
        high = probe;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (is_worse(side, levels->levels[middle].price_ticks, price_ticks))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void insert_level(struct depth_side *side, uint32_t place, struct depth_level level) {
    memmove(side->levels + place + 1, side->levels + place, (side->count - place) * sizeof level);
    side->levels[place] = level;
    side->count++;
}

static void delete_level(struct depth_side *side, uint32_t place) {
    side->count--;
    memmove(side->levels + place, side->levels + place + 1, (side->count - place) * sizeof *side->levels);
}

enum depth_result depth_apply(struct depth *depth, enum side side, int64_t price_ticks, int64_t total_lots) {
    struct depth_side *levels = &depth->sides[side];
    uint32_t place = find_place(levels, side, price_ticks);
    bool is_there = place < levels->count && levels->levels[place].price_ticks == price_ticks;
    if (is_there ? levels->levels[place].total_lots == total_lots : total_lots == 0) return DEPTH_SAME;
    if (total_lots == 0)
        delete_level(levels, place);
    else if (is_there)
        levels->levels[place].total_lots = total_lots;
    else if (levels->count == depth->capacity)
        return DEPTH_NO_ROOM;
    else
        insert_level(levels, place, (struct depth_level){price_ticks, total_lots});
    return DEPTH_CHANGED;
}
