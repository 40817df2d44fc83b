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
    BOOK_EVENTS_MAX = 64,                  /* of one step */
    BOOK_LEVELS_MAX = BOOK_EVENTS_MAX + 2, /* a modify touches two levels with one event */
    BOOK_VISITS_MAX = 4096                 /* orders or levels that one step only looks at */
};

/* An event in 64 bytes: book_view makes it complete. Slots are 0 where the command's own ids are meant. */
struct book_event {
    uint8_t type;   /* enum event_type */
    uint8_t reason; /* enum reason */
    uint8_t flags;  /* enum book_event_flag */
    uint8_t spare;
    uint32_t order_slot; /* the event's order, of a FILL the taker */
    uint32_t maker_slot; /* FILL */
    uint32_t trade;      /* FILL: low half of its tradeId */
    uint64_t fseq;
    uint64_t hash;
    int64_t price_ticks, quantity_lots, leaves_lots; /* as in the rolling hash */
    int64_t rest;                                    /* FILL: the maker's leaves; CANCEL_ALL_DONE: how many */
};

_Static_assert(sizeof(struct book_event) == 64, "one cache line");

enum book_event_flag {
    BOOK_EVENT_KEPT_PRIORITY = 1,
    BOOK_EVENT_BY_COMMAND = 2, /* the command did it to an order that was there: its commandId is printed */
    BOOK_EVENT_SELL = 4        /* FILL: the taker sells */
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

/* What the book is in the middle of. */
enum book_phase { BOOK_IDLE = 0, BOOK_SCANNING, BOOK_MATCHING, BOOK_CANCELLING };

/* The order that matches now, and how far a long command has come. */
struct book_run {
    int64_t src_offset;
    uint64_t id_hash;    /* of its orderId */
    uint64_t limit_key;  /* worst key of the other side that it may trade at */
    int64_t price_ticks; /* LIMIT */
    int64_t quantity_lots, leaves_lots;
    uint32_t slot; /* of a modified order; 0: the command's own */
    uint8_t phase; /* enum book_phase */
    uint8_t side;
    uint8_t order_type;
    uint8_t time_in_force;
    bool post_only;
    bool is_accepted; /* BOOK_SCANNING: for FOK, else for CAPACITY before the order is accepted */
    uint8_t cancel_side, cancel_last_side;
    uint64_t client_hash; /* of account and clientOrderId, if the command has the latter */
    uint64_t user_hash;   /* BOOK_CANCELLING: rolling_id of the account */
    uint64_t scan_key;    /* BOOK_SCANNING, BOOK_CANCELLING: next level to look at */
    int64_t scan_lots;    /* BOOK_SCANNING: found so far */
    int64_t cancel_count;
    uint32_t cancel_slot; /* BOOK_CANCELLING: next order to look at, 0: the first of scan_key */
};

/* What most commands touch comes first and lies together. */
struct book {
    struct order *orders;         /* the arena's */
    struct order_record *records; /* the arena's */
    struct arena *arena;
    uint64_t fseq, hash;
    uint32_t open_orders;
    uint32_t free_slot;               /* chain of slots to take, the latest first */
    uint32_t freed_first, freed_last; /* slots that this step's events still show */
    uint32_t freed_long_texts;        /* how many of them have such */
    uint32_t blocks;                  /* how many it has ... */
    struct book_run run;
    struct id_index ids;
    struct ladder ladders[2]; /* by enum side */
    uint64_t trades;
    int64_t last_price_ticks;
    bool has_last_price;
    struct instrument instrument;
    struct pool long_texts;
    uint32_t first_block, last_block; /* ... and their chain */
};

#endif
