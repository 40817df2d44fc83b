/* One symbol as the push thread sees it: its depth and how it was last told, its last trades, what may be sent again to
 * those who come back. Pure: it makes frames and sends nothing.
 *
 * Depth is told as a window of the best `depth_levels` levels of each side: applying every message to an empty copy, in
 * the order of pu and u, gives exactly the window.
 *
 * Threads: one at a time (the push thread). Running out of memory aborts with last words. */
#ifndef SHARDBOOK_IO_WEBSOCKET_MARKET_H
#define SHARDBOOK_IO_WEBSOCKET_MARKET_H

#include "core/depth.h"
#include "core/event.h"
#include "core/limits.h"
#include "io/websocket/frames.h"
#include "io/websocket/messages.h"

#include <stdbool.h>
#include <stdint.h>

/* The public channels; bit 1 << MARKET_x is the enum client_channel. */
enum market_channel { MARKET_TRADES = 0, MARKET_DEPTH, MARKET_TICKER, MARKET_CHANNELS };

struct market_limits {
    uint32_t depth_levels;   /* told per side, at least 1 */
    uint32_t mirror_levels;  /* kept per side, at least depth_levels; beyond, the worst are forgotten */
    uint32_t resume_changes; /* depth changes kept for those who come back */
    uint32_t resume_bytes;   /* and their bytes, at most */
    uint32_t resume_trades;
};

enum market_depth {
    MARKET_DEPTH_UNKNOWN = 0, /* something was missed: a snapshot is needed */
    MARKET_DEPTH_ASKED,
    MARKET_DEPTH_LOADING, /* between SNAPSHOT_BEGIN and SNAPSHOT_END */
    MARKET_DEPTH_LIVE
};

struct subscription;

struct market_change { /* a level that is not as it was last told */
    int64_t price_ticks, told_lots;
    uint32_t place; /* in the order of happening */
    uint8_t side;
};

/* By side: where the window as told ended; where it did not end every level was told. */
struct market_edges {
    bool is_set[2];
    int64_t ticks[2];
};

struct market_resume { /* ring of depth changes that were sent */
    struct frames **frames;
    uint64_t *previous_u;
    uint32_t slots, first, count, bytes, bytes_max;
};

struct market {
    struct market *next; /* of the same hash bucket */
    struct market *next_touched;
    bool is_touched; /* has something to publish */
    bool is_known;   /* the feed has named it */
    bool has_last;
    bool is_wanted; /* somebody subscribes to it or did a moment ago */
    bool ticker_moved;
    bool ends_in_event; /* push thread: the last record read of it was an event */
    uint8_t patience;   /* and so often in a row its depth was not told for that */
    char name[SYMBOL_BYTES_MAX + 2];
    uint8_t name_bytes;
    int32_t partition;
    struct instrument instrument;
    uint64_t fseq;       /* of the last event seen */
    uint64_t touched_at; /* push thread: the pass in which something of it was last read */
    int64_t wanted_until_ms, asked_ms;
    int64_t ticker_told_ms;
    int64_t last_price_ticks;
    struct decimal_unit last_tick;
    struct hold *hold; /* hold.h: what waits for missing events, or NULL */

    enum market_depth state;
    struct depth depth;
    bool is_cut[2];   /* by side: levels worse than the worst kept were forgotten */
    bool must_retell; /* the next thing to tell is a snapshot */
    uint64_t told_u;
    struct market_edges edges;
    struct market_change *changes;
    uint32_t change_count, change_capacity;
    struct frames *snapshot; /* of what was told last; NULL: not made yet */
    struct market_resume resume;

    struct trade *trades; /* ring */
    uint32_t trade_slots, trade_first, trade_count;
    uint64_t trades_after;      /* the ring has every trade whose fseq is greater */
    struct frames *tick_trades; /* frames of the trades since the last publication, or NULL */

    struct subscription **subscribers[MARKET_CHANNELS];
    uint32_t subscriber_count[MARKET_CHANNELS], subscriber_capacity[MARKET_CHANNELS];
};

/* Memory that publications of all markets share. */
struct market_scratch {
    struct message message;
    struct depth_level *sides[2];
    uint32_t counts[2], capacity[2];
};

void market_scratch_init(struct market_scratch *scratch);
void market_scratch_deinit(struct market_scratch *scratch);

/* `symbol` is at most SYMBOL_BYTES_MAX bytes, or a pseudo-symbol "#<partition>". */
void market_init(struct market *market, struct text symbol, int32_t partition);
void market_deinit(struct market *market);

static inline struct text market_symbol(const struct market *market) {
    return (struct text){market->name, market->name_bytes};
}

/* How many subscriptions its public channels have, one connection counting once per channel. */
uint32_t market_subscribers(const struct market *market);

/* A level's new total out of the feed. Nothing happens unless the depth is LOADING or LIVE. */
void market_on_level(
    struct market *market, const struct market_limits *limits, enum side side, int64_t price_ticks, int64_t total_lots);

/* A snapshot of the feed begins and ends; levels between come by market_on_level. */
void market_on_snapshot_begin(struct market *market);
void market_on_snapshot_end(struct market *market);

/* Says that the depth is not to be trusted until the next snapshot. */
void market_forget_depth(struct market *market);

/* A book that has never held an order: empty and LIVE. */
void market_begin_empty(struct market *market);

/* Somebody wants its public channels from now on: what was told begins here. */
void market_want(struct market *market, const struct market_limits *limits);

/* Nobody does any more: frees what publishing needs; the depth is kept. */
void market_unwant(struct market *market);

/* Makes the frames of what changed in the depth since the last call and remembers them for resumption; NULL if there is
 * nothing to tell, or nothing can be told (not LIVE, not wanted). The caller releases them. *is_snapshot: they replace
 * everything told before. */
struct frames *market_tell_depth(struct market *market, const struct market_limits *limits, uint64_t epoch,
    struct market_scratch *scratch, bool *is_snapshot);

/* The depth as it was told last, as one snapshot message, for who comes now; NULL unless LIVE and wanted, or while
 * there is something to tell. The caller releases it. */
struct frames *market_depth_snapshot(
    struct market *market, const struct market_limits *limits, uint64_t epoch, struct market_scratch *scratch);

/* The changes told after `u`, oldest first, each handed to on_frames (which retains what it keeps); false, without any
 * call, if they are not all held. */
bool market_resume_depth(
    const struct market *market, uint64_t u, void (*on_frames)(void *context, struct frames *frames), void *context);

/* A trade, in order of fseq: remembered for resumption; with subscribers also framed for the next publication. */
void market_on_trade(struct market *market, const struct trade *trade, struct market_scratch *scratch);

/* The trades after event `fseq`; NULL in *frames if there were none. False if not all of them are held. The caller
 * releases. */
bool market_resume_trades(
    const struct market *market, uint64_t fseq, struct market_scratch *scratch, struct frames **frames);

/* The ticker of this moment as one message. The caller releases it. */
struct frames *market_ticker(const struct market *market, struct market_scratch *scratch);

#endif
