/* The reference book: computes from the log of `orders` the exact bytes that topic `fills` must hold. Slow, plain, and
 * written from the rules alone, to be compared with the server's output. It allocates as it needs; one thread at a
 * time. */
#ifndef SHARDBOOK_BENCH_REFERENCE_REFERENCE_H
#define SHARDBOOK_BENCH_REFERENCE_REFERENCE_H

#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

struct reference;

/* A record of `orders`. Views are the caller's and need to live only for the call. */
struct reference_record {
    int32_t partition; /* 0 to 9 */
    int64_t offset;
    int64_t timestamp_ms;
    struct text key;
    struct text value;  /* data NULL: no value; an empty value has data != NULL */
    struct text me_t;   /* header me-t, absent if the record has none */
    struct text me_src; /* header me-src */
};

/* An event that `fills[partition]` must hold, in the order of its symbol's fseq. Views live until the callback
 * returns. */
struct reference_event {
    int32_t partition;
    int64_t src_offset;
    struct text symbol; /* or "#<partition>" */
    uint64_t fseq;
    struct text bytes;
};

typedef void reference_on_event(void *context, const struct reference_event *event);

/* What became of the records: `records` is the sum of the ones marked +. */
struct reference_counters {
    uint64_t records;
    uint64_t answered;          /* + commands answered by at least one event, re-injected ones included */
    uint64_t controls;          /* + control records answered by a CONTROL event */
    uint64_t misdirected;       /* + commands for a symbol at home elsewhere: their copies are answered there */
    uint64_t watermark_drops;   /* + copies at or below the watermark, or behind a gap */
    uint64_t voids;             /* + copies without a value that moved a watermark */
    uint64_t void_drops;        /* + those that did not */
    uint64_t ticks;             /* + */
    uint64_t malformed_control; /* + */
    uint64_t copies;            /* re-injected records that followed their watermark and were answered */
    uint64_t events, fills;
};

/* Why a record could not be applied. */
enum reference_status { REFERENCE_OK = 0, REFERENCE_BAD_PARTITION = -1, REFERENCE_OFFSET_WENT_BACK = -2 };

/* What the record just applied was, for callers that follow misdirected records to their copies. */
enum reference_fate {
    REFERENCE_ANSWERED,
    REFERENCE_CONTROL,
    REFERENCE_MISDIRECTED,
    REFERENCE_DROPPED,
    REFERENCE_COPY, /* re-injected, followed its watermark, answered */
    REFERENCE_VOID, /* re-injected without a value, followed its watermark */
    REFERENCE_COUNTED
};

/* Books of all ten partitions, empty. Never fails (no memory ends the program). Close with reference_close. */
struct reference *reference_open(void);
void reference_close(struct reference *reference);

/* The names that me-src gives to the two topics records are carried from; "orders" and "pending-orders" unless told
 * otherwise. The texts live as long as the reference. Before the first record. */
void reference_name_topics(struct reference *reference, struct text orders, struct text pending);

/* Applies the next record of a partition: each partition from its first record, offsets growing; partitions may be
 * mixed in any way. Calls on_event (NULL: nothing) for each event. *fate may be NULL. */
enum reference_status reference_apply(struct reference *reference, const struct reference_record *record,
    reference_on_event *on_event, void *context, enum reference_fate *fate);

const struct reference_counters *reference_counters(const struct reference *reference);

/* The origin that a me-src names; the topic views the header. False if it is not well formed (it may still name a
 * strange topic). */
struct reference_origin {
    struct text topic;
    int32_t partition;        /* 0 to 9 */
    int64_t offset, previous; /* previous -1: none */
};
bool reference_read_origin(struct text me_src, struct reference_origin *origin);

/* True if a symbol can be decoded from a record's value, so that it can be carried to that symbol's home. */
bool reference_names_symbol(struct text value);

/* The home partition of a symbol. */
int32_t reference_home(struct text symbol);

/* ---- the books as they stand */

struct reference_level {
    int64_t price_ticks, total_lots;
    uint64_t orders;
};

enum reference_where { REFERENCE_RESTS, REFERENCE_WAITS_AS_STOP, REFERENCE_WAITS_AS_CHILD };

/* quantity = cumulative + prevented + leaves. */
struct reference_order {
    struct text order_id, client_order_id, user_id, list_id; /* live until the next apply */
    enum reference_where where;
    bool sell, has_watermark;
    int64_t price_ticks; /* 0: it has none */
    int64_t quantity_lots, leaves_lots, cumulative_lots, prevented_lots;
    int64_t shown_lots, reserve_lots; /* of one that rests: together what leaves says */
    int64_t stop_price_ticks;         /* as it came, or was modified; 0: none */
    int64_t trigger_price_ticks;      /* of a stop that waits: what triggers it now; 0: nothing yet */
    int64_t watermark_ticks;          /* of a trailing stop, if it has one */
    int64_t expire_time_ms;           /* of GTD, else 0 */
};

struct reference_trading {
    const char *state; /* "TRADING" and so on; static */
    bool has_last_price;
    int64_t last_price_ticks;
    uint64_t trades;
};

/* False if the symbol has no stream (yet). */
bool reference_position(const struct reference *reference, struct text symbol, uint64_t *fseq, uint64_t *hash);

/* The i-th level of a side, best first, 0 the best; false if there are fewer. */
bool reference_level(
    const struct reference *reference, struct text symbol, bool sell, uint64_t i, struct reference_level *level);

/* Calls visit for each open order: bids best to worst, then asks, first in first out; then the stops that wait, by
 * their sequence; then the children that wait, by their parents in the order above. Returns how many. */
uint64_t reference_orders(const struct reference *reference, struct text symbol,
    void (*visit)(void *context, const struct reference_order *order), void *context);

/* False if the symbol has no stream (yet). */
bool reference_trading(const struct reference *reference, struct text symbol, struct reference_trading *trading);

#endif
