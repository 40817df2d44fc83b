/* The order book of one symbol: price-time priority by integer ticks and lots. It decides, and answers with
 * numbered events; it neither reads, writes, sleeps nor allocates.
 *
 * Threads: a book belongs to one thread at a time, which alone may call any function on it. It may be handed to
 * another thread (the hand-over must order memory: a ring does). Books of one arena may live on different threads.
 * Rules: ARCHITECTURE.md, "Readings", and the README's table of commands. */
#ifndef SHARDBOOK_CORE_BOOK_H
#define SHARDBOOK_CORE_BOOK_H

#include "core/arena.h"
#include "core/book_types.h"
#include "core/command.h"
#include "core/control.h"
#include "core/event.h"
#include "core/instrument.h"
#include "core/request.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a record of the log is for a book. */
enum book_input_kind {
    BOOK_COMMAND = 0,
    BOOK_REQUEST,   /* the same in numbers */
    BOOK_TICK,      /* time moved: expires what is due, answers nothing else */
    BOOK_CONTROL,   /* a control record that changes nothing in the book, or a refused one: its CONTROL event */
    BOOK_STATE,     /* CONTROL, STATE with `state`, and what follows from it */
    BOOK_INSTRUMENT /* CONTROL, and from then on these settings, which book_takes_instrument permitted */
};

/* A record as the book sees it. Views stay the caller's and must live until BOOK_DONE. */
struct book_input {
    uint8_t kind;          /* enum book_input_kind */
    uint8_t verdict;       /* enum book_verdict: what the shard's repeat check found, of a LIST of all its ids */
    bool cancelled_before; /* a tombstone of that account for one of its order ids exists */
    bool blocked;          /* the command's account is blocked */
    uint8_t state;         /* BOOK_STATE: enum trading_state */
    const struct command *command;
    const struct command_ids *ids; /* of `command`, if they are known; NULL: not yet */
    const struct request *request; /* BOOK_REQUEST */
    int64_t src_offset;            /* of the record in orders[home] */
    int64_t log_time_ms;
    struct text original_order_id;       /* BOOK_REPEAT: the original's own id */
    const struct instrument *instrument; /* BOOK_INSTRUMENT */
};

enum book_verdict {
    BOOK_FRESH = 0,
    BOOK_REPEAT,  /* same id, same content: DUPLICATE */
    BOOK_ID_TAKEN /* same id, other content: REJECTED with DUPLICATE_ID */
};

enum book_progress {
    BOOK_DONE = 0, /* the record is finished */
    BOOK_MORE      /* take the output, then call book_step again for the same record */
};

/* Answers of one step. The caller owns it and empties it (event_count = level_count = 0) before each step. */
struct book_output {
    struct book_event events[BOOK_EVENTS_MAX];
    struct level_change levels[BOOK_LEVELS_MAX]; /* absolute totals after this step, later entries win */
    uint32_t event_count, level_count;
    uint32_t slot; /* of the order that came to rest or waits last, which may be a stop that the record's own order
                      triggered; only set, never emptied by the book */
};

/* Makes an empty book whose stream starts at fseq 0, hash 0. `arena` stays the caller's and outlives the book. */
void book_init(struct book *book, struct arena *arena, const struct instrument *instrument);

/* From now on orders are found by the slots that their requests carry, and their ids are neither looked up nor compared
 * with those of other orders: repeats are the caller's concern. Only a book that has answered nothing yet. */
void book_use_slots(struct book *book);

/* The id of the request that an order of such a book came with, also of one that a step's events still show. */
uint64_t book_request_id(const struct book *book, uint32_t slot);

/* Gives everything back to the arena. */
void book_deinit(struct book *book);

/* Starts a record: first expires what is due at its log time. A faulty command (command->fault) and every verdict but
 * BOOK_FRESH is answered with its one event. Writes the first answers to *out. On BOOK_MORE the book is in the middle
 * of the command: only book_step and the read-only functions may follow. */
enum book_progress book_apply(struct book *book, const struct book_input *input, struct book_output *out);

/* Goes on with the record that book_apply started, with the same input. */
enum book_progress book_step(struct book *book, const struct book_input *input, struct book_output *out);

/* Empties *event and fills in the members that the book knows: type, fseq, hash, ids, prices, quantities, reason,
 * instrument; the caller adds symbol, src_partition, src_offset, src_index, own, timestamp_ms and the control members.
 * Texts view the book's memory and the input's command, until the next step. */
void book_view(
    const struct book *book, const struct book_input *input, const struct book_event *book_event, struct event *event);

/* Makes a book that has answered nothing yet start in another state than TRADING. */
void book_start_in(struct book *book, enum trading_state state);

/* True if these settings may replace the book's: the same tick and lot, or no open order. */
bool book_takes_instrument(const struct book *book, const struct instrument *instrument);

enum trading_state book_state(const struct book *book);

/* True while log time alone may change something: GTD orders are open, an auction lasts, or a list's child that waits
 * is GTD and may enter by anybody's fill. (The shards send TICKs to such symbols only.) */
bool book_needs_time(const struct book *book);

/* The stream's position: events so far and their rolling hash. */
uint64_t book_fseq(const struct book *book);
uint64_t book_hash(const struct book *book);

/* Copies up to `count` levels of a side, best first, beginning behind `after_price_ticks` (0: from the best); returns
 * how many. */
uint32_t book_levels(
    const struct book *book, enum side side, int64_t after_price_ticks, struct depth_level *levels, uint32_t count);

/* A number over all that is open and the stream's position: two books that were told the same have the same. */
uint64_t book_state_hash(const struct book *book);

/* Visits the open orders, bids best to worst, then asks, first in first out within a level, then the stops that wait,
 * by their sequence; a list's children that wait for their parent are left out. Start with a zeroed cursor, false at
 * the end. *order is filled like an ACCEPTED with leaves and cumulative as they stand. The book must not change during
 * the visit. */
bool book_next_order(const struct book *book, struct book_cursor *cursor, struct event *order);

/* A book as bytes, everything that decides its future included. Writes the next piece to out (out_bytes of at least
 * BOOK_DUMP_BYTES_MIN) and returns its size, 0 behind the last piece. Start with a zeroed cursor, between two records;
 * the book must not change meanwhile. Equal books give equal pieces. */
enum { BOOK_DUMP_BYTES_MIN = 2048 };
size_t book_dump(const struct book *book, struct book_dump_cursor *cursor, void *out, size_t out_bytes);

enum book_load {
    BOOK_LOAD_MORE = 0, /* the next piece, please */
    BOOK_LOAD_DONE,     /* the book is as it was dumped; its book_state_hash says so */
    BOOK_LOAD_BAD       /* these are not the pieces of a dump: give the book up with book_deinit */
};

/* Takes a dump's pieces, each as book_dump gave it, one behind the other, into a book that book_init made, that has
 * done nothing yet and finds its orders by id; its instrument is the dump's then. */
enum book_load book_load(struct book *book, const void *bytes, size_t size);

uint64_t book_open_orders(const struct book *book);

/* The last trade price; false if there was none. */
bool book_last_price(const struct book *book, int64_t *price_ticks);

/* Checks every invariant of the rules over the whole book, slowly; aborts with last words when one is broken. For
 * debug builds and tests. */
void book_check(const struct book *book);

#endif
