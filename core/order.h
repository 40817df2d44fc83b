/* A resting order: 32 bytes that matching touches, and beside them, under the same slot number, what only its answers
 * print. What only some kinds of orders have is in a piece of its own. */
#ifndef SHARDBOOK_CORE_ORDER_H
#define SHARDBOOK_CORE_ORDER_H

#include "core/limits.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ORDER_TEXT_BYTES = 48,
    ORDER_SPECIAL_TEXT_BYTES = 44, /* the number of its extra piece follows */
    ORDER_LONG_TEXTS_BYTES = 256,
    ORDER_EXTRA_BYTES = 128
};

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
            uint64_t special : 1;    /* it has a struct order_extra */
            uint64_t order_type : 3; /* as it came */
            uint64_t self_trade : 3; /* enum self_trade */
            uint64_t unwritten : 1;  /* nobody's, with an id of 8 bytes, it has no record yet: read that through
                                        order_record_of alone */
            uint64_t spare : 1;
            uint64_t price_ticks : 48; /* 0: it has no limit price */
            uint64_t account_tag : 16; /* of the userId's hash, 0 if it has none: to pass over strangers' orders without
                                          their record. Unwritten: the quantity it came with, 0 if that is more than
                                          fits; then it is as whole as it came */
        };
        uint64_t words[2];
    };
    uint32_t next, prev; /* slots at the same level, 0 at its ends; of a trailing stop or queued order in that list */
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
        struct {
            char special_texts[ORDER_SPECIAL_TEXT_BYTES];
            uint32_t extra; /* the piece of the book's extras pool, of a special order */
        };
    };
};

_Static_assert(sizeof(struct order_record) == 64, "one cache line");

/* Where an open order is. */
enum order_place {
    PLACE_LEVEL = 0, /* at its price level, or the order that matches now */
    PLACE_STOP,      /* waits for its trigger */
    PLACE_TRAILING,  /* waits for its trigger, which moves */
    PLACE_TRAILED,   /* a trailing stop that a print triggered, between that print and its place in the queue */
    PLACE_CHILD,     /* waits for its list's parent */
    PLACE_TO_ENTER,  /* queue: a child whose parent was filled, not accepted yet */
    PLACE_TO_RUN,    /* queue: accepted, about to match, trigger or rest */
    PLACE_TRIGGERED  /* queue: a stop that prints triggered */
};

/* What only icebergs, stops, GTD orders and orders of lists have. */
struct order_extra {
    int64_t clip_lots;             /* what it shows at most at rest; 0: all, it is no iceberg */
    int64_t reserve_lots;          /* at rest: what it does not show */
    int64_t expire_time_ms;        /* GTD */
    int64_t stop_price_ticks;      /* as it came, or as modified; 0: none */
    int64_t trigger_ticks;         /* of a stop that is triggered: where */
    int64_t watermark_ticks;       /* trailing, once started */
    int64_t trailing_ticks;        /* trailing by ticks ... */
    int64_t trailing_bps;          /* ... or by basis points */
    int64_t slippage_ticks;        /* -1: no limit of its own */
    uint64_t sequence;             /* of a waiting stop */
    uint32_t time_next, time_prev; /* slots that expire at the same time */
    uint32_t wait_next, wait_prev; /* waiting stops by sequence */
    uint32_t group;                /* piece of the book's groups pool, 0: none */
    uint8_t role;                  /* its place in the group */
    uint8_t place;                 /* enum order_place */
    bool is_timed;                 /* in the map of times */
    bool is_started;               /* trailing: there is a watermark */
};

_Static_assert(sizeof(struct order_extra) <= ORDER_EXTRA_BYTES, "an extra fits its piece");

/* The orders of one list. */
struct order_group {
    uint32_t members[3];  /* slots by role, 0: ended or, of an OCO that one leg settled, of no meaning any more */
    uint32_t references;  /* slots that name the group, ended ones that a step's events still show included */
    uint32_t next_filled; /* groups whose parent was filled */
    uint8_t contingency;  /* enum contingency */
    bool is_settled;      /* an OCO's leg was filled or triggered: the legs have nothing to do with each other */
    uint8_t list_id_bytes;
    char list_id[ID_BYTES_MAX];
};

/* What an order is, in one word: the upper 16 bits of words[0]. */
struct order_kind {
    uint8_t side, time_in_force, order_type, self_trade;
    bool post_only, long_texts, has_client, special;
};

/* The words of a new order. */
static inline void order_write(
    struct order *order, int64_t leaves_lots, struct order_kind kind, int64_t price_ticks, uint16_t account_tag) {
    uint32_t bits = kind.side | (uint32_t)kind.time_in_force << 1 | (uint32_t)kind.post_only << 4 |
                    (uint32_t)kind.long_texts << 5 | (uint32_t)kind.has_client << 6 | (uint32_t)kind.special << 7 |
                    (uint32_t)kind.order_type << 8 | (uint32_t)kind.self_trade << 11;
    order->words[0] = (uint64_t)leaves_lots | (uint64_t)bits << 48;
    order->words[1] = (uint64_t)price_ticks | (uint64_t)account_tag << 48;
}

/* The bits of words[0] that say what an order is, not how it is stored. */
#define ORDER_KIND_BITS (UINT64_C(0x3f1f) << 48)

#define ORDER_LONG_TEXTS_BIT (UINT64_C(1) << 53)
#define ORDER_CLIENT_BIT (UINT64_C(1) << 54)
#define ORDER_SPECIAL_BIT (UINT64_C(1) << 55)

#define ORDER_UNWRITTEN_BIT (UINT64_C(1) << 62)

/* Of words[1]: the account's tag, or an unwritten order's quantity. */
#define ORDER_TAG_SHIFT 48
#define ORDER_TAG_MAX 65535

/* What a tick of the price counts in the hash over the open orders, where a lot counts 1. */
#define ORDER_PRICE_WEIGHT UINT64_C(0xf88bb8a8724c81ed)

/* The words of a new record. */
static inline void order_record_write(struct order_record *record, int64_t quantity_lots, struct text order_id,
    struct text client_order_id, struct text user_id) {
    record->words[0] = (uint64_t)quantity_lots | (uint64_t)order_id.size << 48 | (uint64_t)client_order_id.size << 56;
    record->words[1] = (uint64_t)user_id.size << 48;
}

#endif
