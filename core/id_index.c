#include "core/id_index.h"

#include "core/check.h"
#include "core/short_text.h"

void order_write_request(const struct arena *arena, uint32_t slot, int64_t quantity_lots) {
    struct order *order = &arena->orders[slot];
    uint64_t id = rolling_unmix(order->id_hash) ^ sizeof id;
    struct order_record *record = &arena->records[slot];
    if (order->account_tag) quantity_lots = (int64_t)order->account_tag;
    order_record_write(record, quantity_lots, (struct text){NULL, sizeof id}, TEXT_NONE, TEXT_NONE);
    memcpy(record->texts, &id, sizeof id);
    order->unwritten = 0;
    order->account_tag = 0;
}

struct order_texts order_texts(const struct arena *arena, uint32_t slot) {
    const struct order_record *record = order_record_of(arena, slot);
    const char *at = order_texts_at(arena, slot);
    struct order_texts texts;
    texts.order_id = (struct text){at, record->order_id_bytes};
    at += record->order_id_bytes;
    texts.client_order_id =
        record->client_order_id_bytes ? (struct text){at, record->client_order_id_bytes} : TEXT_NONE;
    at += record->client_order_id_bytes;
    texts.user_id = record->user_id_bytes ? (struct text){at, record->user_id_bytes} : TEXT_NONE;
    return texts;
}

static struct id_bucket *overflow_at(const struct arena *arena, uint32_t piece) {
    return pool_at(arena, sizeof(struct id_bucket), piece);
}

static bool is_order(const struct arena *arena, uint32_t entry, uint64_t hash, struct text order_id) {
    uint32_t slot = entry >> 1;
    return (entry & 1) == ID_ORDER && arena->orders[slot].id_hash == hash &&
           arena->records[slot].order_id_bytes == order_id.size &&
           short_equal(order_texts_at(arena, slot), order_id.data, order_id.size);
}

uint32_t id_index_search_order(
    const struct id_index *index, const struct arena *arena, uint64_t hash, struct text order_id) {
    for (const struct id_bucket *bucket = id_index_home(index, arena, hash);;
        bucket = overflow_at(arena, bucket->overflow)) {
        for (uint32_t matches = id_bucket_match(bucket, hash); matches; matches &= matches - 1) {
            uint32_t entry = bucket->entries[__builtin_ctz(matches)];
            if (is_order(arena, entry, hash, order_id)) return entry >> 1;
        }
        if (!bucket->overflow) return 0;
    }
}

static bool is_client(const struct arena *arena, uint32_t entry, struct text user_id, struct text client_order_id) {
    struct order_texts texts = order_texts(arena, entry >> 1);
    return (entry & 1) == ID_CLIENT && text_equal(texts.user_id, user_id) &&
           text_equal(texts.client_order_id, client_order_id);
}

uint32_t id_index_find_client(const struct id_index *index, const struct arena *arena, uint64_t hash,
    struct text user_id, struct text client_order_id) {
    if (!index->entries) return 0;
    for (const struct id_bucket *bucket = id_index_home(index, arena, hash);;
        bucket = overflow_at(arena, bucket->overflow)) {
        for (uint32_t matches = id_bucket_match(bucket, hash); matches; matches &= matches - 1) {
            uint32_t entry = bucket->entries[__builtin_ctz(matches)];
            if (is_client(arena, entry, user_id, client_order_id)) return entry >> 1;
        }
        if (__builtin_expect(!bucket->overflow, 1)) return 0;
    }
}

static void append(
    struct id_index *index, struct arena *arena, struct id_bucket *bucket, uint32_t tag, uint32_t entry) {
    while (bucket->count == ID_BUCKET_ENTRIES) {
        if (!bucket->overflow) {
            uint32_t piece = pool_take(&index->overflow, arena, sizeof *bucket);
            struct id_bucket *fresh = overflow_at(arena, piece);
            fresh->count = fresh->overflow = 0;
            bucket->overflow = piece;
        }
        bucket = overflow_at(arena, bucket->overflow);
    }
    bucket->tags[bucket->count] = tag;
    bucket->entries[bucket->count++] = entry;
}

static uint32_t segment_first(uint32_t segment) { return segment ? 4u << segment : 0; }

/* Which power of two of pages segment s has. */
static uint32_t segment_size(uint32_t segment) { return segment ? segment - 1 : 0; }

/* One bucket more at the end; its entries are still in the bucket that it is split from. */
static struct id_bucket *add_bucket(struct id_index *index, struct arena *arena) {
    uint32_t number = index->buckets, segment = id_index_segment_of(number);
    if (number == segment_first(segment)) {
        CHECK(segment < ID_INDEX_SEGMENTS, "more ids in one book than its index has room for");
        index->segments[segment] = arena_take_pages(arena, segment_size(segment)) * ID_INDEX_FIRST_BUCKETS - number;
    }
    index->buckets++;
    if ((number & (number - 1)) == 0) index->low_mask = number ? number - 1 : 0;
    struct id_bucket *bucket = id_index_bucket(index, arena, number);
    bucket->count = bucket->overflow = 0;
    return bucket;
}

/* Deals the entries of one bucket chain out again between it and the bucket just added. */
static void split_bucket(struct id_index *index, struct arena *arena) {
    struct id_bucket *fresh = add_bucket(index, arena);
    uint32_t fresh_number = index->buckets - 1;
    struct id_bucket *old = id_index_bucket(index, arena, fresh_number & index->low_mask);
    struct id_bucket copy = *old;
    old->count = old->overflow = 0;
    for (;;) {
        for (uint32_t i = 0; i < copy.count; i++)
            append(index, arena, id_index_number(index, copy.tags[i]) == fresh_number ? fresh : old, copy.tags[i],
                copy.entries[i]);
        uint32_t piece = copy.overflow;
        if (!piece) return;
        copy = *overflow_at(arena, piece);
        pool_give(&index->overflow, arena, sizeof copy, piece);
    }
}

static void make_room(struct id_index *index, struct arena *arena) {
    if (!index->buckets)
        add_bucket(index, arena);
    else
        split_bucket(index, arena);
}

void id_index_append(struct id_index *index, struct arena *arena, uint64_t hash, uint32_t entry) {
    if (id_index_is_full(index)) make_room(index, arena);
    index->entries++;
    append(index, arena, id_index_home(index, arena, hash), id_tag(hash), entry);
}

/* Takes an entry out of a bucket; gives an overflow bucket back that is empty then. */
static void take_out(
    struct id_index *index, struct arena *arena, struct id_bucket *before, struct id_bucket *bucket, uint32_t i) {
    id_bucket_fill_gap(bucket, i);
    if (bucket->count || !before) return;
    uint32_t piece = before->overflow;
    before->overflow = bucket->overflow;
    pool_give(&index->overflow, arena, sizeof *bucket, piece);
}

void id_index_take_out(struct id_index *index, struct arena *arena, uint64_t hash, uint32_t entry) {
    CHECK(index->entries, "an id is taken out of an empty index");
    struct id_bucket *bucket = id_index_home(index, arena, hash), *before = NULL;
    for (;; before = bucket, bucket = overflow_at(arena, bucket->overflow)) {
        for (uint32_t matches = id_bucket_match(bucket, hash); matches; matches &= matches - 1) {
            uint32_t i = (uint32_t)__builtin_ctz(matches);
            if (bucket->entries[i] == entry) {
                take_out(index, arena, before, bucket, i);
                index->entries--;
                return;
            }
        }
        CHECK(bucket->overflow, "an open order is not in the index of ids");
    }
}

void id_index_clear(struct id_index *index, struct arena *arena) {
    for (uint32_t segment = 0; segment < ID_INDEX_SEGMENTS && segment_first(segment) < index->buckets; segment++) {
        uint32_t page = (index->segments[segment] + segment_first(segment)) / ID_INDEX_FIRST_BUCKETS;
        arena_give_pages(arena, segment_size(segment), page, page);
    }
    pool_clear(&index->overflow, arena);
    *index = (struct id_index){0};
}
