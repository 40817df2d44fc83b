/* An order, from its entry to its end. */
#ifndef SHARDBOOK_BENCH_REFERENCE_ORDER_H
#define SHARDBOOK_BENCH_REFERENCE_ORDER_H

#include "core/limits.h"
#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct order_id {
    uint8_t size; /* 0: absent */
    char bytes[ID_BYTES_MAX];
};

enum order_place {
    ORDER_IS_NEW,   /* not entered yet, or a taker at work */
    ORDER_RESTS,    /* in its level */
    ORDER_WAITS,    /* a stop, for its trigger */
    ORDER_IS_DUE,   /* a stop that was triggered, for its turn */
    ORDER_IS_CHILD, /* for its parent to be filled */
    ORDER_HAS_ENDED
};

/* quantity = filled + prevented + leaves. Prices in ticks, quantities in lots. */
struct order {
    struct order_id order_id, client_order_id, user_id, list_id;
    int side, type, time_in_force; /* as in request.h; the time in force that counts */
    bool has_price, post_only;
    int64_t price;
    int64_t quantity, filled, prevented, leaves;
    int64_t clip;  /* 0: no iceberg */
    int64_t shown; /* while it rests */
    int self_trade;
    int64_t max_slippage;   /* -1: none */
    int64_t expire_time_ms; /* of GTD */
    uint64_t expire_rank;   /* when it got that time */

    bool has_stop_price;
    int64_t stop_price;
    int64_t trailing_ticks, trailing_bps; /* of a trailing stop one of them */
    bool has_watermark;
    int64_t watermark;
    int64_t trigger_price; /* once it is due */
    uint64_t rank;         /* among the stops */

    enum order_place place;
    struct order *sibling;         /* the other order of an OCO, while one may still cancel the other */
    struct order *parent;          /* of a child that waits */
    struct order *children[2];     /* that wait for this one; NULL where there is none */
    struct order *previous, *next; /* in its level, among the stops, or among the ended */
};

struct order_id order_id_of(struct text text);
struct text order_text(const struct order_id *id);

/* True if it is the account's; nobody's orders are nobody's. */
bool order_belongs_to(const struct order *order, struct text account);

bool order_is_stop(const struct order *order);  /* STOP, STOP_LIMIT, TRAILING_STOP, triggered or not */
bool order_may_rest(const struct order *order); /* GTC, GTD, DAY */

/* Orders in a row; all zero is an empty one. */
struct order_row {
    struct order **orders;
    size_t count, room;
};

void order_row_add(struct order_row *row, struct order *order);
void order_row_deinit(struct order_row *row);

#endif
