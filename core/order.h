/* A resting order: 32 bytes that matching touches, and beside them, under the same slot number, what only its answers
 * print. */
#ifndef SHARDBOOK_CORE_ORDER_H
#define SHARDBOOK_CORE_ORDER_H

#include "core/limits.h"
#include "core/text.h"

#include <stdint.h>

enum { ORDER_TEXT_BYTES = 48 };

/* Two to a cache line. Slots count from 1; 0 is "none". A free slot uses `next` alone. `words` are the members before
 * it, to write them at once. */
struct order {
    union {
        struct {
            uint64_t leaves_lots : 48; /* as shown and tradable; 1 to 2^40 while open */
            uint64_t side : 1;         /* enum side */
            uint64_t time_in_force : 3;
            uint64_t post_only : 1;
            uint64_t long_texts : 1; /* the record's texts are in a piece of their own */
            uint64_t has_client : 1; /* account and clientOrderId are in the index */
            uint64_t spare : 9;
            uint64_t price_ticks : 48;
            uint64_t account_tag : 16; /* of the userId's hash, 0 if it has none: to pass over strangers' orders without
                                          their record */
        };
        uint64_t words[2];
    };
    uint32_t next, prev; /* slots at the same level, 0 at its ends */
    uint64_t id_hash;    /* rolling_id of the orderId */
};

_Static_assert(sizeof(struct order) == 32, "two orders share a cache line");

/* What answers print. Texts lie one behind the other: orderId, clientOrderId, userId; if that is more than fits they
 * are in a piece of their own. Filled = quantity - prevented - leaves, at any time, so a fill needs no write here. */
struct order_record {
    union {
        struct {
            uint64_t quantity_lots : 48; /* as last modified */
            uint64_t order_id_bytes : 8;
            uint64_t client_order_id_bytes : 8;
            uint64_t prevented_lots : 48; /* taken off by self-trade prevention */
            uint64_t user_id_bytes : 8;
            uint64_t spare : 8;
        };
        uint64_t words[2];
    };
    union {
        char texts[ORDER_TEXT_BYTES];
        uint32_t long_texts; /* the piece of the book's long_texts pool */
    };
};

_Static_assert(sizeof(struct order_record) == 64, "one cache line");

/* The words of a new order. */
static inline void order_write(struct order *order, int64_t leaves_lots, uint32_t side, uint32_t time_in_force,
    bool post_only, bool long_texts, bool has_client, int64_t price_ticks, uint16_t account_tag) {
    order->words[0] = (uint64_t)leaves_lots | (uint64_t)(side | time_in_force << 1 | (uint32_t)post_only << 4 |
                                                         (uint32_t)long_texts << 5 | (uint32_t)has_client << 6)
                                                  << 48;
    order->words[1] = (uint64_t)price_ticks | (uint64_t)account_tag << 48;
}

/* The words of a new record. */
static inline void order_record_write(struct order_record *record, int64_t quantity_lots, struct text order_id,
    struct text client_order_id, struct text user_id) {
    record->words[0] = (uint64_t)quantity_lots | (uint64_t)order_id.size << 48 | (uint64_t)client_order_id.size << 56;
    record->words[1] = (uint64_t)user_id.size << 48;
}

#endif
