/* What the engine answers: the one thing that leaves a shard. */
#ifndef SHARDBOOK_CORE_EVENT_H
#define SHARDBOOK_CORE_EVENT_H

#include "core/command.h"
#include "core/instrument.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

/* Numbers are part of the rolling hash. */
enum event_type {
    EVENT_ACCEPTED = 1,
    EVENT_REJECTED,
    EVENT_DUPLICATE,
    EVENT_FILL,
    EVENT_PREVENTED,
    EVENT_CANCELLED,
    EVENT_EXPIRED,
    EVENT_CANCEL_ALL_DONE,
    EVENT_MODIFIED,
    EVENT_TRIGGERED,
    EVENT_STATE,
    EVENT_CONTROL,
    EVENT_TYPE_COUNT
};

/* One of the two orders of a FILL or PREVENTED, as it stands after the event. */
struct event_party {
    struct text order_id, client_order_id, user_id;
    int64_t leaves_lots, cumulative_lots;
};

/* An event with everything its encoders need. Texts belong to whoever filled it in and live as that one says
 * (of book_view: until the next step of the same book). A text that is absent, and a number without
 * its has_ flag, is left out of the encoding. Which members count for which type: table `fills` of the README. */
struct event {
    uint8_t type;          /* enum event_type */
    uint8_t side;          /* order's side; of a FILL or PREVENTED the taker's; SIDE_NONE = left out */
    uint8_t order_type;    /* ACCEPTED */
    uint8_t time_in_force; /* ACCEPTED: the one in force, never NONE */
    uint8_t reason;        /* REJECTED, CANCELLED, EXPIRED */
    uint8_t self_trade;    /* PREVENTED: mode */
    bool kept_priority;    /* MODIFIED */
    bool has_price, has_stop_price, has_last_price;

    struct text symbol; /* or "#<partition>" */
    uint64_t fseq;
    int32_t src_partition;
    int64_t src_offset;
    uint32_t src_index;
    int64_t own;
    int64_t timestamp_ms;
    uint64_t hash;

    struct text order_id, client_order_id, command_id, user_id, list_id, original_order_id;
    int64_t price_ticks, stop_price_ticks, last_price_ticks;
    int64_t quantity_lots, leaves_lots, cumulative_lots;
    uint64_t trade_id;               /* FILL, from 1 */
    uint64_t count;                  /* CANCEL_ALL_DONE */
    struct event_party taker, maker; /* FILL, PREVENTED */

    struct text control_kind;   /* CONTROL: "BEGIN", ... */
    struct text control_result; /* CONTROL: "ACCEPTED" or why refused */
    struct text control_fields; /* CONTROL: the record's fields, encoded JSON members without braces, `symbol` and
                                   `kind` left out */

    struct text state;   /* STATE: "TRADING", ... */
    bool has_indicative; /* STATE, in an auction */
    int64_t indicative_price_ticks, indicative_quantity_lots;

    struct instrument instrument; /* its tick and lot give the places of every price and quantity */
};

/* "FILL" and so on; static. Any thread. */
struct text event_type_name(enum event_type type);

/* Packs an event with its texts into out (EVENT_PACKED_BYTES_MAX bytes suffice) as one flat piece that may be copied
 * anywhere; returns its size, a multiple of 8. Any thread. */
#define EVENT_PACKED_BYTES_MAX 6144
uint32_t event_pack(const struct event *event, void *out);

/* Fills *event with views into the packed piece, which must stay where it is as long as they are used.
 * `packed` must be 8-byte aligned. Any thread. */
void event_unpack(const void *packed, struct event *event);

#endif
