/* What a book is made of. Callers hold it (anywhere, at a fixed address from book_init to book_deinit) and look at none
 * of it: core/book.h is the way in. */
#ifndef SHARDBOOK_CORE_BOOK_TYPES_H
#define SHARDBOOK_CORE_BOOK_TYPES_H

#include "core/arena.h"
#include "core/command.h"
#include "core/depth.h"
#include "core/id_index.h"
#include "core/instrument.h"
#include "core/ladder.h"
#include "core/order.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    BOOK_EVENTS_MAX = 64,                   /* of one step */
    BOOK_EVENTS_SPARE = 8,                  /* what happens at once, never in two steps, answers at most so many */
    BOOK_LEVELS_MAX = BOOK_EVENTS_MAX + 16, /* a modify touches two levels with one event */
    BOOK_VISITS_MAX = 4096                  /* orders or levels that one step only looks at */
};

/* An event in 64 bytes: book_view makes it complete. Slots are 0 where the command's own ids are meant. */
struct book_event {
    union {
        struct {
            uint8_t type;        /* enum event_type */
            uint8_t reason;      /* enum reason */
            uint8_t flags;       /* enum book_event_flag */
            uint8_t detail;      /* ACCEPTED: side, orderType, timeInForce; PREVENTED: mode; STATE: state */
            uint32_t order_slot; /* the event's order, of a FILL the taker */
            uint32_t maker_slot; /* FILL, PREVENTED */
            uint32_t trade;      /* FILL: low half of its tradeId */
        };
        uint64_t words[2]; /* the same, to write it at once */
    };
    uint64_t fseq;
    uint64_t hash;
    int64_t price_ticks, quantity_lots, leaves_lots; /* as in the rolling hash; STATE: price and quantity indicated,
                                                        TRIGGERED: price is the last one */
    int64_t rest; /* FILL, PREVENTED: the maker's leaves; CANCEL_ALL_DONE: how many; ACCEPTED, MODIFIED, TRIGGERED: the
                     stop price, 0 if none */
};

_Static_assert(sizeof(struct book_event) == 64, "one cache line");

enum book_event_flag {
    BOOK_EVENT_KEPT_PRIORITY = 1,
    BOOK_EVENT_BY_COMMAND = 2, /* the command did it to an order that was there: its commandId is printed */
    BOOK_EVENT_SELL = 4,       /* FILL, PREVENTED: the taker sells */
    BOOK_EVENT_UNCROSS = 8,    /* FILL: in an auction, there is no takerSide */
    BOOK_EVENT_INDICATIVE = 16 /* STATE: with price and quantity */
};

/* What stands at one price after a step: 0 lots, the level is gone. */
struct level_change {
    int64_t price_ticks, total_lots;
    uint8_t side; /* enum side */
};

/* Where a visit of book_next_order is; zeroed at its start. */
struct book_cursor {
    uint32_t slot;
    uint8_t side;
    bool started;
};

/* Where a dump is; zeroed at its start. */
struct book_dump_cursor {
    struct book_cursor order;
    uint32_t time_slot;
    uint8_t section;
};

/* What the book is in the middle of. */
enum book_phase {
    BOOK_IDLE = 0,
    BOOK_EXPIRING,   /* what is due, before the record */
    BOOK_INDICATING, /* an auction's price, before the record */
    BOOK_STARTING,   /* the record itself begins */
    BOOK_SCANNING,
    BOOK_MATCHING,
    BOOK_CAUSING, /* a taker is done: what it caused goes to the queue */
    BOOK_QUEUE,   /* the next of the queue begins */
    BOOK_CANCELLING,
    BOOK_ANNOUNCING, /* the STATE event of a STATE record */
    BOOK_PRICING,    /* an uncross: its price */
    BOOK_UNCROSSING
};

/* What a book looks out for beside plain orders in continuous trading: bits of book.special. */
enum book_special {
    BOOK_NOT_TRADING = 1, /* its state is not TRADING */
    BOOK_HAS_BAND = 2,
    BOOK_HAS_COLLAR = 4,
    BOOK_HAS_LEAST_NOTIONAL = 8,
    BOOK_HAS_TIMED = 16,  /* GTD orders */
    BOOK_IN_AUCTION = 32, /* with BOOK_NOT_TRADING: indications are due from time to time */
    BOOK_HAS_STOPS = 64,  /* some wait */
    BOOK_HAS_ICEBERGS = 128,
    BOOK_HAS_CAUSED = 256,      /* a parent was filled, or orders are queued */
    BOOK_HAS_LARGE_LEAST = 512, /* the least quantity or price is beyond what the short road takes */
    BOOK_BY_SLOT = 1024,        /* orders are found by their slots, ids are not indexed */
    BOOK_HAS_WASTE = 2048       /* before the next record something is to be freed or given back */
};

/* The order that matches now, and how far a long command has come. */
struct book_run {
    int64_t src_offset;
    uint64_t id_hash;      /* of its orderId */
    uint64_t limit_key;    /* worst key of the other side that it may trade at */
    int64_t price_ticks;   /* 0: it has no limit price */
    int64_t quantity_lots; /* of the command's own order while it has no slot */
    int64_t leaves_lots;
    uint32_t slot;       /* of an order that has one; 0: the command's own */
    uint32_t asked_slot; /* what a request names, in a book whose orders are found so */
    uint8_t phase;       /* enum book_phase */
    uint8_t side;
    uint8_t order_type; /* as it came; its price tells how it matches */
    uint8_t time_in_force;
    bool post_only;
    bool is_accepted; /* BOOK_SCANNING: for FOK, else for CAPACITY before the order is accepted */
    uint8_t cancel_side, cancel_last_side;
    uint8_t self_trade; /* enum self_trade; NONE for an order of nobody */
    bool is_watched;    /* it can meet orders of its own account, or belongs to a list */
    bool is_ended;      /* it was ended before its sweep was */
    bool is_state_new;  /* BOOK_ANNOUNCING: it was another one before */
    bool is_day_end;    /* BOOK_CANCELLING: DAY orders expire, instead of an account's being cancelled */
    uint16_t account_tag;
    int64_t slippage_ticks;                     /* -1: none of its own */
    uint64_t client_hash;                       /* of account and clientOrderId, if the command has the latter */
    uint64_t user_hash;                         /* BOOK_CANCELLING: rolling_id of the account */
    uint64_t scan_key;                          /* BOOK_SCANNING, BOOK_CANCELLING: next level to look at */
    int64_t scan_lots;                          /* BOOK_SCANNING: found so far */
    int64_t scan_shown_lots, scan_reserve_lots; /* ... of the level that scan_slot is in */
    int64_t cancel_count;
    uint32_t scan_slot;   /* BOOK_SCANNING order by order: the next one, 0: the first of scan_key */
    uint32_t cancel_slot; /* BOOK_CANCELLING: next order to look at, 0: the first of scan_key */
    bool cancels_stops;   /* BOOK_CANCELLING: both sides are done, cancel_slot is a waiting stop */
};

/* One side of an auction while its price is looked for. */
struct auction_side {
    uint64_t key;      /* the level that is looked at, LADDER_EMPTY: none is left */
    uint64_t last_key; /* the worst that trades */
    int64_t lots;      /* what is left of it */
    uint32_t slot;     /* the next order to count, 0: the level is counted */
};

/* The price of a call auction, found step by step. */
struct auction_pricing {
    struct auction_side sides[2]; /* by enum side */
    int64_t volume_lots;
    int64_t price_ticks; /* when done; without volume of no meaning */
    uint8_t stage;
};

/* What only books have that were asked for more than plain orders: a piece of the arena, taken when first needed. */
struct book_specials {
    struct ladder stops[2];   /* waiting stops by enum side, by trigger: buys ascending, sells descending */
    struct ladder trailed[2]; /* the same of trailing stops that prints triggered; empty between two takers */
    struct ladder times;      /* GTD orders by the time they expire, linked through their extras */
    struct pool extras, groups;
    uint64_t sequence;              /* the latest one given to a stop */
    uint32_t wait_first, wait_last; /* waiting stops by sequence */
    uint32_t wait_count;
    uint32_t trail_first, trail_last; /* trailing stops by sequence */
    uint32_t trail_count;
    uint32_t trail_visits;              /* since the record began or a step was ended for them */
    uint32_t queue_first, queue_last;   /* what runs next */
    uint32_t filled_first, filled_last; /* groups whose parent the taker filled */
    uint32_t timed, timed_children, icebergs;
    uint32_t untimed;             /* of a dump being loaded: GTD orders that are not in the map of times yet */
    bool has_prints, has_trailed; /* since the queue was filled last */
    int64_t print_least_ticks, print_greatest_ticks;
    int64_t quiet_from_ticks, quiet_to_ticks; /* a print in here changes nothing for trailing stops */
    int64_t told_ms;                          /* log time of the last STATE event */
    bool has_told;                            /* it told price and quantity */
    int64_t told_price_ticks, told_lots;
    struct auction_pricing pricing;
    bool is_priced;       /* the indication was found ... */
    uint64_t priced_hash; /* ... of a book with this orders_hash */
};

enum { BOOK_SPECIALS_SIZE = 2 }; /* of the piece they are in */

/* What a plain command touches comes first: two cache lines, a ladder's first one for each side, and the first of
 * `run`. A book that begins at a multiple of 64 bytes has them so. */
struct book {
    struct order *orders; /* the arena's */
    struct arena *arena;
    uint64_t fseq, hash;
    uint64_t orders_hash; /* sum over the orders that are at rest or wait */
    uint32_t open_orders;
    uint32_t free_slot;                                     /* chain of slots to take, the latest first */
    uint32_t freed_first;                                   /* chain of slots that this step's events still show */
    uint32_t special;                                       /* enum book_special */
    uint32_t slot_count;                                    /* the arena's */
    uint32_t blocks;                                        /* how many it has */
    int64_t plain_price_ticks_min, plain_quantity_lots_min; /* what the short road takes, and how far from there */
    uint64_t plain_price_ticks_span, plain_quantity_lots_span;
    uint64_t trades;
    struct order_record *records; /* the arena's */
    uint32_t freed_last;
    uint32_t freed_pieces; /* how many long texts and extras the slots that were freed have */
    bool has_last_price;
    uint8_t state;            /* enum trading_state */
    struct ladder ladders[2]; /* by enum side */
    struct book_run run;
    int64_t last_price_ticks;
    struct id_index ids;
    struct book_specials *specials; /* NULL: none */
    uint32_t specials_page;
    struct instrument instrument;
    struct pool long_texts;
    uint32_t first_block, last_block; /* the chain of its blocks */
    uint64_t spares[4];               /* books in an array begin alike */
};

_Static_assert(sizeof(struct book) % 64 == 0, "whole cache lines");

#endif
