/* The leaves that the files of the book share. Nobody else includes this. */
#ifndef SHARDBOOK_CORE_BOOK_INSIDE_H
#define SHARDBOOK_CORE_BOOK_INSIDE_H

#include "core/book.h"
#include "core/check.h"
#include "core/rolling_hash.h"
#include "core/short_road.h"

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
    e->detail = event.detail;
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

/* ---- leaves --------------------------------------------------------------------------------------------- */

/* What was filled of an open order, or of one that a step's events still show, when `leaves_lots` were left. */
static inline int64_t book_filled(const struct book *book, uint32_t slot, int64_t leaves_lots) {
    const struct order_record *record = order_record_of(book->arena, slot);
    return (int64_t)record->quantity_lots - (int64_t)record->prevented_lots - leaves_lots;
}

static inline enum side book_other_side(enum side side) { return side == SIDE_BUY ? SIDE_SELL : SIDE_BUY; }

/* The extra of a special order. */
static inline struct order_extra *book_extra(const struct book *book, uint32_t slot) {
    return pool_at(book->arena, ORDER_EXTRA_BYTES, book->records[slot].extra);
}

static inline struct order_group *book_group(const struct book *book, const struct order_extra *extra) {
    return pool_at(book->arena, ORDER_EXTRA_BYTES, extra->group);
}

/* What an order has left, shown and not. */
static inline int64_t book_leaves(const struct book *book, uint32_t slot) {
    const struct order *order = &book->orders[slot];
    return (int64_t)order->leaves_lots + (order->special ? book_extra(book, slot)->reserve_lots : 0);
}

/* Where an open order is. */
static inline enum order_place book_place(const struct book *book, uint32_t slot) {
    return book->orders[slot].special ? book_extra(book, slot)->place : PLACE_LEVEL;
}

/* rolling_id of the command's orderId. */
static inline uint64_t book_id_hash(const struct book_input *input) {
    return input->ids ? input->ids->order_id : rolling_id(input->command->order_id);
}

/* True if orders are found by their slots. */
static inline bool book_is_by_slot(const struct book *book) { return book->special & BOOK_BY_SLOT; }

/* True if a step has room for what happens at once. */
static inline bool book_has_room(const struct book_output *out) {
    return out->event_count <= BOOK_EVENTS_MAX - BOOK_EVENTS_SPARE;
}

/* What a plain order adds to the hash over the open orders; linear in what is left of it. */
static inline uint64_t book_weight(const struct order *order) {
    return order->id_hash *
           (order->leaves_lots + (order->words[0] & ORDER_KIND_BITS) + order->price_ticks * ORDER_PRICE_WEIGHT);
}

/* The same of a special order. */
uint64_t book_weight_of_special(const struct book *book, uint32_t slot);

static inline uint64_t book_weight_of(const struct book *book, uint32_t slot) {
    const struct order *order = &book->orders[slot];
    return __builtin_expect(order->special, 0) ? book_weight_of_special(book, slot) : book_weight(order);
}

/* An order comes to rest or waits; or stops doing so, or is about to be changed. */
static inline void book_remember(struct book *book, uint32_t slot) { book->orders_hash += book_weight_of(book, slot); }
static inline void book_forget(struct book *book, uint32_t slot) { book->orders_hash -= book_weight_of(book, slot); }

/* ---- book_orders.c: the life of a slot ------------------------------------------------------------------- */

/* Makes an order of book->run, with the command's ids, and enters them; it is at no level yet. A special one has an
 * empty extra. Its slot. */
uint32_t book_add_order(struct book *book, const struct command *command, bool is_special);

/* Puts an order that is at no level at the tail of the level of its price; an iceberg shows its clip. */
void book_rest(struct book *book, struct book_output *out, uint32_t slot);

/* The same of an order that shows all but `reserve_lots`. `out` may be NULL: nobody is told of the level. */
void book_rest_showing(struct book *book, struct book_output *out, uint32_t slot, int64_t reserve_lots);

/* Takes an order off its level; `leaves_lots` of an iceberg become all that is left. */
void book_unlink(struct book *book, struct book_output *out, uint32_t slot);

/* Ends an order that is nowhere any more. Its slot, extra and group stay until this step's events were viewed. */
void book_end_order(struct book *book, uint32_t slot);

/* Makes the slots that ended in the step before free; between two commands (`is_idle`) an empty book also gives memory
 * back. */
void book_recycle(struct book *book, bool is_idle);

/* ---- book_plain.c: the short road ------------------------------------------------------------------------- */

/* Applies a request to any book, or a command to a book that looks out for nothing, by the short road if that is plain,
 * else by the general one. */
enum book_progress book_apply_request(struct book *book, const struct book_input *input, struct book_output *out);
enum book_progress book_apply_command(struct book *book, const struct book_input *input, struct book_output *out);

/* ---- book.c: the general road ----------------------------------------------------------------------------- */

/* Applies any record, tidying up first. */
enum book_progress book_apply_generally(struct book *book, const struct book_input *input, struct book_output *out);

/* Applies any record, or goes on with one that the short road began. */
enum book_progress book_general_road(
    struct book *book, const struct book_input *input, struct book_output *out, bool is_begun);

/* The book's specials, made if there are none yet. */
struct book_specials *book_take_specials(struct book *book);

/* Gives back what the specials hold. */
void book_clear_specials(struct book *book);

/* Sets the bits of book->special that follow from state and instrument. */
void book_set_special(struct book *book);

/* ---- book_ends.c: how orders end ------------------------------------------------------------------------- */

/* Takes an order out of wherever it is. */
void book_take_out(struct book *book, struct book_output *out, uint32_t slot);

/* Ends an order that is nowhere any more, with its event (at most 3, its children's included). */
void book_end(struct book *book, struct book_output *out, uint32_t slot, enum event_type type, enum reason reason,
    enum book_event_flag flags);

/* book_take_out and book_end. */
void book_finish(struct book *book, struct book_output *out, uint32_t slot, enum event_type type, enum reason reason,
    enum book_event_flag flags);

/* Begins to cancel an account's orders (user, side of the command), or to expire DAY orders. */
void book_start_cancelling(struct book *book, const struct command *command);

/* Goes on with that; true when it is done and summed up. */
bool book_cancel(struct book *book, struct book_output *out, const struct command *command);

/* ---- book_match.c ---------------------------------------------------------------------------------------- */

/* True when a taker of `side` at this price would meet a resting order. */
static inline bool book_crosses(const struct book *book, enum side side, int64_t price_ticks) {
    return road_crosses(book, side, price_ticks);
}

/* The worst key of the other side that book->run may trade at. */
uint64_t book_limit_key(const struct book *book);

/* Goes on with the sweep of book->run; true when the taker is done: filled, at rest or expired. */
bool book_match(struct book *book, struct book_output *out, const struct command *command);

/* Ends the taker of book->run that is not at rest, with EXPIRED. */
void book_expire_taker(struct book *book, struct book_output *out, enum reason reason);

enum book_scan { BOOK_SCAN_MORE = 0, BOOK_SCAN_ENOUGH, BOOK_SCAN_TOO_LITTLE };

/* Begins to look, and goes on looking, whether the other side could fill the whole of book->run. */
void book_start_scan(struct book *book, bool is_accepted);
enum book_scan book_scan(struct book *book, const struct command *command);

/* ---- book_meet.c: meetings that are not plain ------------------------------------------------------------ */

/* The taker of book->run meets the first order at `key`; false if that needs a step of its own. */
bool book_meet(struct book *book, struct book_output *out, const struct command *command, uint64_t key);

/* True if an order belongs to the taker's account. */
bool book_is_own(const struct book *book, uint32_t slot, const struct command *command);

/* A fresh clip of an iceberg that shows nothing any more. */
void book_show_clip(struct book *book, uint32_t slot);

/* ---- book_stops.c: what waits, and what runs next -------------------------------------------------------- */

/* An order that trading just printed at. At most TRAILING_STOPS_PER_SYMBOL_MAX visits. */
void book_on_print(struct book *book, int64_t price_ticks);

/* Lets a stop wait that is nowhere; book_wait starts a trailing one if the last price does. */
void book_wait(struct book *book, uint32_t slot);
void book_put_waiting(struct book *book, uint32_t slot);

/* Takes a waiting stop out. */
void book_unwait(struct book *book, uint32_t slot);

/* True if the last price satisfies a STOP or STOP_LIMIT. */
bool book_is_satisfied(const struct book *book, uint32_t slot);

/* Appends an order to the queue, or takes it out. */
void book_queue(struct book *book, uint32_t slot, enum order_place place);
void book_unqueue(struct book *book, uint32_t slot);

/* Goes on putting what a taker caused into the queue; true when it is all there. */
bool book_collect(struct book *book);

/* Begins the first of the queue (then book->run is set and its phase) until one has something to match, or the queue
 * is empty (BOOK_IDLE). False if the step is full. */
bool book_run_queue(struct book *book, const struct book_input *input, struct book_output *out);

/* Lets an order with a slot match: sets book->run and its phase. */
void book_start_taker(struct book *book, uint32_t slot);

/* ---- book_time.c ----------------------------------------------------------------------------------------- */

void book_add_time(struct book *book, uint32_t slot);
void book_remove_time(struct book *book, uint32_t slot);

/* Goes on with what is due; true when nothing is. */
bool book_expire_due(struct book *book, struct book_output *out, int64_t log_time_ms);

/* ---- book_lists.c ---------------------------------------------------------------------------------------- */

/* A group with room for a list's orders; its piece. */
uint32_t book_add_group(struct book *book, const struct command *command);
void book_join(struct book *book, uint32_t slot, uint32_t group, uint32_t role);
void book_unref_group(struct book *book, uint32_t group);

/* Lets a child wait that is nowhere. */
void book_wait_for_parent(struct book *book, uint32_t slot);

/* An order of a group was filled or triggered, or filled completely: its OCO's other order goes, its children's turn
 * comes. At most one event. */
void book_on_fill(struct book *book, struct book_output *out, uint32_t slot);
void book_on_filled(struct book *book, uint32_t slot);

/* An order ended otherwise: its children go. At most two events. */
void book_on_end(struct book *book, struct book_output *out, uint32_t slot);

/* True for a list's child that waits for its parent. */
static inline bool book_is_child(const struct book *book, uint32_t slot) {
    return book_place(book, slot) == PLACE_CHILD;
}

/* ---- book_admission.c: checks, and what a NEW, REPLACE or LIST becomes ------------------------------------ */

/* The numbers of an order in ticks and lots. */
struct book_terms {
    int64_t price_ticks, quantity_lots, stop_price_ticks, trailing_ticks, clip_lots, slippage_ticks;
    int64_t expire_time_ms;
    enum reason reason; /* the first of OFF_TICK, OFF_LOT, OUT_OF_RANGE and MIN_NOTIONAL that applies, else NONE */
};

/* Reads a MODIFY's numbers, or a NEW's; what it does not give stays as it was. */
void book_read_changes(const struct book *book, const struct command *command, struct book_terms *terms);
void book_read_terms(const struct book *book, const struct command *command, struct book_terms *terms);

bool book_is_notional_too_large(int64_t price_ticks, int64_t quantity_lots);
bool book_is_notional_too_small(const struct book *book, int64_t price_ticks, int64_t quantity_lots);

/* True if a limit price is beyond the instrument's band. */
bool book_is_out_of_band(const struct book *book, int64_t price_ticks);

/* PRICE_BAND, POST_ONLY, CAPACITY, OUT_OF_RANGE of a child that enters; NONE. */
enum reason book_check_entry(const struct book *book, uint32_t slot, int64_t log_time_ms);

/* Emits ACCEPTED of an order with a slot. */
void book_accept(struct book *book, struct book_output *out, uint32_t slot);

/* One REJECTED for the command; the book is idle then. */
void book_reject(struct book *book, struct book_output *out, enum reason reason);

void book_apply_new(struct book *book, const struct book_input *input, struct book_output *out);
void book_apply_list(struct book *book, const struct book_input *input, struct book_output *out);

/* The end of a scan that was made before an order was accepted, or for a FOK. */
void book_end_scan(struct book *book, struct book_output *out, const struct command *command, bool is_enough);

/* The open order of the command's account that a cancel, modify or replace names; 0 if there is none. */
uint32_t book_find_own(const struct book *book, const struct command *command);
uint32_t book_find_replaced(const struct book *book, const struct command *command);

/* ---- book_modify.c --------------------------------------------------------------------------------------- */

void book_apply_modify(struct book *book, const struct book_input *input, struct book_output *out);

/* ---- book_auction.c -------------------------------------------------------------------------------------- */

/* Begins, and goes on, looking for the price at which the book would uncross; true when it is known. */
void book_start_pricing(struct book *book);
bool book_price(struct book *book);

/* Begins a STATE event's indication (then book_tell emits it), if one is due or a record names the state. */
bool book_is_indication_due(const struct book *book, int64_t log_time_ms);
bool book_indicate(struct book *book, struct book_output *out, int64_t log_time_ms, bool is_asked);

bool book_is_crossed(const struct book *book);

/* Goes on with trading at the price found; true when both sides have nothing more to trade at it. */
bool book_uncross(struct book *book, struct book_output *out);

#endif
