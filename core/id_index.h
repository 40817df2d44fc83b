/* Where an open order is, by its orderId and by account and clientOrderId: a table of 64-byte buckets that grows by one
 * bucket at a time (linear hashing), so no insertion ever waits for a large copy. */
#ifndef SHARDBOOK_CORE_ID_INDEX_H
#define SHARDBOOK_CORE_ID_INDEX_H

#include "core/order.h"
#include "core/pool.h"
#include "core/rolling_hash.h"

#include <stdint.h>

enum { ID_INDEX_SEGMENTS = 20, ID_BUCKET_ENTRIES = 7 };

/* Which id an entry stands for. */
enum id_kind { ID_ORDER = 0, ID_CLIENT = 1 };

/* Tags are the hash's upper half; the low bits of a tag choose the bucket. An entry is slot * 2 + kind. */
struct id_bucket {
    uint32_t tags[ID_BUCKET_ENTRIES];
    uint32_t entries[ID_BUCKET_ENTRIES];
    uint32_t count;
    uint32_t overflow; /* piece of the overflow pool, 0 if none */
};

_Static_assert(sizeof(struct id_bucket) == 64, "one cache line");

/* A zeroed index is empty. One thread at a time, like its book. */
struct id_index {
    uint32_t buckets;  /* 0 before the first entry */
    uint32_t low_mask; /* 2^L - 1, 2^L <= buckets < 2^(L+1) */
    uint32_t entries;
    uint32_t segments[ID_INDEX_SEGMENTS]; /* of 8 buckets, then as many as there are before: place of the first in the
                                             arena's pages, less its number */
    struct pool overflow;
};

/* The hash of an orderId is rolling_id; of account and clientOrderId this. */
static inline uint64_t id_client_hash(uint64_t user_hash, struct text client_order_id) {
    return rolling_mix(user_hash ^ rolling_id(client_order_id) * UINT64_C(0xe220a8397b1dcdaf));
}

/* The slot of the open order with this orderId, 0 if there is none. Bytes are compared. */
uint32_t id_index_find_order(
    const struct id_index *index, const struct arena *arena, uint64_t hash, struct text order_id);

/* The slot of the open order of this account with this clientOrderId, 0 if there is none. */
uint32_t id_index_find_client(const struct id_index *index, const struct arena *arena, uint64_t hash,
    struct text user_id, struct text client_order_id);

/* Has the processor fetch what a look for a hash reads first; and, a while later, where that probably leads: a slot, 0
 * if nothing there looks like it. */
void id_index_prefetch(const struct id_index *index, const struct arena *arena, uint64_t hash);
uint32_t id_index_guess(const struct id_index *index, const struct arena *arena, uint64_t hash);

/* Enters an id that is not there. */
void id_index_add(struct id_index *index, struct arena *arena, uint64_t hash, enum id_kind kind, uint32_t slot);

/* Takes an id out that is there; stops the process if it is not. */
void id_index_remove(struct id_index *index, struct arena *arena, uint64_t hash, enum id_kind kind, uint32_t slot);

/* Empties it and gives its memory back to the arena. */
void id_index_clear(struct id_index *index, struct arena *arena);

/* Writes the record of an order that has none yet, with this quantity in lots if the order does not know its own. */
void order_write_request(const struct arena *arena, uint32_t slot, int64_t quantity_lots);

/* The record of an order, written if it was not. */
static inline struct order_record *order_record_of(const struct arena *arena, uint32_t slot) {
    if (__builtin_expect(arena->orders[slot].unwritten, 0))
        order_write_request(arena, slot, (int64_t)arena->orders[slot].leaves_lots);
    return &arena->records[slot];
}

/* The texts of an order, wherever they lie. */
struct order_texts {
    struct text order_id, client_order_id, user_id;
};
struct order_texts order_texts(const struct arena *arena, uint32_t slot);

/* True if the order belongs to this account; an order of nobody belongs to the absent one. */
bool order_is_of(const struct arena *arena, uint32_t slot, struct text user_id);

#endif
