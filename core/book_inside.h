/* The leaves that the files of the book share. Nobody else includes this. */
#ifndef SHARDBOOK_CORE_BOOK_INSIDE_H
#define SHARDBOOK_CORE_BOOK_INSIDE_H

#include "core/book.h"
#include "core/check.h"
#include "core/rolling_hash.h"

/* Numbers an event, adds it to the hash and to the step's answers. Member by member, so that the event is put
 * together in its place. */
static inline __attribute__((always_inline)) void book_answer(
    struct book *book, struct book_output *out, struct book_event event, uint64_t order_hash, uint64_t maker_hash) {
    CHECK(out->event_count < BOOK_EVENTS_MAX, "a step answers more than its output holds");
    struct book_event *e = &out->events[out->event_count++];
    uint64_t fseq = ++book->fseq;
    uint64_t hash = rolling_add(book->hash, &(struct rolling_input){
                                                .type = event.type,
                                                .fseq = fseq,
                                                .src_offset = (uint64_t)book->run.src_offset,
                                                .price_ticks = (uint64_t)event.price_ticks,
                                                .quantity_lots = (uint64_t)event.quantity_lots,
                                                .leaves_lots = (uint64_t)event.leaves_lots,
                                                .order = order_hash,
                                                .maker = maker_hash,
                                            });
    book->hash = hash;
    e->type = event.type;
    e->reason = event.reason;
    e->flags = event.flags;
    e->spare = 0;
    e->order_slot = event.order_slot;
    e->maker_slot = event.maker_slot;
    e->trade = event.trade;
    e->fseq = fseq;
    e->hash = hash;
    e->price_ticks = event.price_ticks;
    e->quantity_lots = event.quantity_lots;
    e->leaves_lots = event.leaves_lots;
    e->rest = event.rest;
}

/* Notes what a level holds now. */
static inline void book_note_level(struct book_output *out, enum side side, int64_t price_ticks, int64_t total_lots) {
    uint32_t last = out->level_count;
    if (last && out->levels[last - 1].price_ticks == price_ticks && out->levels[last - 1].side == side) {
        out->levels[last - 1].total_lots = total_lots;
        return;
    }
    CHECK(last < BOOK_LEVELS_MAX, "a step changes more levels than its output holds");
    out->levels[last] = (struct level_change){price_ticks, total_lots, (uint8_t)side};
    out->level_count = last + 1;
}

/* What was filled of an open order, or of one that a step's events still show, when `leaves_lots` were left. */
static inline int64_t book_filled(const struct book *book, uint32_t slot, int64_t leaves_lots) {
    const struct order_record *record = &book->records[slot];
    return (int64_t)record->quantity_lots - (int64_t)record->prevented_lots - leaves_lots;
}

static inline uint16_t book_account_tag(uint64_t user_hash) { return (uint16_t)(user_hash >> 48); }

/* Makes an order of book->run, with the command's ids, and enters them; it is at no level yet. Its slot. */
uint32_t book_add_order(struct book *book, const struct command *command);

/* Puts an order that is at no level at the tail of the level of its price. */
void book_rest(struct book *book, struct book_output *out, uint32_t slot);

/* Takes an order off its level. */
void book_unlink(struct book *book, struct book_output *out, uint32_t slot);

/* Ends an order that is at no level any more. Its slot is not given out again before this step's events were viewed. */
void book_end_order(struct book *book, uint32_t slot);

/* Makes the slots that ended in the step before free; between two commands (`is_idle`) an empty book also gives memory
 * back. */
void book_recycle(struct book *book, bool is_idle);

/* True when a taker of `side` at this price would meet a resting order. */
static inline bool book_crosses(const struct book *book, enum side side, int64_t price_ticks) {
    enum side other = side == SIDE_BUY ? SIDE_SELL : SIDE_BUY;
    return book->ladders[other].best <= ladder_key(other, price_ticks);
}

/* Goes on with the sweep of book->run; true when the taker is done: filled, at rest or expired. */
bool book_match(struct book *book, struct book_output *out, const struct command *command);

enum book_scan { BOOK_SCAN_MORE = 0, BOOK_SCAN_ENOUGH, BOOK_SCAN_TOO_LITTLE };

/* Goes on looking whether the other side could fill the whole of book->run. */
enum book_scan book_scan(struct book *book);

/* Goes on with a mass cancel; true when it is done and summed up. */
bool book_cancel_all(struct book *book, struct book_output *out, const struct command *command);

#endif
