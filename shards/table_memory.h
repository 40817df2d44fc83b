/* Memory of what grows by doubling: large pieces come from the system, so that a growing one is moved by its page table
 * and leaves no holes in the heap; small ones come from the heap, since there may be many. Any thread. */
#ifndef SHARDBOOK_SHARDS_TABLE_MEMORY_H
#define SHARDBOOK_SHARDS_TABLE_MEMORY_H

#include <stddef.h>

/* Zeroed, from the start of a cache line on; NULL if there is none. `bytes` > 0. What is read at random: it lies in
 * huge pages if it fills some and the system has them, so that a read is one miss and not two. */
void *table_memory_new(size_t bytes);

/* Makes it `wanted` bytes, more than its `bytes` (0: `memory` is NULL): what it holds stays, what comes behind it is
 * anything. NULL if there is no memory; then the former stays. */
void *table_memory_grow(void *memory, size_t bytes, size_t wanted);

/* `bytes`: what it was made or grown to. NULL is allowed. */
void table_memory_free(void *memory, size_t bytes);

#endif
