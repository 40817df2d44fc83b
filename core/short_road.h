/* The short road: plain orders that trade with plain orders or rest, and cancels and replaces of them, in a book that
 * looks out for nothing special. Compiled into its callers, so that a command's numbers stay in registers from its
 * first event to its last, and what a caller always says costs nothing. What is not plain takes the general road
 * (book.c), from its start or from where it stands, to the same events.
 *
 * Of this file book_request, road_request_id, road_copy and book_prefetch are for others than the book. */
#ifndef SHARDBOOK_CORE_SHORT_ROAD_H
#define SHARDBOOK_CORE_SHORT_ROAD_H

#include "core/book.h"
#include "core/request.h"
#include "core/rolling_hash.h"

#include <stdbool.h>
#include <stdint.h>

#define ROAD static inline __attribute__((always_inline))
#define ROAD_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define ROAD_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

enum { BOOK_BLOCKS_KEPT = 64 /* an empty book with more gives its memory back */ };

/* ---- what leaves the road (book_plain.c, book_orders.c) ---------------------------------------------------- */

/* A plain order that comes in: its numbers, and where its ids and account are. */
struct entrant {
    uint64_t id_hash;
    int64_t price_ticks, quantity_lots;
    uint32_t side, order_type, time_in_force;
    uint64_t account;              /* of a request; of a command rolling_id of its userId; 0: nobody's */
    const struct command *command; /* NULL: it is a request */
    struct id_bucket *home;        /* of a command that may rest: its id's, in the index */
};

/* Its side, orderType and timeInForce, a byte each. */
ROAD uint32_t road_kind(const struct entrant *entrant) {
    return entrant->side | entrant->order_type << 8 | entrant->time_in_force << 16;
}

/* A block of slots more. */
void book_add_block(struct book *book);

/* Writes down whose order a request's is. */
void road_put_account(struct book *book, uint32_t slot, uint64_t id, uint64_t account, int64_t quantity_lots);

/* Makes an order of a command, at no level yet, and enters its id; its slot. */
uint32_t road_add_command(struct book *book, const struct entrant *entrant, int64_t leaves_lots);

/* Takes an order that ends out of the index of ids. */
void road_leave_index(struct book *book, uint64_t id_hash, uint32_t slot);

/* An order of a request that trades, or may not rest; it is done, or the general road is to go on (false). `kind` as
 * road_kind has it. */
bool road_trade_request(struct book *book, struct book_output *out, int64_t src_offset, uint64_t id_hash,
    int64_t price_ticks, int64_t quantity_lots, uint32_t kind, uint64_t account);

/* The same of a REPLACE, the cancel included. */
enum book_progress road_replace(
    struct book *book, const struct request *request, int64_t src_offset, int64_t log_time_ms, struct book_output *out);

/* True if the order has the account. */
bool road_is_of_account(const struct book *book, uint32_t slot, uint64_t account);

/* The general road is to go on with a sweep; slots that ended wait for the end of the step. */
void road_hand_over(struct book *book, const struct entrant *entrant, uint64_t limit_key, int64_t leaves_lots,
    uint32_t ended_first, uint32_t ended_last);

/* The general road with a request, from its start or in the middle. */
enum book_progress road_take_general(struct book *book, const struct request *request, int64_t src_offset,
    int64_t log_time_ms, struct book_output *out, bool is_begun);

ROAD void road_prefetch(const void *at) { __builtin_prefetch(at, 1); }

/* A slot for an order. */
ROAD uint32_t book_take_slot(struct book *book) {
    if (ROAD_UNLIKELY(!book->free_slot)) book_add_block(book);
    uint32_t slot = book->free_slot;
    book->free_slot = book->orders[slot].next;
    return slot;
}

static inline uint16_t book_account_tag(uint64_t user_hash) { return (uint16_t)(user_hash >> 48); }

/* A book that became empty may have memory to give back before the next record. */
ROAD void book_note_if_empty(struct book *book) {
    if (ROAD_UNLIKELY(book->open_orders == 0) && book->blocks > BOOK_BLOCKS_KEPT) book->special |= BOOK_HAS_WASTE;
}

/* ---- answers ---------------------------------------------------------------------------------------------- */

/* One command's way: the stream's position, where the next event and level change go, which orders ended. */
struct road {
    uint64_t fseq, hash;
    uint64_t source; /* what the record's offset adds to each hash */
    uint64_t weight; /* what the hash over the open orders gains */
    struct book_event *event;
    struct level_change *level;
    uint32_t ended_first, ended_last; /* chain of slots that this step's events still show */
};

/* The first answers of a step: what the output held is gone. */
ROAD struct road road_begin(const struct book *book, int64_t src_offset, struct book_output *out) {
    return (struct road){.fseq = book->fseq,
        .hash = book->hash,
        .source = rolling_source((uint64_t)src_offset),
        .event = out->events,
        .level = out->levels};
}

ROAD void road_end(struct book *book, const struct road *road, struct book_output *out) {
    book->fseq = road->fseq;
    book->hash = road->hash;
    book->orders_hash += road->weight;
    out->event_count = (uint32_t)(road->event - out->events);
    out->level_count = (uint32_t)(road->level - out->levels);
}

/* The slots that ended can be taken by the next command: nothing takes one before the events were viewed. */
ROAD void road_free_ended(struct book *book, const struct road *road) {
    book->orders[road->ended_last].next = book->free_slot;
    book->free_slot = road->ended_first;
}

/* What an event says beside its numbers; `flags` and `detail` as in struct book_event. */
ROAD uint64_t road_head(
    enum event_type type, enum reason reason, uint32_t flags, uint32_t detail, uint32_t order_slot) {
    return (uint32_t)type | (uint32_t)reason << 8 | flags << 16 | detail << 24 | (uint64_t)order_slot << 32;
}

/* The numbers of an event. */
struct road_numbers {
    int64_t price_ticks, quantity_lots, leaves_lots, rest;
    uint64_t order_hash, maker_hash;
};

/* `parties` are maker_slot and trade. */
ROAD void road_answer(struct road *road, uint64_t head, uint64_t parties, struct road_numbers n) {
    struct book_event *e = road->event++;
    uint64_t fseq = ++road->fseq;
    uint64_t hash = rolling_add_from(road->hash, road->source,
        &(struct rolling_input){.type = head & 0xff,
            .fseq = fseq,
            .price_ticks = (uint64_t)n.price_ticks,
            .quantity_lots = (uint64_t)n.quantity_lots,
            .leaves_lots = (uint64_t)n.leaves_lots,
            .order = n.order_hash,
            .maker = n.maker_hash});
    road->hash = hash;
    e->words[0] = head;
    e->words[1] = parties;
    e->fseq = fseq;
    e->hash = hash;
    e->price_ticks = n.price_ticks;
    e->quantity_lots = n.quantity_lots;
    e->leaves_lots = n.leaves_lots;
    e->rest = n.rest;
}

ROAD void road_note_level(struct road *road, uint32_t side, int64_t price_ticks, int64_t total_lots) {
    struct level_change *change = road->level++;
    change->price_ticks = price_ticks;
    change->total_lots = total_lots;
    change->side = (uint8_t)side;
}

/* ---- orders ----------------------------------------------------------------------------------------------- */

#define ROAD_KIND_SHIFT 48
#define ROAD_LEAVES_MASK ((UINT64_C(1) << ROAD_KIND_SHIFT) - 1)

/* Of words[0]: an order with any of these trades and ends on the general road. */
#define ROAD_NOT_PLAIN (ORDER_LONG_TEXTS_BIT | ORDER_CLIENT_BIT | ORDER_SPECIAL_BIT)

ROAD int64_t road_leaves_of(const struct order *order) { return (int64_t)(order->words[0] & ROAD_LEAVES_MASK); }

ROAD int64_t road_price_of(const struct order *order) { return (int64_t)(order->words[1] & ROAD_LEAVES_MASK); }

/* What an order with these words adds to the hash over the open orders: book_weight, from registers. */
ROAD uint64_t road_weight(uint64_t id_hash, uint64_t word, int64_t price_ticks) {
    return id_hash * ((word & (ROAD_LEAVES_MASK | ORDER_KIND_BITS)) + (uint64_t)price_ticks * ORDER_PRICE_WEIGHT);
}

ROAD uint64_t road_request_hash(uint64_t id) { return rolling_mix(sizeof id ^ id); }

/* book_request_id, compiled into the caller. */
ROAD uint64_t road_request_id(const struct book *book, uint32_t slot) {
    return rolling_unmix(book->orders[slot].id_hash) ^ sizeof(uint64_t);
}

/* Makes an order of a request, at no level yet. Nobody's needs no record until somebody reads it. */
ROAD uint32_t road_add_request(struct book *book, const struct entrant *entrant, int64_t leaves_lots) {
    uint32_t slot = book_take_slot(book);
    struct order *order = &book->orders[slot];
    uint64_t tag = entrant->quantity_lots <= ORDER_TAG_MAX ? (uint64_t)entrant->quantity_lots : 0;
    bool needs_record = entrant->account || (!tag && leaves_lots != entrant->quantity_lots);
    uint64_t kind = entrant->side | entrant->time_in_force << 1;
    order->words[0] = (uint64_t)leaves_lots | kind << ROAD_KIND_SHIFT | (needs_record ? 0 : ORDER_UNWRITTEN_BIT);
    order->words[1] = (uint64_t)entrant->price_ticks | tag << ORDER_TAG_SHIFT;
    order->id_hash = entrant->id_hash;
    if (ROAD_UNLIKELY(needs_record))
        road_put_account(
            book, slot, rolling_unmix(entrant->id_hash) ^ sizeof(uint64_t), entrant->account, entrant->quantity_lots);
    book->open_orders++;
    return slot;
}

/* The neighbour's link, or the level's if there is no neighbour: by arithmetic, for no branch predicts which. */
ROAD uint32_t *road_link(uint32_t neighbour, uint32_t *of_neighbour, uint32_t *of_level) {
    uintptr_t mask = (uintptr_t)0 - (neighbour != 0);
    return (uint32_t *)((uintptr_t)of_level ^ (((uintptr_t)of_level ^ (uintptr_t)of_neighbour) & mask));
}

/* Puts an order at the tail of its level. */
ROAD void road_rest(struct book *book, struct book_output *out, struct road *road, const struct entrant *entrant,
    int64_t leaves_lots, bool is_by_slot) {
    uint32_t side = entrant->side, slot = is_by_slot ? road_add_request(book, entrant, leaves_lots)
                                                     : road_add_command(book, entrant, leaves_lots);
    struct order *order = &book->orders[slot];
    struct ladder *ladder = &book->ladders[side];
    struct level *level = ladder_enter(ladder, book->arena, ladder_key(side, entrant->price_ticks));
    uint32_t tail = level->tail;
    order->next = 0;
    order->prev = tail;
    *road_link(tail, &book->orders[tail].next, &level->head) = slot;
    level->tail = slot;
    int64_t total_lots = level->total_lots += leaves_lots;
    road_note_level(road, side, entrant->price_ticks, total_lots);
    uint64_t word = (uint64_t)leaves_lots | (uint64_t)(side | entrant->time_in_force << 1) << ROAD_KIND_SHIFT;
    road->weight += road_weight(entrant->id_hash, word, entrant->price_ticks);
    out->slot = slot;
}

/* Takes a plain order off its level. */
ROAD void road_unlink(struct book *book, struct road *road, const struct order *order, uint64_t word) {
    uint32_t side = (uint32_t)(word >> ROAD_KIND_SHIFT & 1), next = order->next, prev = order->prev;
    int64_t price_ticks = road_price_of(order), leaves_lots = (int64_t)(word & ROAD_LEAVES_MASK);
    uint64_t key = ladder_key(side, price_ticks);
    struct ladder *ladder = &book->ladders[side];
    struct level *level = ladder_get(ladder, book->arena, key);
    road->weight -= road_weight(order->id_hash, word, price_ticks);
    *road_link(prev, &book->orders[prev].next, &level->head) = next;
    *road_link(next, &book->orders[next].prev, &level->tail) = prev;
    int64_t total_lots = level->total_lots -= leaves_lots;
    road_note_level(road, side, price_ticks, total_lots);
    if (!total_lots) ladder_leave(ladder, book->arena, key);
}

/* ---- the sweep -------------------------------------------------------------------------------------------- */

/* Where a sweep is. What every fill changes is kept here, and written down once: totals and trades. */
struct road_sweep {
    struct ladder *ladder; /* the other side's */
    uint64_t key;          /* its best level */
    struct level *level;
    int64_t price_ticks, total_lots; /* the level's */
    int64_t leaves_lots;             /* of the taker */
    uint64_t trades;                 /* the book's */
    uint32_t gone;                   /* makers that ended */
};

/* The level that is swept next, as long as it is one that the taker may trade at and its first order is plain. */
ROAD bool road_enter_level(
    const struct book *book, struct road *road, struct road_sweep *sweep, uint32_t side, uint64_t limit_key) {
    sweep->key = sweep->ladder->best;
    if (sweep->key > limit_key) return false;
    sweep->level = ladder_get(sweep->ladder, book->arena, sweep->key);
    sweep->price_ticks = ladder_price(side, sweep->key);
    sweep->total_lots = sweep->level->total_lots;
    if (ROAD_UNLIKELY(book->orders[sweep->level->head].words[0] & ROAD_NOT_PLAIN)) return false;
    road->level->price_ticks = sweep->price_ticks;
    road->level++->side = (uint8_t)side;
    return true;
}

/* The taker trades with the first order of the level. True if that is gone and there is another. */
ROAD bool road_fill(struct book *book, struct road *road, struct road_sweep *sweep, const struct entrant *entrant,
    uint32_t slot, bool is_by_slot) {
    struct order *maker = &book->orders[slot];
    uint64_t word = maker->words[0], id_hash = maker->id_hash;
    int64_t has_lots = (int64_t)(word & ROAD_LEAVES_MASK), wants_lots = sweep->leaves_lots;
    int64_t lots = has_lots < wants_lots ? has_lots : wants_lots;
    bool is_gone = has_lots <= wants_lots;
    sweep->leaves_lots -= lots;
    sweep->total_lots -= lots;
    maker->words[0] = word - (uint64_t)lots;
    road->weight -= id_hash * (is_gone ? (word & (ROAD_LEAVES_MASK | ORDER_KIND_BITS)) +
                                             (uint64_t)sweep->price_ticks * ORDER_PRICE_WEIGHT
                                       : (uint64_t)lots);
    uint32_t trade = (uint32_t)++sweep->trades;
    road_answer(road, road_head(EVENT_FILL, REASON_NONE, entrant->side ? BOOK_EVENT_SELL : 0, 0, 0),
        slot | (uint64_t)trade << 32,
        (struct road_numbers){.price_ticks = sweep->price_ticks,
            .quantity_lots = lots,
            .leaves_lots = sweep->leaves_lots,
            .rest = has_lots - lots,
            .order_hash = entrant->id_hash,
            .maker_hash = id_hash});
    if (!is_gone) {
        if (is_by_slot && ROAD_UNLIKELY((word & ORDER_UNWRITTEN_BIT) && !maker->account_tag))
            order_write_request(book->arena, slot, has_lots);
        return false;
    }
    if (!is_by_slot) road_leave_index(book, id_hash, slot);
    uint32_t next = maker->next;
    maker->next = road->ended_first;
    if (!road->ended_first) road->ended_last = slot;
    road->ended_first = slot;
    sweep->gone++;
    sweep->level->head = next;
    *road_link(next, &book->orders[next].prev, &sweep->level->tail) = 0;
    return next != 0;
}

/* Trades along the level until the taker or the level is empty, an order is not plain, or the step is full. */
ROAD void road_sweep_level(struct book *book, struct road *road, struct road_sweep *sweep,
    const struct entrant *entrant, const struct book_event *full, bool is_by_slot) {
    while (road_fill(book, road, sweep, entrant, sweep->level->head, is_by_slot)) {
        if (!sweep->leaves_lots || ROAD_UNLIKELY(road->event > full)) break;
        if (ROAD_UNLIKELY(book->orders[sweep->level->head].words[0] & ROAD_NOT_PLAIN)) break;
    }
    road->level[-1].total_lots = sweep->level->total_lots = sweep->total_lots;
    if (!sweep->level->head) ladder_leave(sweep->ladder, book->arena, sweep->key);
}

/* Trades as long as everything is plain; what is left. */
ROAD int64_t road_sweep(struct book *book, struct book_output *out, struct road *road, const struct entrant *entrant,
    uint64_t limit_key, bool is_by_slot) {
    const struct book_event *full = out->events + BOOK_EVENTS_MAX - BOOK_EVENTS_SPARE;
    struct road_sweep sweep = {
        .ladder = &book->ladders[entrant->side ^ 1], .leaves_lots = entrant->quantity_lots, .trades = book->trades};
    const struct book_event *accepted = road->event;
    while (sweep.leaves_lots && ROAD_LIKELY(road->event <= full) &&
           road_enter_level(book, road, &sweep, entrant->side ^ 1, limit_key))
        road_sweep_level(book, road, &sweep, entrant, full, is_by_slot);
    book->trades = sweep.trades;
    book->open_orders -= sweep.gone;
    book_note_if_empty(book);
    if (road->event != accepted) {
        book->last_price_ticks = road->event[-1].price_ticks;
        book->has_last_price = true;
    }
    return sweep.leaves_lots;
}

ROAD void road_accept(struct road *road, const struct entrant *entrant) {
    uint32_t detail = entrant->side | entrant->order_type << 1 | entrant->time_in_force << 4;
    road_answer(road, road_head(EVENT_ACCEPTED, REASON_NONE, 0, detail, 0), 0,
        (struct road_numbers){.price_ticks = entrant->price_ticks,
            .quantity_lots = entrant->quantity_lots,
            .leaves_lots = entrant->quantity_lots,
            .order_hash = entrant->id_hash});
}

/* An order that trades, or may not rest. True if it is done, false if the general road is to go on. */
ROAD bool road_trade(
    struct book *book, struct book_output *out, struct road *road, const struct entrant *entrant, bool is_by_slot) {
    bool is_market = entrant->order_type == ORDER_MARKET;
    uint64_t limit_key = is_market ? LADDER_EMPTY - 1 : ladder_key(entrant->side ^ 1, entrant->price_ticks);
    book->run.quantity_lots = entrant->quantity_lots;
    road_accept(road, entrant);
    int64_t leaves_lots = road_sweep(book, out, road, entrant, limit_key, is_by_slot);
    bool is_swept = !leaves_lots || book->ladders[entrant->side ^ 1].best > limit_key;
    if (ROAD_UNLIKELY(!is_swept)) {
        road_end(book, road, out);
        road_hand_over(book, entrant, limit_key, leaves_lots, road->ended_first, road->ended_last);
        return false;
    }
    if (leaves_lots) {
        if (entrant->time_in_force == TIF_IOC)
            road_answer(road, road_head(EVENT_EXPIRED, is_market ? REASON_NO_LIQUIDITY : REASON_IOC, 0, 0, 0), 0,
                (struct road_numbers){.leaves_lots = leaves_lots, .order_hash = entrant->id_hash});
        else
            road_rest(book, out, road, entrant, leaves_lots, is_by_slot);
    }
    road_end(book, road, out);
    if (road->ended_first) road_free_ended(book, road);
    return true;
}

/* An order that meets nothing and rests. */
ROAD void road_settle(
    struct book *book, struct book_output *out, struct road *road, const struct entrant *entrant, bool is_by_slot) {
    road_accept(road, entrant);
    road_rest(book, out, road, entrant, entrant->quantity_lots, is_by_slot);
    road_end(book, road, out);
}

/* Ends a plain order by its owner's will. */
ROAD void road_cancel(struct book *book, struct road *road, struct order *order, uint32_t slot, enum reason reason) {
    uint64_t word = order->words[0];
    int64_t leaves_lots = (int64_t)(word & ROAD_LEAVES_MASK);
    road_unlink(book, road, order, word);
    road_answer(road, road_head(EVENT_CANCELLED, reason, BOOK_EVENT_BY_COMMAND, 0, slot), 0,
        (struct road_numbers){.leaves_lots = leaves_lots, .order_hash = order->id_hash});
    order->words[0] = word & ~ROAD_LEAVES_MASK;
    book->open_orders--;
    book_note_if_empty(book);
    order->next = 0; /* the chain of what ended */
    road->ended_first = road->ended_last = slot;
}

/* ---- requests --------------------------------------------------------------------------------------------- */

/* A copy, member by member, so that the request itself need not be in memory. */
ROAD struct request road_copy(const struct request *r) {
    return (struct request){.id = r->id,
        .replaced_id = r->replaced_id,
        .account = r->account,
        .price_ticks = r->price_ticks,
        .quantity_lots = r->quantity_lots,
        .slot = r->slot,
        .action = r->action,
        .side = r->side,
        .order_type = r->order_type,
        .time_in_force = r->time_in_force,
        .self_trade = r->self_trade,
        .post_only = r->post_only};
}

/* Leaves the road. */
ROAD enum book_progress road_leave_at(struct book *book, const struct request *request, int64_t src_offset,
    int64_t log_time_ms, struct book_output *out, bool is_begun) {
    const struct request copy = road_copy(request);
    return road_take_general(book, &copy, src_offset, log_time_ms, out, is_begun);
}

ROAD enum book_progress road_leave(struct book *book, const struct request *request, int64_t src_offset,
    int64_t log_time_ms, struct book_output *out) {
    return road_leave_at(book, request, src_offset, log_time_ms, out, false);
}

ROAD enum book_progress road_go_on(struct book *book, const struct request *request, int64_t src_offset,
    int64_t log_time_ms, struct book_output *out) {
    return road_leave_at(book, request, src_offset, log_time_ms, out, true);
}

/* True if price and quantity are within the instrument's range, and small enough that their product is. */
ROAD bool road_is_in_range(const struct book *book, int64_t price_ticks, int64_t quantity_lots) {
    uint64_t price_above = (uint64_t)price_ticks - (uint64_t)book->plain_price_ticks_min;
    uint64_t quantity_above = (uint64_t)quantity_lots - (uint64_t)book->plain_quantity_lots_min;
    return !(price_above > book->plain_price_ticks_span) & !(quantity_above > book->plain_quantity_lots_span);
}

/* True when a taker of `side` at this price would meet a resting order. */
ROAD bool road_crosses(const struct book *book, uint32_t side, int64_t price_ticks) {
    return book->ladders[side ^ 1].best <= ladder_key(side ^ 1, price_ticks);
}

/* True if no open order with this id is in the slot. */
ROAD bool road_is_vacant(const struct book *book, uint32_t slot, uint64_t id_hash) {
    const struct order *order = &book->orders[slot];
    return slot >= book->slot_count || !road_leaves_of(order) || order->id_hash != id_hash;
}

/* The plain order that a request names, in its level; NULL if it is another, or none. */
ROAD struct order *road_find(const struct book *book, uint32_t slot, uint64_t id_hash, uint64_t account) {
    struct order *order = &book->orders[slot];
    if (ROAD_UNLIKELY(road_is_vacant(book, slot, id_hash)) || ROAD_UNLIKELY(order->words[0] & ROAD_NOT_PLAIN))
        return NULL;
    if (ROAD_LIKELY(!account && (order->words[0] & ORDER_UNWRITTEN_BIT))) return order;
    return road_is_of_account(book, slot, account) ? order : NULL;
}

/* Of orderType * 8 + timeInForce: the kinds that need nothing but a sweep and a rest. */
#define ROAD_KIND_BIT(type, tif) (UINT64_C(1) << ((type) * 8 + (tif)))
#define ROAD_KINDS                                                                                                     \
    (ROAD_KIND_BIT(ORDER_LIMIT, TIF_GTC) | ROAD_KIND_BIT(ORDER_LIMIT, TIF_IOC) | ROAD_KIND_BIT(ORDER_LIMIT, TIF_DAY) | \
        ROAD_KIND_BIT(ORDER_MARKET, TIF_IOC))

/* True if the order is plain, within the instrument's range and may come to rest. */
ROAD bool road_admits(const struct book *book, const struct request *request) {
    uint32_t kind = (uint32_t)request->order_type * 8 + request->time_in_force;
    bool is_market = request->order_type == ORDER_MARKET;
    bool is_known = (request->order_type | request->time_in_force) < 8;
    return ROAD_LIKELY(request->side <= SIDE_SELL) && ROAD_LIKELY(is_known && (ROAD_KINDS >> kind & 1)) &&
           ROAD_LIKELY(!(request->self_trade | request->post_only)) &&
           ROAD_LIKELY(road_is_in_range(
               book, is_market ? book->plain_price_ticks_min : request->price_ticks, request->quantity_lots)) &&
           ROAD_LIKELY(book->open_orders < OPEN_ORDERS_PER_SYMBOL_MAX);
}

ROAD struct entrant road_entrant(const struct request *request) {
    return (struct entrant){.id_hash = road_request_hash(request->id),
        .price_ticks = request->order_type == ORDER_MARKET ? 0 : request->price_ticks,
        .quantity_lots = request->quantity_lots,
        .side = request->side,
        .order_type = request->order_type,
        .time_in_force = request->time_in_force,
        .account = request->account};
}

ROAD enum book_progress road_new(struct book *book, const struct request *request, int64_t src_offset,
    int64_t log_time_ms, struct book_output *out) {
    if (ROAD_UNLIKELY(!road_admits(book, request))) return road_leave(book, request, src_offset, log_time_ms, out);
    const struct entrant entrant = road_entrant(request);
    bool may_rest = request->order_type == ORDER_LIMIT && request->time_in_force != TIF_IOC;
    if (may_rest && !road_crosses(book, request->side, request->price_ticks)) {
        struct road road = road_begin(book, src_offset, out);
        road_settle(book, out, &road, &entrant, true);
        return BOOK_DONE;
    }
    bool is_done = road_trade_request(book, out, src_offset, entrant.id_hash, entrant.price_ticks,
        entrant.quantity_lots, road_kind(&entrant), entrant.account);
    return ROAD_LIKELY(is_done) ? BOOK_DONE : road_go_on(book, request, src_offset, log_time_ms, out);
}

/* An order that is not there. */
ROAD enum book_progress road_reject_unknown(
    struct book *book, uint64_t id, int64_t src_offset, struct book_output *out) {
    struct road road = road_begin(book, src_offset, out);
    road_answer(&road, road_head(EVENT_REJECTED, REASON_UNKNOWN, 0, 0, 0), 0,
        (struct road_numbers){.order_hash = road_request_hash(id)});
    road_end(book, &road, out);
    return BOOK_DONE;
}

ROAD enum book_progress road_cancel_request(struct book *book, const struct request *request, int64_t src_offset,
    int64_t log_time_ms, struct book_output *out) {
    uint64_t id_hash = road_request_hash(request->id);
    struct order *order = road_find(book, request->slot, id_hash, request->account);
    if (ROAD_UNLIKELY(!order)) {
        bool is_gone = road_is_vacant(book, request->slot, id_hash);
        return is_gone ? road_reject_unknown(book, request->id, src_offset, out)
                       : road_leave(book, request, src_offset, log_time_ms, out);
    }
    struct road road = road_begin(book, src_offset, out);
    road_cancel(book, &road, order, request->slot, REASON_USER);
    road_end(book, &road, out);
    road_free_ended(book, &road);
    return BOOK_DONE;
}

/* True if a request can take the short road in this book. */
ROAD bool road_is_open(const struct book *book) {
    return (book->special & ~(uint32_t)BOOK_HAS_ICEBERGS) == BOOK_BY_SLOT;
}

/* The same as book_apply of a BOOK_REQUEST that the shard found nothing against, without a struct book_input and
 * compiled into the caller. The events and levels that *out held are gone; out->slot is set, never emptied. `request`
 * may be anywhere until this returns, best nowhere in memory; after BOOK_MORE go on with book_step, whose input is a
 * road_copy of it, the same offset and time, and book_view wants the same. The book's thread, between two records. */
ROAD enum book_progress book_request(struct book *book, const struct request *request, int64_t src_offset,
    int64_t log_time_ms, struct book_output *out) {
    if (ROAD_LIKELY(road_is_open(book))) {
        if (request->action == ACTION_NEW) return road_new(book, request, src_offset, log_time_ms, out);
        if (request->action == ACTION_CANCEL) return road_cancel_request(book, request, src_offset, log_time_ms, out);
        if (request->action == ACTION_REPLACE) return road_replace(book, request, src_offset, log_time_ms, out);
    }
    return road_leave(book, request, src_offset, log_time_ms, out);
}

/* ---- looking ahead ----------------------------------------------------------------------------------------- */

/* Where the level of a price is, if that is in the window; else anywhere. */
ROAD const struct level *road_level_hint(const struct book *book, uint32_t side, int64_t price_ticks) {
    side &= 1;
    const struct ladder *ladder = &book->ladders[side];
    return &ladder->levels[ladder_place(ladder, ladder_key(side, price_ticks))];
}

/* A caller that knows which requests come next has the processor fetch what they will touch: some 12 requests before
 * its turn what the request itself names. Changes nothing but time. It pays where arena_is_large; where all is in the
 * caches it costs. `slot`, `side` and `price_ticks` as in the request, whatever they are; slot 0 for a NEW. The book's
 * thread. Without a branch: what is asked for next nothing predicts, and a fetch too many costs less. */
ROAD void book_prefetch(const struct book *book, uint32_t slot, uint32_t side, int64_t price_ticks) {
    road_prefetch(&book->orders[slot]);
    road_prefetch(road_level_hint(book, side, price_ticks));
}

/* The same some 5 requests before: what stands where the request leads. */
ROAD void book_prefetch_near(const struct book *book, uint32_t slot, uint32_t side, int64_t price_ticks) {
    if (ROAD_UNLIKELY(!book->ladders[side & 1].size)) return;
    slot &= UINT32_C(0) - (slot < book->slot_count);
    const struct order *orders = book->orders, *order = &orders[slot];
    road_prefetch(&orders[order->prev]);
    road_prefetch(&orders[order->next]);
    road_prefetch(road_level_hint(book, order->words[0] >> ROAD_KIND_SHIFT & 1, road_price_of(order)));
    road_prefetch(&orders[road_level_hint(book, side, price_ticks)->tail]);
    road_prefetch(&orders[book->free_slot]);
}

#endif
