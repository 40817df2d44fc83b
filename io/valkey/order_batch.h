/* One symbol's events on their way to Valkey: fills one by one, of each order only what it came to. Applied at once or
 * not at all, so nobody sees that the steps between are missing. */
#ifndef SHARDBOOK_IO_VALKEY_ORDER_BATCH_H
#define SHARDBOOK_IO_VALKEY_ORDER_BATCH_H

#include "core/event.h"
#include "core/limits.h"
#include "io/valkey/ops.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    BATCH_ORDERS_MAX = 768,
    BATCH_SLOTS = 2048, /* of the index over orders: a power of two */
    BATCH_FILL_BYTES_MAX = 256 * 1024,
    BATCH_ORDER_OPS_BYTES_MAX = 640 /* one order, encoded at its longest */
};
/* The most bytes that a finished batch takes. */
#define BATCH_BYTES_MAX (BATCH_FILL_BYTES_MAX + BATCH_ORDERS_MAX * BATCH_ORDER_OPS_BYTES_MAX + 1024)

/* Kinds of elements that the script knows; each is followed by its own. */
enum batch_op {
    OP_FILL = 1, /* fseq, stream id, bytes */
    OP_LAST,     /* fseq, count, name and value ... */
    OP_DEPTH,    /* fseq, json, 1 if whatever is there may be newer and is wrong */
    OP_NEW, /* this and those below: fseq, 1 if ended (2: DUPLICATE_ID), orderId, userId, clientOrderId, count, name and
               value ... */
    OP_CHANGE,   /* of an order that is there */
    OP_REJECTED, /* only if there is none of that id */
    OP_OPEN      /* an open order of a snapshot: whatever is there goes */
};

/* What an order came to within the batch. */
struct order_change {
    uint64_t fseq; /* the last event about it */
    int64_t timestamp_ms, price_ticks, quantity_lots, leaves_lots, cumulative_lots;
    struct decimal_unit tick, lot;
    uint8_t op;     /* enum batch_op */
    uint8_t status; /* enum order_status, NONE: as it was */
    uint8_t side, reason;
    bool has_timestamp, has_price, has_quantity, has_leaves, has_cumulative;
    uint8_t order_id_bytes, user_id_bytes, client_order_id_bytes;
    char order_id[ID_BYTES_MAX], user_id[ID_BYTES_MAX], client_order_id[ID_BYTES_MAX];
};

/* The last of the batch's fills. */
struct last_fill {
    uint64_t fseq, trade_id;
    int64_t price_ticks, quantity_lots, timestamp_ms;
    struct decimal_unit tick, lot;
    uint8_t taker_side;
};

/* The values of `status` in order:{orderId}. */
enum order_status {
    ORDER_STATUS_NONE = 0,
    ORDER_ACCEPTED,
    ORDER_PARTIALLY_FILLED,
    ORDER_FILLED,
    ORDER_CANCELLED,
    ORDER_EXPIRED,
    ORDER_REJECTED
};

struct order_batch {
    bool is_refill;                  /* part of a refill, not of the chain of events */
    uint64_t first, last, last_hash; /* fseq of the events in it; first 0: it is empty */
    uint32_t event_count, fill_count, order_count;
    struct last_fill last_fill;
    struct ops fills;
    struct order_change orders[BATCH_ORDERS_MAX];
    uint16_t slots[BATCH_SLOTS]; /* index + 1 into orders by the hash of the id, linear probing */
};

/* Allocates; NULL without memory. */
struct order_batch *order_batch_open(void);
void order_batch_close(struct order_batch *batch);

/* Empties it for the next use. */
void order_batch_clear(struct order_batch *batch, bool is_refill);

/* Whether one more event certainly fits. */
bool order_batch_has_room(const struct order_batch *batch);

/* Adds an event; in a batch of the chain its fseq must be last + 1. `bytes`: as in topic fills. Copies. There must be
 * room. */
void order_batch_add(struct order_batch *batch, const struct event *event, struct text bytes);

/* Adds an open order as a snapshot tells it at `fseq`. There must be room. */
void order_batch_add_open(struct order_batch *batch, const struct event *order, uint64_t fseq);

/* Bytes held so far, near enough for limits. */
size_t order_batch_bytes(const struct order_batch *batch);

/* Writes everything to the empty `ops`, which must have room for BATCH_BYTES_MAX. */
void order_batch_encode(const struct order_batch *batch, struct ops *ops);

#endif
