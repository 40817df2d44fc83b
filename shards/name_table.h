/* Symbol names to pointers. One thread at a time. */
#ifndef SHARDBOOK_SHARDS_NAME_TABLE_H
#define SHARDBOOK_SHARDS_NAME_TABLE_H

#include "core/text.h"

#include <stdint.h>

/* A symbol or "#<partition>", at most 12 bytes, kept by value. */
struct name {
    char bytes[12];
    uint8_t size;
};

static inline struct name name_of(struct text text) {
    struct name name = {.size = (uint8_t)(text.size <= 12 ? text.size : 12)};
    memcpy(name.bytes, text.data ? text.data : "", name.size);
    return name;
}

/* A view of the name's own bytes. */
static inline struct text name_text(const struct name *name) { return (struct text){name->bytes, name->size}; }

struct name_slot {
    struct name name;
    void *value; /* NULL: empty */
};

/* Zeroed is empty; grows by doubling. Values stay the caller's. Visit `slots[0 .. capacity)` with a value to see all,
 * in no order that may matter. */
struct name_table {
    struct name_slot *slots;
    uint32_t capacity, count;
};

void name_table_deinit(struct name_table *table);

/* The value of a name, or NULL. */
void *name_table_find(const struct name_table *table, struct text name);

/* Adds a name that is not there yet. STATUS_OK or STATUS_NO_MEMORY. */
int name_table_add(struct name_table *table, struct text name, void *value);

#endif
