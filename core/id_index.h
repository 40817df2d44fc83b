/* Where an open order is, by its orderId and by account and clientOrderId: a table of 64-byte buckets that grows by one
 * bucket at a time (linear hashing), so no insertion ever waits for a large copy. */
#ifndef SHARDBOOK_CORE_ID_INDEX_H
#define SHARDBOOK_CORE_ID_INDEX_H

#include "core/order.h"
#include "core/pool.h"
#include "core/rolling_hash.h"
#include "core/short_text.h"

#include <stdbool.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
    ID_INDEX_SEGMENTS = 21,
    ID_BUCKET_ENTRIES = 7,
    ID_INDEX_LOAD = 2,                             /* entries of a bucket on average, before another bucket is added */
    ID_INDEX_FIRST_BUCKETS = ARENA_PAGE_BYTES / 64 /* of a cache line each, in a page */
};

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
_Static_assert((UINT64_C(4) << ID_INDEX_SEGMENTS) * ID_INDEX_LOAD > UINT64_C(3) * OPEN_ORDERS_PER_SYMBOL_MAX,
    "two ids for each order that may be open, and for those that only pass");

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

/* ---- parts of what follows: what finds its entry in its own bucket is compiled into its callers ---------------- */

/* Segment 0 has the first 8 buckets, segment s the 4 << s from number 4 << s on. */
static inline uint32_t id_index_segment_of(uint32_t number) {
    return 29 - (uint32_t)__builtin_clz(number | (ID_INDEX_FIRST_BUCKETS - 1));
}

static inline struct id_bucket *id_index_bucket(
    const struct id_index *index, const struct arena *arena, uint32_t number) {
    return (struct id_bucket *)arena->pages + (uint32_t)(index->segments[id_index_segment_of(number)] + number);
}

static inline uint32_t id_tag(uint64_t hash) { return (uint32_t)(hash >> 32); }

static inline uint32_t id_index_number(const struct id_index *index, uint32_t tag) {
    uint32_t number = tag & (index->low_mask * 2 + 1);
    return number < index->buckets ? number : tag & index->low_mask;
}

/* The bucket of a hash; NULL as long as there are no buckets. */
static inline struct id_bucket *id_index_home(const struct id_index *index, const struct arena *arena, uint64_t hash) {
    return index->buckets ? id_index_bucket(index, arena, id_index_number(index, id_tag(hash))) : NULL;
}

/* A bit for each entry of the bucket with the hash's tag. */
static inline uint32_t id_bucket_match(const struct id_bucket *bucket, uint64_t hash) {
#ifdef __SSE2__
    const __m128i wanted = _mm_set1_epi32((int)id_tag(hash));
    const __m128i *tags = (const __m128i *)bucket; /* the eighth is no tag: `count` leaves it out */
    uint32_t low = (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(_mm_load_si128(tags), wanted)));
    uint32_t high = (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(_mm_load_si128(tags + 1), wanted)));
    return (low | high << 4) & ((1u << bucket->count) - 1);
#else
    uint32_t matches = 0;
    for (uint32_t i = 0; i < bucket->count; i++) matches |= (uint32_t)(bucket->tags[i] == id_tag(hash)) << i;
    return matches;
#endif
}

static inline void id_bucket_fill_gap(struct id_bucket *bucket, uint32_t i) {
    uint32_t last = --bucket->count;
    bucket->tags[i] = bucket->tags[last];
    bucket->entries[i] = bucket->entries[last];
}

static inline bool id_index_is_full(const struct id_index *index) {
    return index->entries >= index->buckets * ID_INDEX_LOAD;
}

/* True if the order in this slot has the id, and its text in its record. */
static inline bool id_is_at_hand(const struct arena *arena, uint32_t slot, uint64_t hash, struct text order_id) {
    const struct order *order = &arena->orders[slot];
    const struct order_record *record = &arena->records[slot];
    return order->id_hash == hash && !(order->words[0] & (ORDER_LONG_TEXTS_BIT | ORDER_UNWRITTEN_BIT)) &&
           record->order_id_bytes == order_id.size && short_equal(record->texts, order_id.data, order_id.size);
}

uint32_t id_index_search_order(
    const struct id_index *index, const struct arena *arena, uint64_t hash, struct text order_id);
void id_index_append(struct id_index *index, struct arena *arena, uint64_t hash, uint32_t entry);
void id_index_take_out(struct id_index *index, struct arena *arena, uint64_t hash, uint32_t entry);

/* ---- the index ---------------------------------------------------------------------------------------------- */

/* Where an orderId was looked for: good until the index changes; the home alone also while ids only leave it. */
struct id_place {
    struct id_bucket *home;
    uint32_t matches; /* as id_bucket_match */
    uint32_t slot;    /* of the open order with this orderId, 0 if there is none */
};

/* Looks an orderId up. Bytes are compared. */
static inline struct id_place id_index_look(
    const struct id_index *index, const struct arena *arena, uint64_t hash, struct text order_id) {
    struct id_place place = {.home = id_index_home(index, arena, hash)};
    if (__builtin_expect(!place.home, 0)) return place;
    place.matches = id_bucket_match(place.home, hash);
    if (!place.matches && __builtin_expect(!place.home->overflow, 1)) return place;
    uint32_t entry = place.matches ? place.home->entries[__builtin_ctz(place.matches)] : 0;
    place.slot = entry >> 1;
    bool is_it = place.slot && (entry & 1) == ID_ORDER && id_is_at_hand(arena, place.slot, hash, order_id);
    if (__builtin_expect(!is_it, 0)) place.slot = id_index_search_order(index, arena, hash, order_id);
    return place;
}

/* The slot of the open order with this orderId, 0 if there is none. */
static inline uint32_t id_index_find_order(
    const struct id_index *index, const struct arena *arena, uint64_t hash, struct text order_id) {
    return id_index_look(index, arena, hash, order_id).slot;
}

/* The slot of the open order of this account with this clientOrderId, 0 if there is none. */
uint32_t id_index_find_client(const struct id_index *index, const struct arena *arena, uint64_t hash,
    struct text user_id, struct text client_order_id);

/* Has the processor fetch what a look for a hash reads first; and, a while later, where that probably leads: a slot, 0
 * if nothing there looks like it. */
static inline void id_index_prefetch(const struct id_index *index, const struct arena *arena, uint64_t hash) {
    __builtin_prefetch(id_index_home(index, arena, hash), 1);
}

static inline uint32_t id_index_guess(const struct id_index *index, const struct arena *arena, uint64_t hash) {
    const struct id_bucket *home = id_index_home(index, arena, hash);
    uint32_t matches = home ? id_bucket_match(home, hash) : 0;
    return matches ? home->entries[__builtin_ctz(matches)] >> 1 : 0;
}

/* Enters an id that is not there, whose home is known. */
static inline void id_index_add_at(struct id_index *index, struct arena *arena, struct id_bucket *home, uint64_t hash,
    enum id_kind kind, uint32_t slot) {
    uint32_t entry = slot << 1 | (uint32_t)kind;
    if (__builtin_expect(id_index_is_full(index) || home->count == ID_BUCKET_ENTRIES, 0)) {
        id_index_append(index, arena, hash, entry);
        return;
    }
    index->entries++;
    home->tags[home->count] = id_tag(hash);
    home->entries[home->count++] = entry;
}

static inline void id_index_add(
    struct id_index *index, struct arena *arena, uint64_t hash, enum id_kind kind, uint32_t slot) {
    id_index_add_at(index, arena, id_index_home(index, arena, hash), hash, kind, slot);
}

/* Takes an id out that is there, in or behind its home, where `matches` bear its tag; stops the process if it is not.
 */
static inline void id_index_remove_at(struct id_index *index, struct arena *arena, struct id_bucket *home,
    uint32_t matches, uint64_t hash, enum id_kind kind, uint32_t slot) {
    uint32_t entry = slot << 1 | (uint32_t)kind;
    if (__builtin_expect(!matches || home->entries[__builtin_ctz(matches)] != entry, 0)) {
        id_index_take_out(index, arena, hash, entry);
        return;
    }
    id_bucket_fill_gap(home, (uint32_t)__builtin_ctz(matches));
    index->entries--;
}

static inline void id_index_remove(
    struct id_index *index, struct arena *arena, uint64_t hash, enum id_kind kind, uint32_t slot) {
    struct id_bucket *home = id_index_home(index, arena, hash);
    id_index_remove_at(index, arena, home, home ? id_bucket_match(home, hash) : 0, hash, kind, slot);
}

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

/* Where its texts begin, one behind the other. */
static inline const char *order_texts_at(const struct arena *arena, uint32_t slot) {
    const struct order_record *record = order_record_of(arena, slot);
    if (__builtin_expect(arena->orders[slot].long_texts, 0))
        return (const char *)pool_at(arena, ORDER_LONG_TEXTS_BYTES, record->long_texts);
    return record->texts;
}

/* The texts of an order, wherever they lie. */
struct order_texts {
    struct text order_id, client_order_id, user_id;
};
struct order_texts order_texts(const struct arena *arena, uint32_t slot);

/* True if the order belongs to this account; an order of nobody belongs to the absent one. */
static inline bool order_is_of(const struct arena *arena, uint32_t slot, struct text user_id) {
    const char *texts = order_texts_at(arena, slot);
    const struct order_record *record = &arena->records[slot];
    return record->user_id_bytes == user_id.size &&
           short_equal(texts + record->order_id_bytes + record->client_order_id_bytes, user_id.data, user_id.size);
}

#endif
