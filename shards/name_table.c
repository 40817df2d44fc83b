#include "shards/name_table.h"

#include "core/rolling_hash.h"
#include "core/short_text.h"
#include "core/status.h"

#include <stdlib.h>

void name_table_deinit(struct name_table *table) {
    free(table->slots);
    *table = (struct name_table){0};
}

static struct name_slot *slot_of(const struct name_table *table, struct text name) {
    uint32_t mask = table->capacity - 1;
    for (uint32_t i = (uint32_t)(rolling_id(name) >> 32) & mask;; i = (i + 1) & mask) {
        struct name_slot *slot = &table->slots[i];
        if (!slot->value) return slot;
        if (slot->name.size == name.size && short_equal(slot->name.bytes, name.data, name.size)) return slot;
    }
}

void *name_table_find(const struct name_table *table, struct text name) {
    return table->count ? slot_of(table, name)->value : NULL;
}

static int grow(struct name_table *table) {
    struct name_table wider = {.capacity = table->capacity ? 2 * table->capacity : 64, .count = table->count};
    wider.slots = calloc(wider.capacity, sizeof *wider.slots);
    if (!wider.slots) return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < table->capacity; i++)
        if (table->slots[i].value) *slot_of(&wider, name_text(&table->slots[i].name)) = table->slots[i];
    free(table->slots);
    *table = wider;
    return STATUS_OK;
}

int name_table_add(struct name_table *table, struct text name, void *value) {
    if (2 * (table->count + 1) > table->capacity && grow(table) != STATUS_OK) return STATUS_NO_MEMORY;
    struct name_slot *slot = slot_of(table, name);
    slot->name = name_of(name);
    slot->value = value;
    table->count++;
    return STATUS_OK;
}
