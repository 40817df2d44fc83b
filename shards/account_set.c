#include "shards/account_set.h"

#include "core/rolling_hash.h"
#include "core/status.h"

#include <stdlib.h>

enum { CAPACITY_MIN = 16 };

void account_set_deinit(struct account_set *set) {
    free(set->slots);
    *set = (struct account_set){0};
}

static struct text slot_text(const struct account_slot *slot) { return (struct text){slot->user_id, slot->bytes}; }

static uint32_t home_of(const struct account_set *set, struct text user_id) {
    return (uint32_t)(rolling_id(user_id) >> 32) & (set->capacity - 1);
}

/* The account's slot, or the empty one where it would go. */
static struct account_slot *slot_of(const struct account_set *set, struct text user_id) {
    uint32_t at = home_of(set, user_id);
    while (set->slots[at].bytes && !text_equal(slot_text(&set->slots[at]), user_id))
        at = (at + 1) & (set->capacity - 1);
    return &set->slots[at];
}

bool account_set_has(const struct account_set *set, struct text user_id) {
    return set->count && user_id.size && slot_of(set, user_id)->bytes;
}

static int grow(struct account_set *set) {
    struct account_set wider = {.capacity = set->capacity ? 2 * set->capacity : CAPACITY_MIN, .count = set->count};
    wider.slots = calloc(wider.capacity, sizeof *wider.slots);
    if (!wider.slots) return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < set->capacity; i++)
        if (set->slots[i].bytes) *slot_of(&wider, slot_text(&set->slots[i])) = set->slots[i];
    free(set->slots);
    *set = wider;
    return STATUS_OK;
}

int account_set_add(struct account_set *set, struct text user_id) {
    if (2 * (set->count + 1) > set->capacity && grow(set) != STATUS_OK) return STATUS_NO_MEMORY;
    struct account_slot *slot = slot_of(set, user_id);
    if (slot->bytes) return STATUS_OK;
    memcpy(slot->user_id, user_id.data, user_id.size);
    slot->bytes = (uint8_t)user_id.size;
    set->count++;
    return STATUS_OK;
}

/* What stands behind the hole and would be looked for at or before it moves into it, so that no search ends early. */
static void close_hole(struct account_set *set, uint32_t hole) {
    uint32_t mask = set->capacity - 1;
    for (uint32_t at = (hole + 1) & mask; set->slots[at].bytes; at = (at + 1) & mask) {
        uint32_t home = home_of(set, slot_text(&set->slots[at]));
        if (((at - home) & mask) < ((at - hole) & mask)) continue;
        set->slots[hole] = set->slots[at];
        hole = at;
    }
    set->slots[hole].bytes = 0;
}

void account_set_remove(struct account_set *set, struct text user_id) {
    if (!account_set_has(set, user_id)) return;
    close_hole(set, (uint32_t)(slot_of(set, user_id) - set->slots));
    set->count--;
}
